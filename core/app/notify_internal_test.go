package app

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
)

// Members are told of a customer once the workspace's time has passed, once
// for each wait, and never where it is turned off.
func TestWatch(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	waits := map[string]time.Time{}
	chosen := map[identity.WorkspaceID]time.Duration{"minute": time.Minute, "off": 0, "hour": time.Hour}
	var told []string
	broken := errors.New("no database")
	var fails error
	w := &watch{
		now: func() time.Time { return now },
		settings: func(_ context.Context, w identity.WorkspaceID) (identity.Settings, error) {
			return identity.Settings{Unattended: chosen[w]}, fails
		},
		forsaken: func(before time.Time) (out []dispatch.Forsaken) {
			for ws, since := range waits {
				if since.Before(before) {
					out = append(out, dispatch.Forsaken{Workspace: identity.WorkspaceID(ws), Item: dispatch.Item{Key: dispatch.Key{ID: ws}, WaitingSince: since}})
				}
			}
			return out
		},
		unattended: func(_ context.Context, w identity.WorkspaceID, _ notification.Waiting) error {
			told = append(told, string(w))
			return nil
		},
	}
	look := func(after time.Duration, want ...string) {
		t.Helper()
		now, told = now.Add(after), nil
		if err := w.look(t.Context()); !errors.Is(err, fails) {
			t.Fatal(err)
		}
		if slices.Sort(told); !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
	}
	for ws := range chosen {
		waits[string(ws)] = now
	}
	look(59 * time.Second)
	fails = broken
	look(time.Second)
	fails = nil
	look(0, "minute")
	look(time.Minute)
	waits["minute"] = now // answered, and waits again
	look(time.Second)
	look(59*time.Second, "minute")
	look(57*time.Minute, "hour")
	chosen["off"] = time.Second
	look(time.Second, "off")
	delete(waits, "off")
	look(time.Second)
}
