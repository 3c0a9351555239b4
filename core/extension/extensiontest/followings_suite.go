package extensiontest

import (
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// TestFollowings holds an extension.Followings to its promises. The store has
// nothing of the workspaces yet.
func TestFollowings(t *testing.T, s extension.Followings, workspace, other identity.WorkspaceID) {
	t.Helper()
	f := extension.Following{Workspace: workspace, Connection: "pin_1", Use: extension.FollowForFindings}
	at := time.Unix(1_800_000_000, 0).UTC()
	follow := func(claim string, now time.Time, head uint64) (extension.FollowPlace, bool) {
		t.Helper()
		p, ok, err := s.Follow(t.Context(), f, head, claim, now, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return p, ok
	}
	advance := func(claim string, p extension.FollowPlace, skipped ...extension.Skip) bool {
		t.Helper()
		ok, err := s.Advance(t.Context(), f, claim, p, at.Add(time.Minute), skipped...)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if p, ok := follow("a", at, 7); !ok || p != (extension.FollowPlace{Feed: 7}) {
		t.Fatalf("a new one begins at %+v, %v", p, ok)
	}
	if _, ok := follow("b", at.Add(time.Second), 9); ok {
		t.Error("another takes what is claimed")
	}
	want := extension.FollowPlace{Feed: 8, Failures: 2, Detail: "slow", Gap: extension.Gap{After: 3, Until: 7, Reason: extension.GapFailed}}
	if !advance("a", want) {
		t.Error("the claim's holder cannot go on")
	}
	if advance("b", extension.FollowPlace{Feed: 99}) {
		t.Error("another goes on")
	}
	if p, ok := follow("b", at.Add(2*time.Minute), 9); !ok || p != want {
		t.Errorf("after its end the claim is another's: %+v, %v", p, ok)
	}
	if advance("a", extension.FollowPlace{Feed: 99}) {
		t.Error("who lost the claim goes on")
	}
	if err := s.Unfollow(t.Context(), f, "a"); err != nil {
		t.Fatal(err)
	}
	if _, ok := follow("c", at, 9); ok {
		t.Error("who lost the claim gives it back")
	}
	if err := s.Unfollow(t.Context(), f, "b"); err != nil {
		t.Fatal(err)
	}
	if p, ok := follow("c", at, 9); !ok || p != want {
		t.Errorf("what was given back is free: %+v, %v", p, ok)
	}
	if err := s.Unclaim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if advance("c", want) {
		t.Error("a claim holds although all were given back")
	}
	if p, ok := follow("c", at, 9); !ok || p != want {
		t.Errorf("after all were given back: %+v, %v", p, ok)
	}

	for n := range uint64(extension.MaxSkips + 5) {
		skip := extension.Skip{Feed: n + 10, Event: fmt.Sprint("evt_", n), Type: "message.created", Code: "x", Detail: "y", At: at}
		if !advance("c", extension.FollowPlace{Feed: n + 10}, skip) {
			t.Fatal("the claim is lost")
		}
	}
	all, err := s.Skipped(t.Context(), workspace, f.Connection, 2*extension.MaxSkips)
	if err != nil || len(all) != extension.MaxSkips || all[0].Use != f.Use || all[0].Feed != extension.MaxSkips+14 || !all[0].At.Equal(at) {
		t.Errorf("%d skipped are kept: %+v %v", len(all), all[:min(len(all), 1)], err)
	}
	if all, err := s.Skipped(t.Context(), other, f.Connection, 5); err != nil || len(all) != 0 {
		t.Errorf("another workspace sees %v %v", all, err)
	}
}
