package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store"
)

// The load of the benchmark.
const (
	benchConversations = 1000
	benchSenders       = 256
	benchRounds        = 5
	benchRound         = 1500 * time.Millisecond
)

// BenchmarkP2SQLite and BenchmarkP2Postgres measure the storage layer alone: a
// visitor's message as the domain stores it (deduplication, contact,
// conversation, message, change, outbox), against a bare loop that groups the
// same rows into commits of the same driver, knows everything beforehand and
// checks nothing. The figure is the median ratio of interleaved rounds; run
// with -benchtime 1x.
func BenchmarkP2SQLite(b *testing.B) {
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(b.TempDir(), "patchbay.db")
	benchP2(b, c, "sqlite", "file:"+c.Source+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(8000)", "BEGIN IMMEDIATE")
}

// BenchmarkP2Postgres is the same on PostgreSQL.
func BenchmarkP2Postgres(b *testing.B) {
	c := config()
	c.Driver, c.Source = store.Postgres, pgtest.Start(b).Schema(b)
	benchP2(b, c, "pgx", c.Source, "BEGIN")
}

func benchP2(b *testing.B, c store.Config, driver, source, begin string) {
	b.Helper()
	s, err := store.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close(context.WithoutCancel(b.Context())) }()
	h := newHouse(b, s)
	bare := newBare(b, h, driver, source, begin)
	defer bare.close()
	for b.Loop() {
		var ratios, fast, full, fastCPU, fullCPU []float64
		for range benchRounds {
			x, xCPU := h.run(b, bare.send)
			y, yCPU := h.run(b, h.send)
			fast, full, ratios = append(fast, x), append(full, y), append(ratios, y/x)
			fastCPU, fullCPU = append(fastCPU, xCPU), append(fullCPU, yCPU)
		}
		b.ReportMetric(median(fast), "bare/s")
		b.ReportMetric(median(full), "messages/s")
		b.ReportMetric(median(fastCPU), "bare-cpu-us")
		b.ReportMetric(median(fullCPU), "message-cpu-us")
		b.ReportMetric(median(ratios), "ratio")
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// house is a workspace with many conversations.
type house struct {
	s     *store.Store
	ids   id.Source
	inbox channel.Inbox
	convs []conversation.Conversation
	n     atomic.Int64
}

func newHouse(b *testing.B, s *store.Store) *house {
	b.Helper()
	h := &house{s: s, ids: id.NewSource(time.Now)}
	at := time.Now()
	a := identity.Account{ID: "acc_1", Email: "o@example.com", CreatedAt: at, UpdatedAt: at}
	ws := identity.Workspace{ID: identity.WorkspaceID(h.ids.New("wsp")), Name: "w", CreatedAt: at, UpdatedAt: at}
	owner := identity.Member{Workspace: ws.ID, ID: identity.MemberID(h.ids.New("mem")), Account: a.ID, Role: identity.RoleOwner, Capacity: 1, CreatedAt: at, UpdatedAt: at}
	if err := s.Identities().Setup.Found(b.Context(), identity.Founding{Account: a, Workspace: ws, Owner: owner}); err != nil {
		b.Fatal(err)
	}
	h.inbox = channel.Inbox{Workspace: ws.ID, ID: channel.InboxID(h.ids.New("inb")), Plugin: "patchbay/webchat", Live: true, HookHash: "h", Enabled: true, CreatedAt: at, UpdatedAt: at}
	if err := s.Channels().CreateInbox(b.Context(), h.inbox, nil); err != nil {
		b.Fatal(err)
	}
	for range benchConversations {
		external := h.ids.New("vis")
		if err := h.accept(b.Context(), external, h.ids.New("first"), "hello"); err != nil {
			b.Fatal(err)
		}
		c, err := s.Conversations().OfContact(b.Context(), ws.ID, h.inbox.ID, external)
		if err != nil {
			b.Fatal(err)
		}
		h.convs = append(h.convs, *c)
	}
	return h
}

// cpu is the time that the program has spent computing.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// run sends from many at once for a round and returns messages a second, and
// microseconds of our own computing for each.
func (h *house) run(b *testing.B, send func(ctx context.Context, n int) error) (float64, float64) {
	b.Helper()
	before := cpu()
	var sent atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range benchSenders {
		wg.Go(func() {
			for time.Since(start) < benchRound {
				if err := send(b.Context(), rand.IntN(len(h.convs))); err != nil {
					b.Error(err)
					return
				}
				sent.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(sent.Load()) / time.Since(start).Seconds(), float64((cpu() - before).Microseconds()) / float64(sent.Load())
}

const benchText = "Where is my order? I have been waiting for three days. 我的订单在哪里?"

func (h *house) send(ctx context.Context, n int) error {
	return h.accept(ctx, h.convs[n].Recipient, uuid(h.n.Add(1)), benchText)
}

func uuid(n int64) string { return fmt.Sprintf("0193e2a4-7c1d-7000-8000-%012x", n) }

// accept is what conversation.Service does with a visitor's message.
func (h *house) accept(ctx context.Context, external, clientID, text string) error {
	return h.s.Conversations().Within(ctx, h.inbox.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		key := external + "/" + clientID
		known, err := tx.Inbound(ctx, h.inbox.ID, conversation.InboundVisitor, key)
		if err != nil || known != nil {
			return err
		}
		t := conversation.Turn{At: time.Now(), IDs: h.ids}
		who, err := tx.Contacts().ByIdentity(ctx, string(h.inbox.ID), external)
		if err != nil {
			return err
		}
		if who == nil {
			who = &contact.Contact{Workspace: h.inbox.Workspace, ID: contact.ID(h.ids.New("con")), Name: "Visitor", CreatedAt: t.At, UpdatedAt: t.At}
			if err := tx.Contacts().Create(ctx, *who, contact.Identity{Inbox: string(h.inbox.ID), External: external}); err != nil {
				return err
			}
		}
		t.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}
		c, err := tx.Current(ctx, h.inbox.ID, external)
		if err != nil {
			return err
		}
		if c == nil {
			c = conversation.Start(t, h.inbox, *who, external)
		}
		ch := c.Receive(t, conversation.Words(clientID, text))
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.Remember(ctx, h.inbox.ID, conversation.Dedup{
			Kind: conversation.InboundVisitor, External: key, Hash: strings.Repeat("0123456789abcdef", 4), Conversation: c.ID, Seq: ch.Seq,
		})
	})
}

// bare writes the same rows with nothing around them.
type bare struct {
	h     *house
	db    *sql.DB
	conn  *sql.Conn
	begin string
	queue chan *bareJob
	done  chan struct{}

	statements map[string]*sql.Stmt
	feed       int64
	seq        []int64
}

type bareJob struct {
	n      int
	answer chan error
}

func newBare(b *testing.B, h *house, driver, source, begin string) *bare {
	b.Helper()
	pool, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := pool.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	// A PostgreSQL that has been in use for a minute knows its tables. A new one
	// plans by guess, and keeps bad plans until it is told. (SQLite must not be
	// told: with statistics it prepares statements anew for every value.)
	if driver == "pgx" {
		if _, err := conn.ExecContext(b.Context(), `ANALYZE`); err != nil {
			b.Fatal(err)
		}
	}
	x := &bare{
		h: h, db: pool, conn: conn, begin: begin, queue: make(chan *bareJob, 4096), done: make(chan struct{}),
		statements: make(map[string]*sql.Stmt), seq: make([]int64, len(h.convs)),
	}
	go x.loop(context.WithoutCancel(b.Context()))
	return x
}

func (x *bare) close() {
	close(x.queue)
	<-x.done
	_ = x.conn.Close()
	_ = x.db.Close()
}

func (x *bare) send(_ context.Context, n int) error {
	j := &bareJob{n: n, answer: make(chan error, 1)}
	x.queue <- j
	return <-j.answer
}

func (x *bare) loop(ctx context.Context) {
	defer close(x.done)
	var jobs []*bareJob
	for j := range x.queue {
		jobs = append(jobs[:0], j)
	fill:
		for len(jobs) < 256 {
			select {
			case j, ok := <-x.queue:
				if !ok {
					break fill
				}
				jobs = append(jobs, j)
			default:
				break fill
			}
		}
		err := x.commit(ctx, jobs)
		for _, j := range jobs {
			j.answer <- err
		}
	}
}

func (x *bare) exec(ctx context.Context, query string, args ...any) error {
	s := x.statements[query]
	if s == nil {
		text := query
		if x.begin == "BEGIN" {
			for n := 1; strings.Contains(text, "?"); n++ {
				text = strings.Replace(text, "?", "$"+strconv.Itoa(n), 1)
			}
		}
		var err error
		if s, err = x.conn.PrepareContext(ctx, text); err != nil {
			return err
		}
		x.statements[query] = s
	}
	_, err := s.ExecContext(ctx, args...)
	return err
}

func (x *bare) commit(ctx context.Context, jobs []*bareJob) error {
	if err := x.exec(ctx, x.begin); err != nil {
		return err
	}
	// The other side has written too: go on from where it is.
	text := `SELECT feed_seq FROM workspace`
	if err := x.conn.QueryRowContext(ctx, text).Scan(&x.feed); err != nil {
		return err
	}
	for _, j := range jobs {
		if err := x.write(ctx, j.n); err != nil {
			_ = x.exec(ctx, `ROLLBACK`)
			return err
		}
	}
	if err := x.exec(ctx, `UPDATE workspace SET feed_seq = ?`, x.feed); err != nil {
		return err
	}
	return x.exec(ctx, `COMMIT`)
}

// write writes the rows of one message. The sequence starts far above that of
// the other side, so that nothing needs to be looked up.
func (x *bare) write(ctx context.Context, n int) error {
	c := &x.h.convs[n]
	x.seq[n]++
	x.feed++
	seq, at := 1<<40+x.seq[n], time.Now().UnixMicro()
	ws, id, change := string(c.Workspace), string(c.ID), x.h.ids.New("chg")
	client := uuid(x.h.n.Add(1))
	steps := []struct {
		query string
		args  []any
	}{
		{
			`UPDATE conversation SET waiting_since = ?, last_text = ?, last_sender = ?, last_kind = ?, last_at = ?, updated_at = ? WHERE workspace_id = ? AND conversation_id = ?`,
			[]any{at, benchText, "contact", "text", at, at, ws, id},
		},
		{
			`INSERT INTO message (workspace_id, conversation_id, seq, message_id, client_id, kind, sender_kind, sender_id, sender_name, text, created_at, delivery, delivery_error)
VALUES (?, ?, ?, ?, ?, 'text', 'contact', ?, ?, ?, ?, '', '')`,
			[]any{ws, id, seq, x.h.ids.New("msg"), client, string(c.Contact), "Visitor", benchText, at},
		},
		{
			`INSERT INTO conversation_change (workspace_id, conversation_id, seq, public_seq, change_id, type, at, actor_kind, actor_id, actor_name, message_seq, data)
VALUES (?, ?, ?, ?, ?, 'message.created', ?, 'contact', ?, 'Visitor', ?, NULL)`,
			[]any{ws, id, seq, seq, change, at, string(c.Contact), seq},
		},
		{
			`INSERT INTO event_outbox (workspace_id, feed_seq, event_id, type, subject, seq, public_seq, at, data) VALUES (?, ?, ?, 'message.created', ?, ?, ?, ?, NULL)`,
			[]any{ws, x.feed, change, id, seq, seq, at},
		},
		{
			`INSERT INTO inbound_dedup (workspace_id, inbox_id, kind, external_id, hash, conversation_id, seq) VALUES (?, ?, 'visitor', ?, ?, ?, ?)`,
			[]any{ws, string(c.Inbox), c.Recipient + "/" + client, strings.Repeat("0123456789abcdef", 4), id, seq},
		},
	}
	for _, s := range steps {
		if err := x.exec(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}
