package fault

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is a part of a whole, of 1. It is written as a percentage, such as 5%.
type Share float64

// String is the percentage.
func (s Share) String() string { return strconv.FormatFloat(100*float64(s), 'g', 6, 64) + "%" }

// MarshalText writes the percentage.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a percentage.
func (s *Share) UnmarshalText(text []byte) error {
	number, is := strings.CutSuffix(string(text), "%")
	percent, err := strconv.ParseFloat(number, 64)
	if !is || err != nil || !(percent >= 0 && percent <= 100) {
		return fmt.Errorf("%q is not a percentage: write one such as 5%%", text)
	}
	*s = Share(percent / 100)
	return nil
}
