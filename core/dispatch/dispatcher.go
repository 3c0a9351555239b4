package dispatch

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Config is what a Dispatcher needs. Zero durations take the defaults.
type Config struct {
	Store     Store
	Announcer Announcer
	Now       func() time.Time
	Log       *slog.Logger
	Policy    Policy // of workspaces until their plan is read
	Plans     Plans  // nil = Policy is that of every workspace
	Hours     Hours  // nil = queues are always open
	Node      string // names this process among those at the store; "" = there is no other

	Lease    time.Duration // how long a heartbeat holds; default 30 s (three heartbeats of 10 s)
	Grace    time.Duration // how long a member stays after the last tab closed; default 10 s
	Exclude  time.Duration // how long an item is kept from the agent who lost it; default 60 s
	Announce time.Duration // the shortest time between two announcements of a workspace; default 250 ms
	Shadow   time.Duration // between two comparisons with the database; default 60 s
	Term     time.Duration // how long a node that says nothing counts as alive; default 10 s
}

func (c Config) withDefaults() Config {
	fill := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	fill(&c.Lease, 30*time.Second)
	fill(&c.Grace, 10*time.Second)
	fill(&c.Exclude, 60*time.Second)
	fill(&c.Announce, 250*time.Millisecond)
	fill(&c.Shadow, 60*time.Second)
	fill(&c.Term, 10*time.Second)
	return c
}

// Dispatcher runs an Engine and a Presence for every workspace. Of several nodes
// at one store one leads each workspace: it decides, announces, and takes back
// what is lost; the others listen, and take over when it is gone (see Terms).
//
// Concurrency: all methods may be called from anywhere. Those that tell
// (Signal, Beat, Leave) never block on the store. Each workspace has one
// goroutine, which alone changes its index and claims; an assignment is
// announced to nobody before its claim committed.
//
// Lifecycle: what is told before Run is kept and taken up by Run. Run reads
// every workspace from the store, then works until its context ends; it
// finishes the claims in flight and returns. While the store fails, a
// workspace keeps its state, goes on with heartbeats and places, and tries
// again with growing pauses.
type Dispatcher struct {
	config Config

	mu     sync.Mutex
	shards map[identity.WorkspaceID]*shard
	start  func(*shard) // nil unless running
	ended  bool
}

// New returns a Dispatcher.
func New(c Config) *Dispatcher {
	return &Dispatcher{config: c.withDefaults(), shards: map[identity.WorkspaceID]*shard{}}
}

// Run dispatches until ctx ends. It must be called once.
func (d *Dispatcher) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { d.live(ctx) })
	d.mu.Lock()
	d.start = func(s *shard) {
		ctx, end := context.WithCancel(ctx)
		s.end = end
		wg.Go(func() { defer end(); s.run(ctx) })
	}
	for _, s := range d.shards {
		d.start(s)
	}
	d.mu.Unlock()
	d.discover(ctx)
	<-ctx.Done()
	d.mu.Lock()
	d.start, d.ended = nil, true
	d.mu.Unlock()
	wg.Wait()
	d.resign(ctx)
	return nil
}

