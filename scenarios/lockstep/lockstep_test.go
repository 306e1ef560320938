package lockstep

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// enter enters a stage, or fails the test.
func enter(t *testing.T, p *Path, s Stage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.Enter(ctx, s); err != nil {
		t.Fatal(err)
	}
}

// entering enters a stage in the background.
func entering(t *testing.T, p *Path, s Stage) <-chan error {
	done := make(chan error, 1)
	go func() { done <- p.Enter(t.Context(), s) }()
	return done
}

func isWaiting(t *testing.T, done <-chan error, why string) {
	t.Helper()
	select {
	case err := <-done:
		t.Fatalf("%s, and it was let in: %v", why, err)
	case <-time.After(3 * time.Duration(lookEvery)):
	}
}

func isIn(t *testing.T, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
}

func leave(t *testing.T, p *Path) {
	t.Helper()
	if err := p.Leave(); err != nil {
		t.Fatal(err)
	}
}

func TestNoLabChangesWhileADrillIsMeasured(t *testing.T) {
	dir := t.TempDir()
	one, other := New(dir), New(dir)
	enter(t, one, Changing)
	enter(t, other, Changing) // their labs come up together
	first := entering(t, one, Measuring)
	isWaiting(t, first, "the other's lab is coming up")
	enter(t, other, Measuring)
	isIn(t, first)
	change := entering(t, one, Changing)
	isWaiting(t, change, "the other is measured")
	next := entering(t, other, Changing)
	isIn(t, change)
	isIn(t, next)
	leave(t, one)
	leave(t, other)
}

// Who has ended one drill and begins the next comes along with who waits to be measured.
func TestWhoBeginsAgainAtOnceIsNotLeftBehind(t *testing.T) {
	dir := t.TempDir()
	one, other := New(dir), New(dir)
	enter(t, one, Changing)
	enter(t, other, Changing)
	first := entering(t, one, Measuring)
	leave(t, other)
	enter(t, other, Changing)
	isWaiting(t, first, "the other has begun again")
	leave(t, other)
	isIn(t, first)
	leave(t, one)
}

func TestADrillThatWantsTheMachineForItselfGetsIt(t *testing.T) {
	dir := t.TempDir()
	one, other := New(dir), New(dir)
	enter(t, one, Measuring)
	alone := entering(t, other, Alone)
	isWaiting(t, alone, "another one is measured")
	leave(t, one)
	isIn(t, alone)
	change := entering(t, one, Changing)
	isWaiting(t, change, "another one is alone")
	third := entering(t, New(dir), Alone)
	isWaiting(t, third, "another one is alone")
	leave(t, other)
	isIn(t, change)
	isWaiting(t, third, "another one's lab comes up")
	leave(t, one)
	isIn(t, third)
}

func TestWhoIsInAStageEntersItAgainAtOnce(t *testing.T) {
	p := New(t.TempDir())
	enter(t, p, Alone)
	enter(t, p, Alone)
	leave(t, p)
	leave(t, p)
	var none *Path
	enter(t, none, Measuring)
	leave(t, none)
}

func TestWhoGivesUpSaysWhatItWaitedFor(t *testing.T) {
	dir := t.TempDir()
	enter(t, New(dir), Measuring)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Duration(lookEvery))
	defer cancel()
	if err := New(dir).Enter(ctx, Changing); err == nil || !strings.Contains(err.Error(), "1 of them measuring") {
		t.Errorf("got %v", err)
	}
}

// inAStage makes this test's program one that is in a stage of the folder, and dies in it.
const inAStage = "REGIONFALL_TEST_LOCKSTEP"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inAStage); dir != "" {
		if New(dir).Enter(context.Background(), Measuring) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNobodyWaitsForTheDead(t *testing.T) {
	dir := t.TempDir()
	dead := exec.CommandContext(t.Context(), os.Args[0])
	dead.Env = append(os.Environ(), inAStage+"="+dir)
	if out, err := dead.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := New(dir)
	if left, err := os.ReadDir(dir); err != nil || len(left) < 2 {
		t.Fatalf("it has left %v, %v", left, err)
	}
	enter(t, p, Changing)
	leave(t, p)
}
