package measure

import "math/bits"

// marks say of each operation of a stream whether something is the case with it. A bit for each, and a sum for each 64
// of them: how many are marked in any stretch is known at once, and a million take a fifth of a megabyte.
type marks struct {
	words []uint64
	sums  []int32 // how many are marked before each word
	n     int
	count int
}

const wordBits = 64

func (m *marks) add(is bool) {
	at := uint(m.n) % wordBits
	if at == 0 {
		m.words = append(m.words, 0)
		m.sums = append(m.sums, int32(m.count))
	}
	if is {
		m.words[m.n/wordBits] |= 1 << at
		m.count++
	}
	m.n++
}

func (m *marks) at(i int) bool {
	return m.words[i/wordBits]>>(uint(i)%wordBits)&1 == 1
}

// before is how many of the first i are marked.
func (m *marks) before(i int) int {
	if i >= m.n {
		return m.count
	}
	w := i / wordBits
	return int(m.sums[w]) + bits.OnesCount64(m.words[w]&(1<<(uint(i)%wordBits)-1))
}

// in is how many of i to j-1 are.
func (m *marks) in(i, j int) int { return m.before(j) - m.before(i) }

// next is the first of i to j-1 that is marked; j: none is.
func (m *marks) next(i, j int) int {
	j = min(j, m.n)
	for i < j {
		if rest := m.words[i/wordBits] >> (uint(i) % wordBits); rest != 0 {
			return min(j, i+bits.TrailingZeros64(rest))
		}
		i += wordBits - i%wordBits
	}
	return j
}

// last is the last of i to j-1 that is marked; i-1: none is.
func (m *marks) last(i, j int) int {
	for j > max(i, 0) {
		w := (j - 1) / wordBits
		end := uint(j - w*wordBits)
		if rest := m.words[w] << (wordBits - end); rest != 0 { // those before j, at the top
			return max(i-1, j-1-bits.LeadingZeros64(rest))
		}
		j = w * wordBits
	}
	return i - 1
}

// cut leaves the first n.
func (m *marks) cut(n int) {
	if n >= m.n {
		return
	}
	m.count, m.n = m.before(n), n
	words := (n + wordBits - 1) / wordBits
	m.words, m.sums = m.words[:words], m.sums[:words]
	if over := uint(n) % wordBits; over > 0 {
		m.words[words-1] &= 1<<over - 1
	}
}