// discover starts a shard for every workspace of the store.
func (d *Dispatcher) discover(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		list, err := d.config.Store.Workspaces(ctx)
		if err == nil {
			for _, ws := range list {
				d.shard(ws)
			}
			return
		}
		d.config.Log.WarnContext(ctx, "dispatch cannot list the workspaces", "retry_in", pause, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// shard returns the workspace's shard, making and starting it if need be.
func (d *Dispatcher) shard(ws identity.WorkspaceID) *shard {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.shards[ws]
	if s == nil {
		s = newShard(d.config, ws)
		d.shards[ws] = s
		switch {
		case d.ended:
			s.close()
		case d.start != nil:
			d.start(s)
		}
	}
	return s
}

// Forget ends the work on a workspace that is no more. It is forgotten until
// something is told of it again.
func (d *Dispatcher) Forget(ws identity.WorkspaceID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.shards[ws]; s != nil && s.end != nil {
		s.end()
		delete(d.shards, ws)
	}
}

// Signal is what something committed means to dispatch. It is a hint: whatever
// it says is checked by the claim, and whatever it forgets is found by the
// shadow check, so it may come late, twice or not at all.
type Signal struct {
	Gone   []Key               // waits no more and nobody has it: resolved, asleep
	Given  []Key               // waits no more: accepted, assigned by hand
	Waits  []Item              // waits in the queue (again)
	Agents []identity.MemberID // load, capacity or right to work may be another; a new member is one

	Offers   []Offer   // is offered to a member
	Refused  []Refusal // the member does not want it; it comes before what else the signal says
	Settings bool      // how the workspace gives out work may be another, and when its queues are open
	Plan     bool      // another plan may be in force: everything is read from the store
}

func (s Signal) size() int {
	return len(s.Gone) + len(s.Given) + len(s.Waits) + len(s.Agents) + len(s.Offers) + len(s.Refused)
}

// Signal tells what may have changed, in the order in which it did. The rows
// of members are read from the store.
func (d *Dispatcher) Signal(ws identity.WorkspaceID, signals ...Signal) {
	if len(signals) > 0 {
		d.shard(ws).post(signals)
	}
}

// Beat renews a member's lease by one of their tabs (any id that is unique
// while the tab is open). The first makes them come.
func (d *Dispatcher) Beat(ws identity.WorkspaceID, member identity.MemberID, tab string) {
	d.shard(ws).attendance(func(p *Presence) { p.Beat(member, tab, d.config.Now()) })
}

// Leave tells that a tab is gone.
func (d *Dispatcher) Leave(ws identity.WorkspaceID, member identity.MemberID, tab string) {
	d.shard(ws).attendance(func(p *Presence) { p.Leave(member, tab, d.config.Now()) })
}

// MaxReason bounds why somebody is away, in characters.
const MaxReason = 60

// Choose sets what a member wants to be, Available or Away, and why away: text
// for colleagues, at most MaxReason characters. It returns once the choice is
// stored: errs.Absent for an unknown member, Unavailable while the store fails
// or the dispatcher does not run.
func (d *Dispatcher) Choose(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID, status Status, reason string) error {
	if !status.Valid() {
		return errs.New(errs.Invalid, "presence.status", "status must be available or away.").
			WithFields(errs.Field{Pointer: "/status", Code: "enum", Detail: "must be available or away"})
	}
	if err := checkReason(status, reason); err != nil {
		return err
	}
	return d.shard(ws).choose(ctx, choice{member: member, status: status, reason: reason})
}

// Ready ends a member's wrap-up: they may be given work again. None is no
// error. It returns as Choose does.
func (d *Dispatcher) Ready(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID) error {
	return d.shard(ws).choose(ctx, choice{member: member})
}

func checkReason(status Status, reason string) error {
	wrong := func(code, detail string) error {
		return errs.New(errs.Invalid, "presence.reason", "The reason is not accepted.").
			WithFields(errs.Field{Pointer: "/reason", Code: code, Detail: detail})
	}
	switch {
	case reason == "":
		return nil
	case status != Away:
		return wrong("not_away", "goes with the status away only")
	case !utf8.ValidString(reason) || strings.ContainsFunc(reason, identity.Deceptive):
		return wrong("invalid_character", "holds control characters, or is not valid text (UTF-8)")
	case utf8.RuneCountInString(reason) > MaxReason:
		return wrong("too_long", "has more than "+strconv.Itoa(MaxReason)+" characters")
	default:
		return nil
	}
}

func errUnavailable(cause error) *errs.Error {
	return errs.Wrap(cause, errs.Unavailable, "dispatch.unavailable", "Work cannot be distributed at this moment. Try again shortly.")
}

// Position returns how an item stands in its queue: place 1 = next, 0 = it does
// not wait; whether anybody is available who may serve it; and when its queue
// opens, if it is closed.
func (d *Dispatcher) Position(ws identity.WorkspaceID, key Key) Position {
	s := d.shard(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.Stands(key)
}

// ExpectedWait returns how long somebody who comes to a queue now will wait; see
// Engine.ExpectedWait.
func (d *Dispatcher) ExpectedWait(ws identity.WorkspaceID, queue string) (time.Duration, bool) {
	s := d.shard(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.ExpectedWait(queue)
}

// Adopt changes a workspace's policy. It is forgotten with the process, or when
// Plans says another plan than before.
func (d *Dispatcher) Adopt(ws identity.WorkspaceID, policy Policy) {
	s := d.shard(ws)
	s.mu.Lock()
	s.engine.Adopt(policy)
	s.mu.Unlock()
	s.nudge()
}

// Available reports whether anybody is available who may serve a class of items.
func (d *Dispatcher) Available(ws identity.WorkspaceID, class Class) bool {
	s := d.shard(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.Available(class)
}

// Presence returns every member whom dispatch knows, by id.
func (d *Dispatcher) Presence(ws identity.WorkspaceID) []AgentStatus {
	s := d.shard(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []AgentStatus{}
	for _, a := range s.engine.Agents() {
		out = append(out, s.statusOf(a))
	}
	return out
}

// Status returns a member's effective status; Offline for one who may not be
// given work. Until the workspace has been read after a start it does not know
// who is there and waits, so that nobody is taken for absent because the
// server was: its error is the context's, or Unavailable after the end.
func (d *Dispatcher) Status(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID) (Status, error) {
	s := d.shard(ws)
	select {
	case <-s.ready:
	case <-s.closed:
		return "", errUnavailable(nil)
	case <-ctx.Done():
		return "", ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.engine.Agent(member); !known {
		return Offline, nil
	}
	return s.presence.Status(member), nil
}

// Leads reports whether this node decides for a workspace, as far as it knows.
func (d *Dispatcher) Leads(ws identity.WorkspaceID) bool {
	s := d.shard(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leading
}

// Load is what stands in the workspaces that this node decides for.
type Load struct {
	Waiting   int       // without what rings
	Available int       // agents given work
	Oldest    time.Time // arrival of what has waited the longest, ringing or not, tickets aside; zero = nothing does
}

// Stats counts over all workspaces, since New.
type Stats struct {
	Waiting   int // items in the queue now
	Available int // agents given work now
	Led       Load

	Assigned uint64 // claims that succeeded
	Refused  uint64 // claims that the store refused: somebody else was faster
	// Unanswered counts offers taken back because nobody answered.
	Unanswered uint64

	Returned uint64 // items taken back from agents who disappeared
	Healed   uint64 // differences found by the shadow check
	Failures uint64 // calls of the store that failed
}

func (l *Load) add(o Load) {
	l.Waiting += o.Waiting
	l.Available += o.Available
	if l.Oldest.IsZero() || !o.Oldest.IsZero() && o.Oldest.Before(l.Oldest) {
		l.Oldest = o.Oldest
	}
}

// Stats returns the counters.
func (d *Dispatcher) Stats() Stats {
	d.mu.Lock()
	shards := make([]*shard, 0, len(d.shards))
	for _, s := range d.shards {
		shards = append(shards, s)
	}
	d.mu.Unlock()
	var sum Stats
	for _, s := range shards {
		s.mu.Lock()
		if s.leading {
			sum.Led.add(Load{s.engine.Len(), s.presence.Available(), s.engine.Oldest()})
		}
		sum.Waiting += s.engine.Len()
		sum.Available += s.presence.Available()
		sum.Assigned += s.stats.Assigned
		sum.Refused += s.stats.Refused
		sum.Returned += s.stats.Returned
		sum.Unanswered += s.stats.Unanswered
		sum.Healed += s.stats.Healed
		sum.Failures += s.stats.Failures
		s.mu.Unlock()
	}
	return sum
}
