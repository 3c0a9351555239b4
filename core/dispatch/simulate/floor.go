package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

var start = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // 0 of every run

// keptFor is how long a customer is kept from an agent who lost them.
const keptFor = time.Minute

// floor is a run: everybody who is there, and what the dispatcher was told.
type floor struct {
	Scenario
	way  string
	plan dispatch.Plan
	d    Dispatcher
	events
	now, warm, length, end time.Duration

	queues    []*stream
	agents    []*worker
	byMember  map[identity.MemberID]*worker
	customers []*customer
	open      int           // customers who came and are not through
	wake      time.Duration // when the dispatcher is asked next, if nothing happens before
	quarters  []*quarter
}

// stream is a queue and who came to it.
type stream struct {
	Queue
	class   dispatch.Class
	ladder  []dispatch.Rung
	channel dispatch.Channel
	comes   *rand.Rand
	needs   *rand.Rand
	known   []*worker   // who may serve it, for stickiness
	all     []*customer // by arrival
	oldest  int         // nobody before this index waits
	tally
}

// worker is an agent.
type worker struct {
	dispatch.Agent
	staff    *Staff
	has      map[*customer]struct{}
	vanished bool // whatever the dispatcher believes, nobody answers
	noticed  bool // the dispatcher knows

	counted time.Duration // the following are of the time until then
	there   time.Duration
	busy    float64 // seconds, times the share of the budget in use
	served  int
	working bool
}

func newFloor(s Scenario, way Way) *floor {
	f := &floor{
		Scenario: s, way: way.Name, plan: way.Plan, d: way.New(), byMember: map[identity.MemberID]*worker{},
		warm: s.WarmUp.Duration(), length: s.Length.Duration(), end: 2 * s.Length.Duration(),
	}
	for i := range s.Staff {
		f.hire(&s.Staff[i])
	}
	for i, q := range s.Queues {
		f.begin(i, q)
	}
	for _, a := range s.Arrivals {
		f.book(a.At.Duration(), func() error { f.arrive(f.stream(a.Queue), a); return nil })
	}
	for i, o := range s.Outages {
		f.book(o.At.Duration(), func() error { f.strike(i, o); return nil })
	}
	f.measure()
	return f
}

func (f *floor) time() time.Time { return start.Add(f.now) }

// hire adds the agents of a staff, and plans their shifts.
func (f *floor) hire(s *Staff) {
	profile := dispatch.AbilitiesOf(s.Groups, s.Skills.list())
	for range max(s.Count, 1) {
		a := &worker{staff: s, has: map[*customer]struct{}{}, Agent: dispatch.Agent{
			Member: identity.MemberID(fmt.Sprintf("agent-%04d", len(f.agents)+1)), Profile: profile,
			Capacity: max(s.Budget, 1), Limits: s.limits(f.plan.Limits()), IdleSince: start,
		}}
		f.agents = append(f.agents, a)
		f.byMember[a.Member] = a
		f.appear(a)
		for _, sh := range s.Shifts {
			for _, at := range []Seconds{sh.From, sh.To} {
				f.book(at.Duration(), func() error { f.appear(a); return nil })
			}
		}
	}
}

// begin opens a queue.
func (f *floor) begin(number int, q Queue) {
	s := &stream{
		Queue: q, class: q.class(), ladder: q.ladder(), channel: q.channel(),
		comes: dice(f.Seed, diceArrivals, number), needs: dice(f.Seed, diceNeeds, number),
	}
	for _, a := range f.agents {
		if (dispatch.BySkill{}).May(a.Profile, s.class) {
			s.known = append(s.known, a)
		}
	}
	f.queues = append(f.queues, s)
	f.expect(s, 0)
}

func (f *floor) stream(name string) *stream {
	for _, s := range f.queues {
		if s.Name == name {
			return s
		}
	}
	return nil // Check has seen to it
}

// expect plans a queue's next customer.
func (f *floor) expect(s *stream, after time.Duration) {
	if at, ok := s.Traffic.next(s.comes, after, f.length); ok {
		f.book(at, func() error {
			f.arrive(s, Arrival{})
			f.expect(s, at)
			return nil
		})
	}
}

// appear makes an agent be at work or not, as the shifts and outages say.
func (f *floor) appear(a *worker) {
	f.count(a)
	on := a.staff.on(f.now)
	a.working = on && !a.vanished
	status := dispatch.Offline
	if on && !a.noticed {
		status = dispatch.Available
	}
	if status == dispatch.Available && a.Status != status {
		a.IdleSince = f.time()
	}
	a.Status = status
	f.d.Set(a.Agent)
}

// count adds up what an agent did since it was counted last.
func (f *floor) count(a *worker) {
	from, to := max(a.counted, f.warm), min(f.now, f.length)
	if a.working && to > from {
		share := float64(a.Used) / float64(a.Capacity)
		if a.Exclusive {
			share = 1
		}
		a.there += to - from
		a.busy += share * (to - from).Seconds()
	}
	a.counted = f.now
}

// strike makes agents vanish.
func (f *floor) strike(number int, o Outage) {
	r := dice(f.Seed, diceOutages, number)
	for _, a := range f.agents {
		if hit := r.Float64() < o.Share; !hit || a.vanished || !a.staff.on(f.now) {
			continue
		}
		f.count(a)
		a.vanished, a.working = true, false
		for c := range a.has {
			c.visit++               // nothing that was planned with this agent happens
			if c.state != through { // one who left while it rang stays away
				c.state = ringing
			}
		}
		f.book(f.now+o.Lease.Duration(), func() error { f.notice(a); return nil })
		if o.For > 0 {
			f.book(f.now+o.For.Duration(), func() error {
				a.vanished, a.noticed = false, false
				f.appear(a)
				return nil
			})
		}
	}
}

// notice takes the work of a vanished agent back.
func (f *floor) notice(a *worker) {
	a.noticed = true
	f.appear(a)
	theirs := slices.SortedFunc(maps.Keys(a.has), func(c, o *customer) int { return cmp.Compare(c.ID, o.ID) }) // as they came
	for _, c := range theirs {
		f.takeBack(c)
	}
}

// decide asks the dispatcher, and again when it wants to be asked.
func (f *floor) decide() error {
	for _, as := range f.d.Decide(f.time(), math.MaxInt) {
		if err := f.give(as); err != nil {
			return err
		}
	}
	if t, ok := f.d.Next(); ok {
		at := max(t.Sub(start), f.now+time.Millisecond)
		if f.wake <= f.now || at < f.wake {
			f.wake = at
			f.book(at, func() error { return nil })
		}
	}
	return nil
}
