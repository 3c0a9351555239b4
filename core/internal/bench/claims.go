package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// rush is how much work there is to give out.
type rush struct {
	waiting, members int
	steady           time.Duration // of the latency
	rate             int           // new conversations a second, for the latency; each is four events
}

// workClaims measures how fast dispatch gives out work that is stored, on both
// databases, and prints it.
func workClaims(ctx context.Context, short bool) error {
	r := rush{waiting: 10_000, members: 200, steady: 8 * time.Second, rate: 250}
	if short {
		r = rush{waiting: 2_000, members: 60, steady: 3 * time.Second, rate: 100}
	}
	return onBoth(ctx, func(c store.Config) error { return measureClaims(ctx, r, c) })
}

// claims is a workspace whose dispatcher runs on the real store.
type claims struct {
	dispatch.Store
	*pluginrig.Workspace
	ids id.Source

	mu      sync.Mutex
	came    map[dispatch.Key]time.Time // whose message is stored, and waits
	took    []time.Duration            // from there to the stored claim
	claimed int
	last    time.Time
	began   time.Time // the dispatcher
}

// Under implements dispatch.Terms.
func (c *claims) Under(term uint64) dispatch.Store { return claimsTerm{c.Store.Under(term), c} }

// claimsTerm is the store under a term.
type claimsTerm struct {
	dispatch.Store
	of *claims
}

// Claims notes when claims are stored.
func (t claimsTerm) Claims(ctx context.Context, ws identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	results, err := t.Store.Claims(ctx, ws, claims)
	if err != nil {
		return nil, err //nolint:wrapcheck // the store's own error, which the dispatcher reads
	}
	c := t.of
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	for i, refused := range results {
		if refused != nil {
			continue
		}
		c.claimed++
		if at, ok := c.came[claims[i].Item]; ok {
			c.took = append(c.took, c.last.Sub(at))
		}
	}
	return results, nil
}

func (c *claims) count() (claimed int, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claimed, c.last
}

// quiet is an Announcer that tells nobody.
type quiet struct{}

func (quiet) QueueMoved(context.Context, identity.WorkspaceID, dispatch.QueueNews)          {}
func (quiet) PresenceChanged(context.Context, identity.WorkspaceID, []dispatch.AgentStatus) {}

func measureClaims(ctx context.Context, r rush, conf store.Config) error {
	w, err := pluginrig.OpenWorkspace(ctx, conf, channel.Type{
		Plugin: webchatID, Live: true, Available: true,
		Capabilities: channel.Capabilities{Content: []string{channel.ContentText}, TextLimit: 4000},
	})
	if err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	defer w.Store.Close(ctx) //nolint:errcheck // it is thrown away
	c := &claims{Store: w.Store.Agents(), Workspace: w, ids: id.NewSource(time.Now), came: map[dispatch.Key]time.Time{}}
	members, err := c.hire(ctx, conf, r.members)
	if err != nil {
		return err
	}
	if err := c.fill(ctx, r.waiting); err != nil {
		return err
	}
	if err := c.known(ctx, conf); err != nil {
		return err
	}
	var rate float64
	given, err := c.dispatching(ctx, members, func(d *dispatch.Dispatcher) error {
		if rate, err = c.drain(r.waiting); err != nil {
			return err
		}
		return c.stream(ctx, d, r)
	})
	if err != nil {
		return err
	}
	// One rings at a time with a member, and nobody answers.
	if members, err = c.hire(ctx, conf, r.rate*int(r.steady/time.Second)+r.rate); err != nil {
		return err
	}
	if err := c.offer(ctx, conf); err != nil {
		return err
	}
	if err := c.known(ctx, conf); err != nil {
		return err
	}
	var events int
	offered, err := c.dispatching(ctx, members, func(d *dispatch.Dispatcher) error {
		head, err := c.Workspace.Store.Events().Head(ctx, string(c.Inbox.Workspace))
		if err != nil {
			return fmt.Errorf("read the feed: %w", err)
		}
		if err := c.gathered(ctx, len(members)); err != nil {
			return err
		}
		if err := c.stream(ctx, d, r); err != nil {
			return err
		}
		events, err = c.happened(ctx, head)
		return err
	})
	if err != nil {
		return err
	}
	bare, err := c.bare(ctx, conf, members)
	if err != nil {
		return err
	}
	fmt.Printf("bench: %s claims_per_s=%.0f of_bare=%.2f bare_per_s=%.0f waiting=%d members=%d given_p50_ms=%.1f given_p99_ms=%.1f offered_p50_ms=%.1f offered_p99_ms=%.1f at_per_s=%d events_per_s=%.0f\n",
		conf.Driver, rate, rate/bare, bare, r.waiting, r.members,
		milliseconds(given, 0.5), milliseconds(given, 0.99), milliseconds(offered, 0.5), milliseconds(offered, 0.99), r.rate, float64(events)/r.steady.Seconds())
	return nil
}

