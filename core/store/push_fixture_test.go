package store_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/push/pushtest"
	"github.com/patchbay-im/patchbay/core/seal"
	"github.com/patchbay-im/patchbay/core/store"
)

func pushFixture(t *testing.T, s *store.Store) pushtest.Fixture {
	t.Helper()
	w, n := conversationtest.NewWorld(t, fixture(s)), 0
	box, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	kept := s.Pushes(box)
	return pushtest.Fixture{
		Store: kept, Ledger: kept,
		Person: func(testing.TB) (identity.AccountID, identity.WorkspaceID, identity.MemberID) {
			n++
			ws, m := w.Workspace(fmt.Sprint(n, "@push.example"))
			return m.Account, ws, m.ID
		},
		Begin: func(tb testing.TB, a identity.AccountID) identity.SessionID {
			tb.Helper()
			at := w.Tick()
			x := identity.Session{ID: identity.SessionID(w.IDs.New("ses")), Account: a, TokenHash: w.IDs.New("hash"), CreatedAt: at, SeenAt: at, ExpiresAt: at.Add(identity.SessionLife)}
			w.OK(s.Identities().Sessions.CreateSession(tb.Context(), x))
			return x.ID
		},
		Finish: func(tb testing.TB, id identity.SessionID) {
			tb.Helper()
			w.OK(s.Identities().Sessions.DeleteSessions(tb.Context(), []identity.SessionID{id}))
		},
		Notify: func(tb testing.TB, x notification.Notification) {
			tb.Helper()
			if _, err := s.Notifications().Record(tb.Context(), x.Workspace, 0, []notification.Notification{x}, nil); err != nil {
				tb.Fatal(err)
			}
		},
	}
}

// TestPushesAnotherKey reads subscriptions under another master key: they are
// there, and lead nowhere.
func TestPushesAnotherKey(t *testing.T) {
	s := lite(t).fresh(t)
	f := pushFixture(t, s)
	a, _, _ := f.Person(t)
	service := pushtest.NewService(t)
	b := service.Subscribe(t, "key")
	if err := f.Store.Subscribe(t.Context(), b.Subscription(t, a, f.Begin(t, a))); err != nil {
		t.Fatal(err)
	}
	other, err := seal.New(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Pushes(other).Subscriptions(t.Context(), a)
	if err != nil || len(all) != 1 || all[0].Endpoint != "" {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := s.Pushes(other).End(t.Context(), all[0]); err != nil {
		t.Fatal(err)
	}
	if all, err := f.Store.Subscriptions(t.Context(), a); err != nil || len(all) != 0 {
		t.Fatalf("left: %+v, %v", all, err)
	}
}

// TestPushesGoWithTheirNotification: what gave way to a newer one is not told.
func TestPushesGoWithTheirNotification(t *testing.T) {
	s := lite(t).fresh(t)
	f := pushFixture(t, s)
	a, ws, m := f.Person(t)
	session := f.Begin(t, a)
	if err := f.Store.Subscribe(t.Context(), pushtest.NewService(t).Subscribe(t, "key").Subscription(t, a, session)); err != nil {
		t.Fatal(err)
	}
	var last notification.Notification
	for i := range 3 {
		last = notification.Notification{Workspace: ws, Member: m, ID: notification.ID("ntf_" + strconv.Itoa(i)), Kind: notification.Reply, Source: strconv.Itoa(i), Conversation: "cnv_1"}
		f.Notify(t, last)
	}
	got, err := f.Ledger.Waiting(t.Context(), session, last.At.Add(1<<40), 10)
	if err != nil || len(got) != 1 || got[0].Notification != last.ID {
		t.Fatalf("%+v, %v", got, err)
	}
}
