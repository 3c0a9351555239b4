package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/client"
	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// plan is one run.
type plan struct {
	product  rig.Product
	dir      string // of this run alone
	bug      string // a seeded one, in a build that has them; "" = none
	cycles   int
	clients  int
	seed     uint64
	patience time.Duration // for the end: what is not settled by then is a violation
}

// result is what a run showed.
type result struct {
	report verdict.Report
	harm   harm

	seed                  uint64
	clients               int
	acks, repeats         int
	conversations, events int
	files, tickets        int
	took                  time.Duration
}

// line is the figure of a run.
func (r result) line() string {
	word := "OK"
	if len(r.report.Violations) > 0 {
		word = "FAIL"
	}
	slices.Sort(r.harm.restarts)
	p50, longest := time.Duration(0), time.Duration(0)
	if n := len(r.harm.restarts); n > 0 {
		p50, longest = r.harm.restarts[n/2], r.harm.restarts[n-1]
	}
	return fmt.Sprintf("crash: seed=%d cycles=%d kills=%d plugin_kills=%d drains=%d clients=%d conversations=%d events=%d acked=%d resent=%d files=%d tickets=%d "+
		"lost=%d duplicated=%d gaps=%d violations=%d restart p50=%dms max=%dms took=%.0fs %s",
		r.seed, r.harm.cycles, r.harm.kills, r.harm.pluginKills, r.harm.drains, r.clients, r.conversations, r.events, r.acks, r.repeats, r.files, r.tickets,
		r.report.Lost, r.report.Duplicated, r.report.Gaps, len(r.report.Violations),
		p50.Milliseconds(), longest.Milliseconds(), r.took.Seconds(), word)
}

// run is one run: clients work, the nemesis kills, then everything settles
// and is compared.
func run(ctx context.Context, p plan) (result, error) {
	const perCycle = 5 * time.Second // far more than one takes
	ctx, cancel := context.WithTimeout(ctx, time.Duration(p.cycles)*perCycle+2*p.patience+2*time.Minute)
	defer cancel()
	began := time.Now()
	n, err := newNemesis(ctx, p)
	if err != nil {
		return result{}, err
	}
	defer n.end()
	world, err := found(ctx, n)
	if err != nil {
		return result{}, err
	}
	n.ledger = world.Ledger
	if p.bug != "" {
		if err := n.seed(ctx, p.bug); err != nil {
			return result{}, err
		}
	}
	cast := newCast(world, p.clients, p.seed)
	stop := cast.start(ctx)
	defer stop()
	if err := n.rage(ctx, p.cycles); err != nil {
		return result{}, err
	}
	world.Halt()
	cast.finish(ctx, p.patience, world.Ledger)
	cast.settle(ctx, n.database(), p.patience, world)
	n.drain(ctx) // with everybody there: what they leave behind is no news
	stop()
	return judge(ctx, p, n, world, cast, began)
}

// judge reads the database and compares.
func judge(ctx context.Context, p plan, n *nemesis, world *client.World, cast *cast, began time.Time) (result, error) {
	n.readLog()
	snapshot, err := verdict.Read(ctx, n.database())
	if err != nil {
		return result{}, fmt.Errorf("read the database afterwards: %w", err)
	}
	if err := snapshot.ReadFiles(filepath.Join(n.options.DataDir, "media")); err != nil {
		return result{}, fmt.Errorf("read the files afterwards: %w", err)
	}
	evidence := world.Evidence(cast.clients)
	r := result{
		report: verdict.Check(snapshot, evidence), harm: n.harm, seed: p.seed, clients: len(cast.clients),
		conversations: len(snapshot.Conversations), events: len(snapshot.Events), took: time.Since(began),
	}
	r.acks, r.repeats = world.Ledger.Acked()
	r.files, r.tickets = world.Ledger.Brought(), world.Ledger.Tickets()
	if r.acks == 0 {
		return r, errors.New("nothing was acknowledged: the run proves nothing")
	}
	return r, nil
}

// cast is the clients of a run.
type cast struct {
	clients []client.Client
	writing sync.WaitGroup
}

// What clients may do: listen until their context ends, write until the world halts.
type (
	listener interface{ Run(ctx context.Context) }
	scribe   interface{ Write(ctx context.Context) }
)

// start lets everybody begin; the function it returns ends those who listen.
func (c *cast) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	for _, one := range c.clients {
		if l, ok := one.(listener); ok {
			listening.Go(func() { l.Run(ctx) })
		}
		if w, ok := one.(scribe); ok {
			c.writing.Go(func() { w.Write(ctx) })
		}
	}
	return sync.OnceFunc(func() {
		cancel()
		listening.Wait()
	})
}

// finish waits until everybody's last message is answered.
func (c *cast) finish(ctx context.Context, patience time.Duration, ledger *client.Ledger) {
	done := make(chan struct{})
	go func() {
		c.writing.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	case <-time.After(patience):
		ledger.Fault(verdict.Acked, fmt.Sprintf("messages are without an answer %v after the last kill", patience))
	}
}

// settle waits until the server has done all that nobody waits for, lets a
// part of the consoles fetch everything anew, and waits until every
// subscriber has come to the end.
func (c *cast) settle(ctx context.Context, database string, patience time.Duration, world *client.World) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reload := true
	for last := uint64(0); ctx.Err() == nil; wait(ctx, 250*time.Millisecond) {
		p, err := verdict.Look(ctx, database)
		quiet := err == nil && p.Quiet() && p.Feed == last
		last = p.Feed
		if !quiet {
			continue
		}
		if reload {
			reload = false
			c.reload()
			continue
		}
		if c.arrived(ctx, database, p.Feed) {
			return
		}
	}
	world.Ledger.Fault(verdict.Streams, fmt.Sprintf("not everything was settled %v after the last message", patience))
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// reload makes every other console fetch everything anew.
func (c *cast) reload() {
	for i, one := range c.clients {
		if r, ok := one.(interface{ Reload() }); ok && i%2 == 0 {
			r.Reload()
		}
	}
}

// arrived reports whether everybody was sent all there is.
func (c *cast) arrived(ctx context.Context, database string, feed uint64) bool {
	var visitors map[string]uint64
	for _, one := range c.clients {
		counts, ok := one.(interface{ Count() uint64 })
		if !ok {
			continue
		}
		want := feed
		if v, ok := one.(interface{ Session() string }); ok {
			if visitors == nil {
				s, err := verdict.Read(ctx, database)
				if err != nil {
					return false
				}
				visitors = s.Public()
			}
			want = visitors[v.Session()]
		}
		if counts.Count() < want {
			return false
		}
	}
	return true
}

// folders makes the folders of a run.
func (p plan) folders() (data string, log *os.File, err error) {
	data = filepath.Join(p.dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", nil, fmt.Errorf("make the data folder: %w", err)
	}
	log, err = os.Create(filepath.Join(p.dir, "server.log"))
	if err != nil {
		return "", nil, fmt.Errorf("make the log: %w", err)
	}
	return data, log, nil
}