// dispatching runs a dispatcher with members while do runs, and returns how long
// each who came took to be given out, sorted.
func (c *claims) dispatching(ctx context.Context, members []identity.MemberID, do func(*dispatch.Dispatcher) error) ([]time.Duration, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	d := dispatch.New(dispatch.Config{Store: c, Announcer: quiet{}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Policy: dispatch.Policy{Match: dispatch.BySkill{}}})
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	c.began = time.Now()
	c.beat(running, d, members)
	if err := do(d); err != nil {
		return nil, err
	}
	stop()
	if err := <-ended; err != nil {
		return nil, fmt.Errorf("the dispatcher: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	took := c.took
	c.took = nil
	slices.Sort(took)
	return took, nil
}

// drain waits until what was there is given out, and returns how much that is in
// a second.
func (c *claims) drain(waiting int) (perSecond float64, err error) {
	for n := 0; n < waiting; n, _ = c.count() {
		if time.Since(c.began) > 5*time.Minute {
			return 0, errors.New("the work that waits is not given out")
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, last := c.count()
	return float64(waiting) / last.Sub(c.began).Seconds(), nil
}

// known lets PostgreSQL know its rows, as its autovacuum does within a minute.
func (c *claims) known(ctx context.Context, conf store.Config) error {
	if conf.Driver != store.Postgres {
		return nil
	}
	return c.change(ctx, conf, func(q writer) { q.do(`ANALYZE`) })
}

// offer lets work ring from now on.
func (c *claims) offer(ctx context.Context, conf store.Config) error {
	return c.change(ctx, conf, func(q writer) {
		q.do(`UPDATE workspace SET offer_mode = 'offer', offer_ring_seconds = ? WHERE workspace_id = ?`, int(identity.MaxRing/time.Second), string(c.Inbox.Workspace))
	})
}

// happened is how many events of conversations there are in the feed after a number.
func (c *claims) happened(ctx context.Context, after uint64) (n int, err error) {
	const batch = 1000
	for {
		events, err := c.Workspace.Store.Events().Since(ctx, string(c.Inbox.Workspace), after, batch)
		if err != nil {
			return 0, fmt.Errorf("read the feed: %w", err)
		}
		for _, e := range events {
			if after = e.Feed; e.Seq > 0 {
				n++
			}
		}
		if len(events) < batch {
			return n, nil
		}
	}
}

func milliseconds(sorted []time.Duration, p float64) float64 {
	return float64(sorted[min(int(p*float64(len(sorted))), len(sorted)-1)].Microseconds()) / 1000
}

// hire makes members with room for everything.
func (c *claims) hire(ctx context.Context, conf store.Config, n int) ([]identity.MemberID, error) {
	var out []identity.MemberID
	err := c.change(ctx, conf, func(q writer) {
		out = nil
		for range n {
			account, member := c.ids.New("acc"), c.ids.New("mem")
			q.do(`INSERT INTO account (account_id, email, name, locale, password_hash, created_at, updated_at) VALUES (?, ?, '', 'en', '', 1, 1)`, account, account)
			q.do(`INSERT INTO member (workspace_id, member_id, account_id, name, role, capacity, suspended, created_at, updated_at) VALUES (?, ?, ?, 'Agent', 'agent', ?, ?, 1, 1)`,
				string(c.Inbox.Workspace), member, account, identity.MaxCapacity, false)
			out = append(out, identity.MemberID(member))
		}
	})
	return out, err
}

// change writes to the database beside the product.
func (c *claims) change(ctx context.Context, conf store.Config, do func(writer)) error {
	d, err := db.Open(ctx, db.Config{Driver: conf.Driver, Source: conf.Source, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("open a database: %w", err)
	}
	defer d.Close(ctx) //nolint:errcheck // it is thrown away
	err = d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		do(writer{tx, ctx})
		return nil
	})
	if err != nil {
		return fmt.Errorf("write beside the product: %w", err)
	}
	return nil
}

// bareBatch is how many claims the bare loop makes in one transaction, as many as
// the dispatcher does.
const bareBatch = 64

// bare is the least that durable claims could be, over the same rows of the same
// store: two conditional updates each, without a history, events or skills. It
// returns how many it makes in a second.
func (c *claims) bare(ctx context.Context, conf store.Config, members []identity.MemberID) (float64, error) {
	d, err := db.Open(ctx, db.Config{Driver: conf.Driver, Source: conf.Source, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, fmt.Errorf("open a database: %w", err)
	}
	defer d.Close(ctx) //nolint:errcheck // it is thrown away
	var ids []string
	ws := string(c.Inbox.Workspace)
	err = d.Rows(ctx, `SELECT conversation_id FROM conversation WHERE workspace_id = ?`, []any{ws}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("list conversations: %w", err)
	}
	began := time.Now()
	for part := range slices.Chunk(ids, bareBatch) {
		err := d.Do(ctx, ws, func(ctx context.Context, tx *db.Tx) error {
			for i, id := range part {
				member := string(members[i%len(members)])
				if _, err := tx.Exec(ctx, `UPDATE conversation SET assignee_id = ? WHERE workspace_id = ? AND conversation_id = ? AND responder = 'agent'`, member, ws, id); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `UPDATE agent_state SET used = used + 1 WHERE workspace_id = ? AND member_id = ? AND used + 1 <= ?`, ws, member, math.MaxInt32); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("claim without more: %w", err)
		}
	}
	return float64(len(ids)) / time.Since(began).Seconds(), nil
}

// write lets a new visitor say their first word, and returns what waits then.
func (c *claims) write(ctx context.Context) (dispatch.Item, error) {
	v := conversation.Visitor{
		Workspace: c.Inbox.Workspace, ID: conversation.VisitorID(c.ids.New("vis")), Inbox: c.Inbox.ID,
		TokenHash: c.ids.New("hash"), CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}
	if err := c.Workspace.Store.Conversations().CreateVisitor(ctx, v); err != nil {
		return dispatch.Item{}, fmt.Errorf("make a visitor: %w", err)
	}
	posted, err := c.Conversations.VisitorSend(ctx, v, conversation.VisitorPost{ClientID: c.ids.New("cli"), Text: text})
	if err != nil {
		return dispatch.Item{}, fmt.Errorf("open a conversation: %w", err)
	}
	key := dispatch.Key{Kind: "conversation", ID: string(posted.Change.Conversation)}
	return dispatch.Item{Key: key, Weight: 1, WaitingSince: time.Now()}, nil
}

// fill lets so many visitors wait.
func (c *claims) fill(ctx context.Context, n int) error {
	const together = 64 // a store that commits in groups makes few commits of them
	failed := make(chan error, together)
	todo := make(chan struct{}, n)
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	for range together {
		go func() {
			var err error
			for range todo {
				if err == nil {
					_, err = c.write(ctx)
				}
			}
			failed <- err
		}()
	}
	var all []error
	for range together {
		all = append(all, <-failed)
	}
	return errors.Join(all...)
}

// gathered waits until so many members are there, and it is stored that they are.
func (c *claims) gathered(ctx context.Context, n int) error {
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
		rows, err := c.Agents(ctx, c.Inbox.Workspace)
		if err != nil {
			return fmt.Errorf("who is there: %w", err)
		}
		here := 0
		for _, row := range rows {
			if row.Online {
				here++
			}
		}
		if here >= n {
			return nil
		}
	}
	return errors.New("not all members come")
}

// beat keeps the members there.
func (c *claims) beat(ctx context.Context, d *dispatch.Dispatcher, members []identity.MemberID) {
	all := func() {
		for _, m := range members {
			d.Beat(c.Inbox.Workspace, m, "tab")
		}
	}
	all()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Second):
				all()
			}
		}
	}()
}

// stream lets visitors come at a steady rate and tells the dispatcher of each,
// as the feed does, until all are given out.
func (c *claims) stream(ctx context.Context, d *dispatch.Dispatcher, r rush) error {
	before, _ := c.count()
	sent := 0
	tick := time.NewTicker(time.Second / time.Duration(r.rate))
	defer tick.Stop()
	var wg sync.WaitGroup
	failed := make(chan error, 1)
	for end := time.Now().Add(r.steady); time.Now().Before(end); sent++ {
		<-tick.C
		wg.Go(func() {
			it, err := c.write(ctx)
			if err != nil {
				select {
				case failed <- err:
				default:
				}
				return
			}
			c.mu.Lock()
			c.came[it.Key] = time.Now()
			c.mu.Unlock()
			d.Signal(c.Inbox.Workspace, dispatch.Signal{Waits: []dispatch.Item{it}})
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if n, _ := c.count(); n-before >= sent {
			return nil
		}
		if time.Since(began) > time.Minute {
			return errors.New("some who came are given to nobody")
		}
	}
}
