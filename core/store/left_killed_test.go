package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// What a queue does when somebody left is done once, though the server that found
// it is gone by then, the next is killed before it commits what it did, and two
// more look at the same time.
func TestWhoLeftOverKills(t *testing.T) {
	for name, from := range map[string]source{"sqlite": lite(t), "postgres": postgres(t)} {
		for _, does := range []queue.LeftDo{queue.LeftClose, queue.LeftTicket} {
			t.Run(name+"/"+string(does), func(t *testing.T) { leftOverKills(t, does, &shared{T: t, config: from(t)}) })
		}
	}
}

// shared is a database of several servers, of which some are killed.
type shared struct {
	*testing.T
	config store.Config
	mu     sync.Mutex
	at     time.Time
}

func (d *shared) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *shared) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

// server opens the database as one more does.
func (d *shared) server(w *conversationtest.World) (*store.Store, *conversation.Service) {
	d.Helper()
	s := open(d.T, d.config)
	return s, d.serves(s, w)
}

func (d *shared) serves(s *store.Store, w *conversationtest.World) *conversation.Service {
	talks, _ := ruleDesk(d.T, s, w)
	talks.Queues, talks.Now = s.Queues(), d.now
	talks.Plugins = &channeltest.Plugins{T: d.T, Installed: []channel.Type{{Plugin: w.Live.Plugin, Live: true}}}
	return talks
}

// doomed is a server that is killed as it is about to commit.
type doomed struct {
	conversation.Store
	kill func()
}

func (k doomed) Within(ctx context.Context, w identity.WorkspaceID, fn func(context.Context, conversation.Tx) error) error {
	return k.Store.Within(ctx, w, func(ctx context.Context, tx conversation.Tx) error {
		err := fn(ctx, tx)
		if err == nil {
			k.kill()
		}
		return err
	})
}

// dies has a server do what is due, and killed before it is committed.
func (d *shared) dies(w *conversationtest.World) {
	d.Helper()
	c, killed := d.config, false
	name := "dying_" + rand.Text()
	if c.Driver == store.Postgres {
		separator := " "
		if strings.Contains(c.Source, "://") {
			separator = "&"
		}
		c.Source += separator + "application_name=" + name
	}
	s, err := store.Open(d.Context(), c)
	if err != nil {
		d.Fatal(err)
	}
	defer s.Close(context.WithoutCancel(d.Context())) //nolint:errcheck // what it was connected with is gone
	talks := d.serves(s, w)
	talks.Store = doomed{talks.Store, func() {
		killed = true
		if c.Driver == store.Postgres {
			d.cutOff(name)
		} else {
			d.config = d.image()
		}
	}}
	_, err = talks.NoteLeft(d.Context())
	if !killed || err == nil && c.Driver == store.Postgres {
		d.Fatalf("it was not killed: %v", err)
	}
}

// image is what a kill leaves of a SQLite database: its files, as they are.
func (d *shared) image() store.Config {
	c := d.config
	c.Source = filepath.Join(d.TempDir(), "left.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(d.config.Source + suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			continue
		}
		if err == nil {
			err = os.WriteFile(c.Source+suffix, data, 0o600)
		}
		if err != nil {
			d.Error(err)
		}
	}
	return c
}

// cutOff ends the connections of a server to PostgreSQL.
func (d *shared) cutOff(name string) {
	raw, err := sql.Open("pgx", d.config.Source)
	if err != nil {
		d.Error(err)
		return
	}
	defer raw.Close() //nolint:errcheck // only asked
	var n int
	err = raw.QueryRowContext(d.Context(), `SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = $1`, name).Scan(&n)
	if err != nil || n == 0 {
		d.Errorf("%d connections end, %v", n, err)
	}
}

func leftOverKills(t *testing.T, does queue.LeftDo, d *shared) {
	first, err := store.Open(t.Context(), d.config)
	if err != nil {
		t.Fatal(err)
	}
	w := conversationtest.NewWorld(t, fixture(first))
	d.at = time.Now().UTC().Truncate(time.Millisecond)
	talks := d.serves(first, w)
	of := w.Team(w.WS, "sales")
	w.OK(first.Queues().Create(t.Context(), queue.Queue{
		Workspace: w.WS, ID: "que_a", Name: "A", Team: of, Inboxes: []string{string(w.Live.ID)}, CreatedAt: d.at, UpdatedAt: d.at,
		Plan: queue.Plan{Left: queue.Left{Do: does, After: time.Minute}},
	}))
	v := conversation.Visitor{Workspace: w.WS, ID: "vis_gone", Inbox: w.Live.ID, TokenHash: "gone", CreatedAt: d.at, ExpiresAt: d.at.Add(24 * time.Hour)}
	w.OK(first.Conversations().CreateVisitor(t.Context(), v))
	_, err = talks.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "1", Text: "My parcel is broken"})
	w.OK(err)
	c, err := talks.VisitorConversation(t.Context(), v)
	w.OK(err)
	w.OK(talks.VisitorsAttend(t.Context(), w.WS, []conversation.ID{c.ID}))
	d.pass(conversation.LeftAfter)
	if n, err := talks.NoteLeft(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d left, %v", n, err)
	}
	if d.config.Driver == store.SQLite {
		d.config = d.image() // the one that found it is killed, too
	}
	w.OK(first.Close(t.Context()))
	d.pass(time.Minute)
	for range 2 {
		d.dies(w)
	}

	second, here := d.server(w)
	third, there := second, d.serves(second, w)
	if d.config.Driver == store.Postgres {
		third, there = d.server(w)
	}
	w.F = fixture(second)
	tickets := func() []ticket.Ticket {
		t.Helper()
		found, err := third.Tickets().Find(t.Context(), w.WS, ticket.Query{Sort: ticket.ByCreation, Reach: ownerReach(w)}, page.Request{Limit: 50})
		w.OK(err)
		return found.Items
	}
	if got := w.Get(c.ID); !got.Waits() || len(tickets()) != 0 {
		t.Fatalf("what was not committed is there: %+v", got)
	}
	for range 2 {
		var all sync.WaitGroup
		for _, server := range []*conversation.Service{here, there, here, there} {
			all.Go(func() {
				if _, err := server.NoteLeft(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		d.pass(2 * time.Hour)
	}
	want := map[queue.LeftDo]int{queue.LeftTicket: 1}[does]
	if made := tickets(); len(made) != want || want > 0 && (made[0].Conversation != c.ID || made[0].Team != of) {
		t.Fatalf("made %+v", made)
	}
	if got := w.Get(c.ID); got.State != conversation.Resolved || got.Waits() {
		t.Fatalf("%+v", got)
	}
	said := map[conversation.ChangeType]int{}
	for _, ch := range w.Timeline(c.ID, 0) {
		said[ch.Type]++
	}
	if said[conversation.Abandoned] != 1 || said[conversation.ResolvedChange] != 1 {
		t.Fatalf("it says %v", said)
	}
}
