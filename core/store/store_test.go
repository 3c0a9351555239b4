package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store"
)

// What was answered is there after the store is closed and opened again.
func TestReopen(t *testing.T) {
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(t.TempDir(), "patchbay.db")
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	w := conversationtest.NewWorld(t, fixture(s))
	first := w.Receive(w.Inbox, "ext", "client", "text 文字 🙂")
	before, err := s.Epoch(t.Context())
	w.OK(err)
	changes := w.Timeline(first.ID, 0)
	w.OK(s.Close(t.Context()))

	s = open(t, c)
	w.F = fixture(s)
	conversationtest.Same(w, w.Get(first.ID), first)
	conversationtest.Same(w, w.Timeline(first.ID, 0), changes)
	after, err := s.Epoch(t.Context())
	w.OK(err)
	conversationtest.Same(w, after, before)
	w.Receive(w.Inbox, "ext", "next", "more")
	w.CheckSequences(first.ID)
	w.OK(s.CheckIntegrity(t.Context()))
}

// Two nodes of one workspace write at once: no number is given twice, none is
// left out, and the feed is in the order of the commits.
func TestTwoNodes(t *testing.T) {
	c := config()
	c.Driver, c.Source = store.Postgres, pgtest.Start(t).Schema(t)
	nodes := []*store.Store{open(t, c), open(t, c)}
	worlds := []*conversationtest.World{conversationtest.NewWorld(t, fixture(nodes[0]))}
	other := *worlds[0]
	other.F = fixture(nodes[1])
	worlds = append(worlds, &other)
	second, _ := worlds[0].Workspace("second@example.com") // nodes lock two workspaces in one order
	inboxes := []channel.Inbox{worlds[0].Inbox, worlds[0].NewInbox(second, false), worlds[0].Inbox}

	const writers, each, customers = 16, 15, 4
	at := worlds[0].Tick()
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			w := worlds[n%2]
			for i := range each {
				inbox := inboxes[(n+i)%3]
				_, err := w.TryReceive(inbox, fmt.Sprint("customer", i%customers), fmt.Sprintf("%d-%d", n, i), "text", at.Add(time.Duration(i)*time.Second))
				if err != nil {
					t.Errorf("writer %d: %v", n, err)
				}
			}
		})
	}
	// A reader follows the feed meanwhile: its cursor must never pass a number
	// that is committed later.
	followed, stop := make(chan []uint64, 1), make(chan struct{})
	go func() { followed <- follow(t, nodes[1], string(worlds[0].WS), stop) }()
	wg.Wait()
	close(stop)
	seen := <-followed
	head, err := nodes[0].Events().Head(t.Context(), string(worlds[0].WS))
	if err != nil || uint64(len(seen)) != head {
		t.Fatalf("the reader saw %d events of %d, %v", len(seen), head, err)
	}
	for i, n := range seen {
		if n != uint64(i+1) {
			t.Fatalf("the reader saw %d in place %d", n, i+1)
		}
	}
	for n := range customers {
		found, err := nodes[0].Conversations().OfContact(t.Context(), worlds[0].WS, worlds[0].Inbox.ID, fmt.Sprint("customer", n))
		if err != nil || found == nil {
			t.Fatal(found, err)
		}
		worlds[0].CheckSequences(found.ID)
	}
}

// follow reads the feed from the start until stop, and then to its end.
func follow(t *testing.T, s *store.Store, workspace string, stop <-chan struct{}) []uint64 {
	t.Helper()
	var seen []uint64
	for last := false; ; {
		after := uint64(0)
		if len(seen) > 0 {
			after = seen[len(seen)-1]
		}
		events, err := s.Events().Since(t.Context(), workspace, after, 100)
		if err != nil {
			t.Error(err)
			return seen
		}
		for _, e := range events {
			seen = append(seen, e.Feed)
		}
		if last && len(events) == 0 {
			return seen
		}
		select {
		case <-stop:
			last = true
		default:
		}
	}
}

// The load of every agent is the sum over their open conversations, whatever
// happened to them.
func TestLoadIsKept(t *testing.T) {
	s := openSQLite(t)
	w := conversationtest.NewWorld(t, fixture(s))
	b := w.Member(w.WS, "b@example.com", "B", 3)
	ids := make([]conversation.ID, 4)
	for n := range ids {
		ids[n] = w.Receive(w.Live, fmt.Sprint("c", n), "", "text").ID
		w.Change(ids[n], func(c *conversation.Conversation) error { return c.Assign(w.System(), b.ID, b.Name, "member") })
	}
	used := func(want int) {
		t.Helper()
		rows, err := s.Agents().Agents(t.Context(), w.WS)
		w.OK(err)
		for _, r := range rows {
			if r.Member == b.ID && r.Used != want {
				t.Fatalf("used is %d, want %d", r.Used, want)
			}
		}
	}
	used(4)
	w.Change(ids[0], func(c *conversation.Conversation) error { c.Resolve(w.System()); return nil })
	w.Change(ids[1], func(c *conversation.Conversation) error { return c.Snooze(w.System(), w.Tick().Add(time.Hour)) })
	w.Change(ids[2], func(c *conversation.Conversation) error {
		return c.Assign(w.System(), w.Owner.ID, w.Owner.Name, "member")
	})
	used(1)
	w.Change(ids[1], func(c *conversation.Conversation) error { c.Reopen(w.System()); return nil })
	used(2)
	if _, err := s.Agents().Release(t.Context(), w.WS, b.ID, dispatch.AgentLost); err != nil {
		t.Fatal(err)
	}
	used(0)
	_ = w.TryChange(w.WS, ids[3], func(c *conversation.Conversation) error {
		if err := c.Assign(w.System(), b.ID, b.Name, "member"); err != nil {
			return err
		}
		return context.Canceled // undone with the rest
	})
	used(0)
}

// Whoever listens learns of feeds that grew and deliveries that are due.
func TestNews(t *testing.T) {
	type news struct {
		workspaces []string
		deliveries bool
	}
	told := make(chan news, 100)
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(t.TempDir(), "patchbay.db")
	c.OnCommit = func(workspaces []string, deliveries bool) { told <- news{workspaces, deliveries} }
	s := open(t, c)
	w := conversationtest.NewWorld(t, fixture(s))
	next := func(deliveries bool) {
		t.Helper()
		got := <-told
		if len(got.workspaces) != 1 || got.workspaces[0] != string(w.WS) || got.deliveries != deliveries {
			t.Fatalf("told of %+v", got)
		}
	}
	in := w.Receive(w.Inbox, "ext", "", "question")
	next(false)
	w.Change(in.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(w.Owner), conversation.Words("", "answer"))
		return err
	})
	next(true)
	w.OK(s.Conversations().MarkRead(t.Context(), w.WS, w.Owner.ID, in.ID, 1)) // no event, no news
	live := w.Receive(w.Live, "ext", "", "question")
	next(false)
	w.Change(live.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(conversation.Turn{Actor: w.Turn(w.Owner).Actor, At: w.Tick(), IDs: id.NewSource(time.Now)}, conversation.Words("", "answer"))
		return err
	})
	next(false) // nothing to deliver through a live channel
}
