package file

import "time"

// menu is a format that has one of everything.
type menu struct {
	Name    string         `yaml:"name,required" max:"20" about:"What it is called."`
	Story   Prose          `yaml:"story" max:"200" about:"How it came about."`
	Guests  int            `yaml:"guests" default:"2" min:"1" max:"12" note:"there are that many chairs" about:"How many eat."`
	Heat    float64        `yaml:"heat" about:"Of the oven."`
	Warm    Duration       `yaml:"warm" default:"1h" min:">0s" about:"How long it stays warm."`
	Late    *Duration      `yaml:"late" about:"How late guests may be."`
	Cook    *Physical      `yaml:"cook" max:"30m" about:"How long it takes."`
	Rest    time.Duration  `yaml:"rest" about:"How long it rests."`
	Pace    Rate           `yaml:"pace" about:"Of eating."`
	Salt    Share          `yaml:"salt" about:"How much."`
	Wine    *Switch        `yaml:"wine" about:"Whether there is any."`
	Kind    kind           `yaml:"kind" takes:"kind" about:"Of meal."`
	Colours []kind         `yaml:"colours,unique" takes:"colour" default:"hot, cold" about:"Of the plates."`
	Pair    [2]string      `yaml:"pair" example:"[bread, butter]" about:"What goes together."`
	Dishes  []dish         `yaml:"dishes" about:"What is eaten."`
	Lamps   []lamp         `yaml:"lamps,one" min:"1" max:"2" example:"{over: table}" about:"What gives light."`
	Table   table          `yaml:"table" about:"Where."`
	Limit   *table         `yaml:"limit" min:"1" max:"1" example:"{legs: 3}" otherwise:"none of them" about:"At most one of them."`
	Extra   extra          `yaml:"extra" takes:"topping" about:"One thing more."`
	Bring   map[string]int `yaml:"bring" about:"What guests bring, and how many of it."`
	Wishes  *Tree          `yaml:"wishes" about:"What is wished for."`
	Note    string         // no key
}

type kind string

func (kind) Values() []string { return []string{"hot", "cold"} }

type dish struct {
	Name  string   `yaml:"name,alone" example:"soup"`
	Part  int      `yaml:"part" default:"1" about:"Of the whole."`
	Since Duration `yaml:"since,required" example:"5m" about:"When it was made."`
}

type table struct {
	shape `yaml:",inline"`
	Cloth *Switch `yaml:",alone"`
	Round Switch  `yaml:"round" about:"Whether it is."`
}

type shape struct {
	Legs int `yaml:"legs" about:"How many it has."`
}

type lamp struct {
	Bulbs int    `yaml:"bulbs" default:"1" about:"How many it has."`
	Over  string `yaml:"over,required" example:"table" about:"Where it hangs."`
}

type extra struct{ chosen any }

func (*extra) Variants() []Variant {
	return []Variant{
		{Key: "cheese", About: "from the hills", Example: "cheese: {age: 2h}", New: func() any { return &cheese{} }},
		{Key: "fruit", About: "from the trees", Example: "fruit: {}", New: func() any { return &fruit{} }},
	}
}

func (e *extra) Choose(value any) { e.chosen = value }

type cheese struct {
	Age time.Duration `yaml:"age" scale:"scaled" about:"How old it is."`
}

type fruit struct {
	Stone `yaml:",inline"`
}

// Stone has a field of its own name, as a fault of a step has.
type Stone struct {
	Stone string `yaml:"stone" about:"Such as a plum's."`
}

var menus = Kind{Name: "menu", Least: "a name"}

func read(src string) (*menu, error) {
	doc, err := Parse(menus, "f.yaml", []byte(src))
	if err != nil {
		return nil, err
	}
	var m menu
	return &m, doc.Decode(&m).Err()
}
