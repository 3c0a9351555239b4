package channeltest

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// IdentitySecrets implements channel.SecretStore.
func (f *Fake) IdentitySecrets(_ context.Context, workspace identity.WorkspaceID, inbox channel.InboxID) ([]channel.IdentitySecret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.inboxes[inbox]; !ok || i.Workspace != workspace {
		return nil, nil
	}
	return slices.Clone(f.secrets[inbox]), nil
}

// ChangeIdentitySecrets implements channel.SecretStore.
func (f *Fake) ChangeIdentitySecrets(_ context.Context, workspace identity.WorkspaceID, inbox channel.InboxID,
	change func([]channel.IdentitySecret) ([]channel.IdentitySecret, []event.Event, error),
) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.inboxes[inbox]; !ok || i.Workspace != workspace {
		return errs.Absent()
	}
	after, events, err := change(slices.Clone(f.secrets[inbox]))
	if err != nil {
		return err
	}
	for i := range after {
		after[i].Workspace, after[i].Inbox = workspace, inbox
	}
	slices.SortStableFunc(after, func(a, b channel.IdentitySecret) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.KID, b.KID))
	})
	if f.secrets == nil {
		f.secrets = make(map[channel.InboxID][]channel.IdentitySecret)
	}
	f.secrets[inbox] = after
	f.feed.Append(events...)
	return nil
}

// Sealer is a channel.Sealer that hides nothing, for tests.
type Sealer struct{}

// Seal implements channel.Sealer.
func (Sealer) Seal(secret []byte, about string) string {
	return about + "|" + base64.StdEncoding.EncodeToString(secret)
}

// Open implements channel.Sealer.
func (Sealer) Open(sealed, about string) ([]byte, error) {
	text, ok := strings.CutPrefix(sealed, about+"|")
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return base64.StdEncoding.DecodeString(text) //nolint:wrapcheck // for tests
}

func testSecrets(w *world) {
	inbox, other := w.inbox("one"), w.inbox("two")
	at := w.tick()
	first := channel.IdentitySecret{Workspace: w.ws, Inbox: inbox.ID, KID: "b", Sealed: "v1.x.y", CreatedAt: at}
	second := channel.IdentitySecret{Workspace: w.ws, Inbox: inbox.ID, KID: "a", Sealed: "v1.x.z", CreatedAt: at.Add(time.Second), ExpiresAt: at.Add(time.Hour)}
	put := func(inbox channel.InboxID, all ...channel.IdentitySecret) error {
		return w.f.Secrets.ChangeIdentitySecrets(w.Context(), w.ws, inbox, func([]channel.IdentitySecret) ([]channel.IdentitySecret, []event.Event, error) {
			return all, []event.Event{{ID: w.ids.New("chg"), Workspace: string(w.ws), Type: channel.Changed, Subject: string(inbox), At: at, Data: []byte(`{}`)}}, nil
		})
	}
	w.ok(put(inbox.ID, second, first))
	w.ok(put(other.ID, channel.IdentitySecret{KID: "b", Sealed: "other", CreatedAt: at}))
	got, err := w.f.Secrets.IdentitySecrets(w.Context(), w.ws, inbox.ID)
	w.ok(err)
	if !slices.Equal(got, []channel.IdentitySecret{first, second}) {
		w.Errorf("kept %+v", got)
	}
	failed := errors.New("no")
	err = w.f.Secrets.ChangeIdentitySecrets(w.Context(), w.ws, inbox.ID, func(all []channel.IdentitySecret) ([]channel.IdentitySecret, []event.Event, error) {
		if !slices.Equal(all, got) {
			w.Errorf("loaded %+v", all)
		}
		return nil, nil, failed
	})
	if !errors.Is(err, failed) {
		w.Errorf("a failed change: %v", err)
	}
	w.ok(put(inbox.ID, first))
	if got, err = w.f.Secrets.IdentitySecrets(w.Context(), w.ws, inbox.ID); err != nil || len(got) != 1 || got[0] != first {
		w.Errorf("after the removal: %+v, %v", got, err)
	}
	events, err := w.f.Log.Since(w.Context(), string(w.ws), 0, 10)
	if err != nil || len(events) != 3 {
		w.Errorf("events %+v, %v", events, err)
	}
	abroad := w.f.Workspace(w.T)
	if got, err := w.f.Secrets.IdentitySecrets(w.Context(), abroad, inbox.ID); err != nil || len(got) != 0 {
		w.Errorf("another workspace reads %+v, %v", got, err)
	}
	err = w.f.Secrets.ChangeIdentitySecrets(w.Context(), abroad, inbox.ID, func([]channel.IdentitySecret) ([]channel.IdentitySecret, []event.Event, error) {
		w.Error("another workspace changes them")
		return nil, nil, nil
	})
	if !errs.Is(err, errs.NotFound) {
		w.Errorf("another workspace: %v", err)
	}
}
