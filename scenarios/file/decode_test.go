package file

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEverythingIsRead(t *testing.T) {
	got, err := read(`
name: feast
story: |
  One
  two.
guests: 3
heat: 180.5
warm: 2h
cook: 25m
rest: 90s
pace: 0.5/s
salt: 2%
wine: on
kind: cold
colours: [cold]
pair: [bread, butter]
dishes: [{name: soup, since: 5m}, {name: roast, part: 2, since: 1h}]
table: {legs: 4, round: on}
limit: {legs: 3}
extra: {cheese: {age: 2h}}
bring: {tall chairs: 2, wine: 3}
wishes: {more: [1.5, "2", true, null, "0x1f"], none: {}}
`)
	on, cook := Switch(true), Physical(25*time.Minute)
	want := &menu{
		Name: "feast", Story: "One\ntwo.\n", Guests: 3, Heat: 180.5, Warm: Duration(2 * time.Hour), Cook: &cook,
		Rest: 90 * time.Second,
		Pace: 0.5, Salt: 0.02, Wine: &on, Kind: "cold", Colours: []kind{"cold"}, Pair: [2]string{"bread", "butter"},
		Dishes: []dish{{"soup", 1, Duration(5 * time.Minute)}, {"roast", 2, Duration(time.Hour)}},
		Table:  table{shape: shape{4}, Round: true}, Limit: &table{shape: shape{3}},
		Extra: extra{&cheese{2 * time.Hour}},
		Bring: map[string]int{"tall chairs": 2, "wine": 3},
		Wishes: &Tree{Branches{
			{"more", []any{json.Number("1.5"), "2", true, nil, "0x1f"}},
			{"none", Branches{}},
		}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(menu{}, dish{}, table{}, extra{})); err != nil || diff != "" {
		t.Errorf("%v; (-want +got):\n%s", err, diff)
	}
}

// What YAML calls a number and JSON does not would be sent as a text, which nobody meant.
func TestANumberThatJSONDoesNotHaveIsNoText(t *testing.T) {
	for _, number := range []string{"1_000", "0x10", "0o7", "0b1", "+5", "007", ".5", "5.", ".inf", "-.inf", ".nan"} {
		_, err := read("name: feast\nwishes: {more: [1, " + number + "]}\n")
		want := "2:20: wishes.more[1]: " + number + " is no number of JSON: write it as JSON has it, or in quotes"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, good := range []string{"-5", "1e3", "1.50", "0", "'007'", "1.2.3", "v1"} {
		if _, err := read("name: feast\nwishes: {more: [1, " + good + "]}\n"); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestWhatIsNotInTheFileHasItsDefault(t *testing.T) {
	got, err := read("name: feast\n")
	want := &menu{Name: "feast", Guests: 2, Warm: Duration(time.Hour), Colours: []kind{"hot", "cold"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(menu{}, table{}, extra{})); err != nil || diff != "" {
		t.Errorf("%v; (-want +got):\n%s", err, diff)
	}
}

func TestOneMappingMayStandInPlaceOfAList(t *testing.T) {
	for src, want := range map[string][]lamp{
		"lamps: {over: table}":                           {{1, "table"}},
		"lamps:\n  over: table\n  bulbs: 3":              {{3, "table"}},
		"lamps: [{over: table, bulbs: 3}, {over: door}]": {{3, "table"}, {1, "door"}},
		"guests: 3": nil,
	} {
		got, err := read("name: feast\n" + src + "\n")
		if err != nil || !cmp.Equal(want, got.Lamps) {
			t.Errorf("%s: %v, %v; want %v", src, got, err, want)
		}
	}
	for src, want := range map[string]string{
		"lamps: {bulbs: 3}":                          "f.yaml:2:1: lamps: missing over, such as over: table",
		"lamps: {over: table, bulb: 3}":              `f.yaml:2:22: unknown key "bulb" in lamps: did you mean "bulbs"?`,
		"lamps: [{over: table}, {over: a, bulb: 3}]": `f.yaml:2:34: unknown key "bulb" in lamps[1]: did you mean "bulbs"?`,
		"lamps: []":    "lamps takes 1 to 2 items, such as {over: table} (got 0)",
		"lamps: table": "lamps is not a mapping: write its keys below it (bulbs, over)",
		"lamps:":       "lamps has no value, such as {over: table}",
	} {
		if _, err := read("name: feast\n" + src + "\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}

func TestAValueMayStandInPlaceOfItsMapping(t *testing.T) {
	got, err := read("name: feast\ntable: off\nlimit: {legs: 1}\n")
	if err != nil || got.Table.Cloth == nil || *got.Table.Cloth {
		t.Errorf("%+v: %v", got, err)
	}
}

func TestAFieldMayHaveTheNameOfTheStructThatIsEmbedded(t *testing.T) {
	got, err := read("name: feast\nextra: {fruit: {stone: hard}}\n")
	if err != nil || got.Extra.chosen.(*fruit).Stone.Stone != "hard" {
		t.Errorf("%+v: %v", got, err)
	}
}

// A pointer tells what the file has from what it has not; what could not be read is as what it has not.
func TestWhatCannotBeReadIsNotSet(t *testing.T) {
	got, err := read("name: feast\ncook: soon\nlate: 0s\nlimit: {legs: many}\n")
	if err == nil || got.Cook != nil || got.Late == nil || got.Limit == nil {
		t.Errorf("%+v: %v", got, err)
	}
}

// mistakes are those that a file can make, and what is said about each.
var mistakes = map[string]struct{ src, want string }{
	"unknown key":          {"name: a\ngests: 2", `2:1: unknown key "gests" in a menu: did you mean "guests"?`},
	"unknown key, no idea": {"name: a\ntable: {zzzz: 2}", `2:9: unknown key "zzzz" in table: known are legs, round`},
	"key twice":            {"name: a\nname: b", `2:1: key "name" is there twice in a menu, first on line 1`},
	"missing":              {"guests: 3", "1:1: missing: name"},
	"missing, misspelt":    {"nam: a", `1:1: unknown key "nam"`},
	"missing below":        {"name: a\ndishes: [{name: soup}]", "2:9: dishes[0]: missing since, such as since: 5m"},
	"no value":             {"name: a\nwarm:", "2:1: warm has no value"},
	"no list":              {"name: a\ndishes: {a: b}", "2:1: dishes is not a list: write [a, b]"},
	"no mapping": {
		"name: a\nextra: {cheese: 3}",
		"2:17: extra.cheese is not a mapping: write its keys below it (age)",
	},
	"list for a value": {"name: a\nwarm: [1h]", "2:1: warm takes one value, not a list or a mapping"},
	"list for either": {
		"name: a\ndishes: [[soup]]",
		"2:9: dishes[0] takes a text, such as soup, or a mapping (name, part, since)",
	},
	"out of bounds":       {"name: a\nguests: 13", "2:9: guests: 13 must be 1 to 12: there are that many chairs"},
	"below":               {"name: a\nguests: 0", "2:9: guests: 0 must be 1 to 12: there are that many chairs"},
	"at what is excluded": {"name: a\nwarm: 0s", "2:7: warm: 0s must be more than 0s"},
	"above":               {"name: a\ncook: 31m", "2:7: cook: 31m must be at most 30m"},
	"too long a text":     {"name: " + strings.Repeat("a", 21), "1:7: name: 21 characters are too many: at most 20"},
	"lines in a text":     {`name: "a\nb"`, "1:7: name: holds U+000A, which can't be seen: text is plain"},
	"unknown word":        {"name: a\nkind: clod", `2:7: kind: unknown kind "clod": did you mean "cold"?`},
	"neither on nor off":  {"name: a\nwine: of", `2:7: wine: unknown setting "of": did you mean "off"?`},
	"twice in a list":     {"name: a\ncolours: [hot, cold, hot]", "2:22: colours: hot is there twice"},
	"one of a pair":       {"name: a\npair: [bread]", "2:1: pair takes 2 items, such as [bread, butter] (got 1)"},
	"two of one": {
		"name: a\nlimit: {legs: 3, round: on}",
		"2:1: limit takes 1 of its keys, such as {legs: 3} (got 2)",
	},
	"none of one":     {"name: a\nlimit: {}", "2:1: limit takes 1 of its keys, such as {legs: 3} (got 0)"},
	"unknown variant": {"name: a\nextra: {chese: {}}", `2:9: unknown topping "chese": did you mean "cheese"?`},
	"two variants": {
		"name: a\nextra: {cheese: {}, fruit: {}}",
		`2:21: extra takes one topping: "fruit" needs an entry of its own`,
	},
	"no variant": {"name: a\nextra: {}", "2:1: extra names no topping: known are cheese, fruit"},
	"a word for a variant": {
		"name: a\nextra: cheese",
		"2:8: extra takes a topping and its parameters, such as cheese: {age: 2h}",
	},
	"no names": {"name: a\nbring: wine", "2:8: bring is not a mapping: write names below it"},
	"a name twice": {
		"name: a\nbring: {a: 1, b: 2, a: 3}",
		`2:21: key "a" is there twice in bring, first on line 2`,
	},
	"a value of a name": {"name: a\nbring:\n  a: 1\n  b: x", `4:6: bring.b: "x" is not a whole number`},
	"a name that can't be seen": {
		"name: a\nbring: {\"a\\nb\": 1}",
		"2:9: bring: a name below it: holds U+000A, which can't be seen",
	},
	"a branch twice": {"name: a\nwishes: {a: {b: 1, b: 2}}", `2:20: key "b" is there twice in wishes.a`},
	"a leaf that can't be seen": {
		"name: a\nwishes: [{a: \"\\u202e\"}]",
		"2:14: wishes[0].a: holds U+202E, which can't be seen",
	},
	"a tag": {"name: !!str a", "1:7: tags (!) are not supported"},
}

func TestMistakesAreComplainedAboutAtTheirPlace(t *testing.T) {
	for name, c := range mistakes {
		_, err := read(c.src)
		if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:"+c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
		if n := len(Problems(err)); n != 1 {
			t.Errorf("%s: %d problems, want one: %v", name, n, err)
		}
	}
}

func TestEverythingIsSaidAtOnceInTheOrderOfTheFile(t *testing.T) {
	_, err := read("extra: {}\nguests: x\nname: a\nwarm: 5\n")
	var lines []int
	for _, p := range Problems(err) {
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{1, 2, 4}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
	}
}

// What could not be read is not also wrong in another way, and what is misspelt is not also missing.
func TestNothingMoreIsSaidAboutWhatCouldNotBeRead(t *testing.T) {
	doc, err := Parse(menus, "f.yaml", []byte("name: a\nwarm: soon\ngests: 3\ntable: {legs: 4}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var m menu
	before := doc.Decode(&m)
	found := doc.Complaints()
	for _, path := range []string{"warm", "warm.more", "guests", "table.legs", "table.round"} {
		found.Add(path, "%s is wrong", path)
	}
	var said []string
	for _, p := range Problems(found.Err()) {
		said = append(said, p.Message)
	}
	if diff := cmp.Diff([]string{"table.round is wrong", "table.legs is wrong"}, said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	if before.Err() == nil || !doc.Mentions("guests") || doc.Has("guests") || doc.Mentions("cook") ||
		doc.Text("table.legs") != "4" || doc.Text("table") != "" {
		t.Errorf("what is given: %v", before.Err())
	}
}
