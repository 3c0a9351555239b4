package extensiontest

import (
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// TestLives holds an extension.Lives to its promises. Each call of open returns
// an empty one.
func TestLives(t *testing.T, open func(t *testing.T) extension.Lives) {
	t.Run("rows", func(t *testing.T) { lifeRows(t, open(t)) })
	t.Run("steps", func(t *testing.T) { lifeSteps(t, open(t)) })
	t.Run("place", func(t *testing.T) { lifePlace(t, open(t)) })
}

func lifeRows(t *testing.T, s extension.Lives) {
	t.Helper()
	ctx := t.Context()
	want := extension.Life{
		Plugin: "acme/x", Enabled: true, Active: extension.Copy{Digest: "aa", Version: "1.1.0"}, Previous: extension.Copy{Digest: "bb", Version: "1.0.0"},
		Pinned: "1.1.0", Refused: "cc", ActiveSince: time.Unix(1_800_000_000, 0).UTC(),
	}
	kept, err := s.Keep(ctx, want)
	if err != nil || kept.Revision != 1 {
		t.Fatalf("the first row: %+v, %v", kept, err)
	}
	if _, err := s.Keep(ctx, want); !errs.Is(err, errs.Conflict) {
		t.Errorf("a row that is there already: %v", err)
	}
	stale := kept
	kept.Enabled = false
	if kept, err = s.Keep(ctx, kept); err != nil || kept.Revision != 2 {
		t.Fatalf("a change: %+v, %v", kept, err)
	}
	if _, err := s.Keep(ctx, stale); !errs.Is(err, errs.Conflict) {
		t.Errorf("a change of an old row: %v", err)
	}
	if _, err := s.Keep(ctx, extension.Life{Plugin: "acme/a", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	all, err := s.Lives(ctx)
	if err != nil || len(all) != 2 || all[0].Plugin != "acme/a" {
		t.Fatalf("%+v, %v", all, err)
	}
	got := all[1]
	if !got.ActiveSince.Equal(kept.ActiveSince) {
		t.Errorf("active since %v, want %v", got.ActiveSince, kept.ActiveSince)
	}
	got.ActiveSince = kept.ActiveSince
	if got != kept {
		t.Errorf("read %+v, want %+v", got, kept)
	}
}

func lifeSteps(t *testing.T, s extension.Lives) {
	t.Helper()
	ctx := t.Context()
	at := time.Unix(1_800_000_000, 0).UTC()
	const n = extension.KeptTransitions + 5
	for i := range n {
		step := extension.Transition{
			Plugin: "acme/x", Node: "n1", At: at.Add(time.Duration(i) * time.Second), Version: "1.0.0", State: extension.Backoff,
			Reason: fmt.Sprintf("It ended (%d).", i), Ending: "exit status 2", Lines: []string{"one", "two"}, NextRetryAt: at.Add(time.Hour),
		}
		if err := s.Note(ctx, step); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Note(ctx, extension.Transition{Plugin: "acme/y", Node: "n1", At: at, State: extension.Ready}); err != nil {
		t.Fatal(err)
	}
	page, err := s.History(ctx, "acme/x", 0, 3)
	if err != nil || len(page) != 3 {
		t.Fatalf("%+v, %v", page, err)
	}
	newest := page[0]
	if newest.Number != n || newest.Reason != fmt.Sprintf("It ended (%d).", n-1) || newest.Ending != "exit status 2" ||
		len(newest.Lines) != 2 || !newest.NextRetryAt.Equal(at.Add(time.Hour)) || newest.State != extension.Backoff || newest.Node != "n1" {
		t.Errorf("the newest: %+v", newest)
	}
	rest, err := s.History(ctx, "acme/x", page[2].Number, 1000)
	if err != nil || len(rest) != extension.KeptTransitions-3 || rest[0].Number != page[2].Number-1 {
		t.Errorf("%d more, %v", len(rest), err)
	}
	other, err := s.History(ctx, "acme/y", 0, 10)
	if err != nil || len(other) != 1 || other[0].Number != 1 || !other[0].NextRetryAt.IsZero() {
		t.Errorf("another's: %+v, %v", other, err)
	}
}

func lifePlace(t *testing.T, s extension.Lives) {
	t.Helper()
	ctx := t.Context()
	now := time.Unix(1_800_000_000, 0).UTC()
	hold := func(node string, at time.Time) extension.Place {
		t.Helper()
		p, err := s.Hold(ctx, "acme/x", node, at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := hold("n1", now); p.Node != "n1" || p.Fence != 1 {
		t.Errorf("the first: %+v", p)
	}
	if p := hold("n2", now.Add(time.Second)); p.Node != "n1" || p.Fence != 1 || !p.Until.Equal(now.Add(time.Minute)) {
		t.Errorf("another while it is held: %+v", p)
	}
	if p := hold("n1", now.Add(30*time.Second)); p.Node != "n1" || p.Fence != 1 || !p.Until.Equal(now.Add(90*time.Second)) {
		t.Errorf("the holder again: %+v", p)
	}
	if p := hold("n2", now.Add(2*time.Minute)); p.Node != "n2" || p.Fence != 2 {
		t.Errorf("another when it ran out: %+v", p)
	}
	if err := s.Leave(ctx, "acme/x", "n1"); err != nil {
		t.Fatal(err)
	}
	if p := hold("n1", now.Add(2*time.Minute)); p.Node != "n2" {
		t.Errorf("one that does not have it gave it back: %+v", p)
	}
	if err := s.Leave(ctx, "acme/x", "n2"); err != nil {
		t.Fatal(err)
	}
	if p := hold("n1", now.Add(2*time.Minute)); p.Node != "n1" || p.Fence != 3 {
		t.Errorf("after it was given back: %+v", p)
	}
}
