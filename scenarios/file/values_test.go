package file

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(maxDuration/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		got, err := parseDuration(Short(d))
		if err != nil || got != d {
			t.Fatalf("%s was written %q and read as %s: %v", d, Short(d), got, err)
		}
	})
}

func TestDurationsAgreeWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9.]{0,5}(h|m|s|ms|us|min| )?([0-9]{1,3}(h|m|s|ms))?`).Draw(t, "text")
		got, err := parseDuration(text)
		if err != nil {
			return // stricter is fine, and said why
		}
		want, err := time.ParseDuration(text)
		if err != nil || got != want || got < 0 {
			t.Fatalf("%q is %s, not %s: %v", text, want, got, err)
		}
	})
}

func TestADayHas24Hours(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1d": 24 * time.Hour, "4d": 96 * time.Hour, "0.5d": 12 * time.Hour, "1d12h30m": 36*time.Hour + 30*time.Minute,
		"0d": 0, "2h1d": 26 * time.Hour, "41d": 984 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q is %s, want %s: %v", text, got, want, err)
		}
	}
	for _, text := range []string{"d", "-1d", "1 d", "1D", "42d", "1.d", "99999999999999999999d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestRatesAndShares(t *testing.T) {
	for text, want := range map[string]float64{"40/s": 40, "0.5/s": 0.5, "0/s": 0} {
		if got, err := parseRate(text); err != nil || got != want {
			t.Errorf("rate %q = %g, %v", text, got, err)
		}
	}
	for text, want := range map[string]float64{"99%": 0.99, "100%": 1, "0.5%": 0.005} {
		if got, err := parseShare(text); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("share %q = %g, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "40", "40/m", "/s", "-1/s", "1e9/s", "0%", "100.1%", "%", "NaN%"} {
		if got, err := parseRate(text); err == nil {
			t.Errorf("rate %q = %g", text, got)
		}
		if got, err := parseShare(text); err == nil {
			t.Errorf("share %q = %g", text, got)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"lose_region", "latency", "partition", "us-east-1", "us-west-2"}
	for got, want := range map[string]string{
		"lose-region": "lose_region", "LOSE_REGION": "lose_region", "loseregion": "lose_region", "ltaency": "latency",
		"us-west-1": "us-west-2",
		"":          "", "meteor": "", "x": "", strings.Repeat("lose_region", 100): "",
	} {
		if name, ok := Nearest(got, known); name != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %t; want %q", got, name, ok, want)
		}
	}
}
