package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// Kind is what customers are to the dispatcher.
const Kind dispatch.Kind = "conversation"

// state is where a customer is.
type state uint8

const (
	waiting state = iota
	ringing       // with an agent who has not answered
	talking
	through // served, or left
)

// customer is one who came.
type customer struct {
	dispatch.Item
	queue    *stream
	index    int // in queue.all
	counts   bool
	arrived  time.Duration
	handling time.Duration

	state    state
	agent    *worker
	visit    int // number of the stay with an agent: what was planned for another does not happen
	rings    *rand.Rand
	kept     []keep
	answered bool
	friend   *worker       // the agent who knows them; nil = nobody does
	met      bool          // was given to the friend first
	waited   time.Duration // until the first answer
	back     time.Duration // when taken back from an agent and not given again; -1 = was not
}

// keep is an agent from whom a customer is kept.
type keep struct {
	agent *worker
	until time.Duration
}

// arrive brings a customer: drawn, where the arrival does not say.
func (f *floor) arrive(s *stream, known Arrival) {
	handling, patience := s.Handling.draw(s.needs), seconds(s.needs.ExpFloat64()*float64(s.Patience))
	knows := s.needs.Float64() < s.Known
	friend := s.needs.Float64()
	if known.Handling > 0 {
		handling = known.Handling.Duration()
	}
	patience += known.Waited.Duration()
	if known.Patience > 0 {
		patience = known.Patience.Duration()
	}
	number := len(f.customers)
	c := &customer{
		queue: s, index: len(s.all), arrived: f.now, handling: max(handling, time.Millisecond), back: -1,
		counts: f.now >= f.warm,
		Item: dispatch.Item{
			Key: dispatch.Key{Kind: Kind, ID: fmt.Sprintf("%08d", number)}, Queue: s.Name, Class: s.class, Channel: s.channel,
			WaitingSince: f.time(), Target: s.Target.Duration(), Value: max(s.Value, known.Value), Ladder: s.ladder,
		},
	}
	if knows && len(s.known) > 0 {
		c.friend = s.known[int(friend*float64(len(s.known)))]
		c.Sticky = c.friend.Member
	}
	c.Item = f.plan.Shape(c.Item)
	c.Exclusive = c.Exclusive || s.Exclusive
	f.customers = append(f.customers, c)
	s.all = append(s.all, c)
	f.open++
	f.d.Wait(c.Item)
	if s.Patience > 0 || known.Patience > 0 {
		f.book(f.now+patience, func() error { f.despair(c); return nil })
	}
}

// despair makes a customer leave, unless somebody has answered.
func (f *floor) despair(c *customer) {
	switch {
	case c.answered || c.state == through:
		return
	case c.state == waiting:
		f.d.Gone(c.Key)
	}
	// One that rings goes on ringing: the agent is not told.
	c.state = through
	f.open--
}

// give carries out an assignment, after it was seen to be one that may be.
func (f *floor) give(as dispatch.Assignment) error {
	c, a, err := f.lawful(as)
	if err != nil {
		return err
	}
	f.count(a)
	a.Agent = with(a.Agent, c.Item, +1)
	a.IdleSince = f.time()
	a.has[c] = struct{}{}
	f.d.Set(a.Agent)
	c.agent, c.state = a, ringing
	c.met = c.met || c.visit == 0 && c.friend == a
	c.visit++
	if c.back >= 0 {
		c.queue.reoffer(c, f.now-c.back)
		c.back = -1
	}
	f.passedOver(c)
	visit := c.visit
	if a.vanished {
		return nil // until it is noticed
	}
	if f.Offers.Missed > 0 {
		if c.rings == nil {
			number, _ := strconv.Atoi(c.ID)
			c.rings = dice(f.Seed, diceRings, number)
		}
		if c.rings.Float64() < f.Offers.Missed {
			f.book(f.now+f.Offers.Ring.Duration(), func() error { f.miss(c, visit); return nil })
			return nil
		}
	}
	f.answer(c)
	f.book(f.now+c.handling, func() error { f.finish(c, a, visit); return nil })
	return nil
}

// answer begins the talk.
func (f *floor) answer(c *customer) {
	c.state = talking
	if !c.answered {
		c.answered, c.waited = true, f.now-c.arrived
	}
}

// lawful refuses an assignment that no dispatcher may make.
func (f *floor) lawful(as dispatch.Assignment) (*customer, *worker, error) {
	number, err := strconv.Atoi(as.Item.ID)
	if err != nil || number < 0 || number >= len(f.customers) {
		return nil, nil, broken("gave " + as.Item.ID + ", who never came")
	}
	c, a := f.customers[number], f.byMember[as.Member]
	wrong := func(what string) error {
		return broken(fmt.Sprintf("%s: gave customer %s of %s to %s, %s, at %s", f.way, c.ID, c.queue.Name, as.Member, what, f.now))
	}
	switch {
	case c.state != waiting:
		return nil, nil, wrong("who does not wait")
	case a == nil:
		return nil, nil, wrong("who does not work here")
	case !fits(a.Agent, c.Item):
		return nil, nil, wrong("who has no room or is not there")
	case !as.Item.WaitingSince.Equal(c.WaitingSince):
		return nil, nil, wrong("with another arrival than their own")
	case !f.able(a, c):
		return nil, nil, wrong("who may not serve them")
	case c.keptFrom(a, f.now):
		return nil, nil, wrong("from whom they are kept")
	}
	return c, a, nil
}

// able reports whether an agent may serve a customer now.
func (f *floor) able(a *worker, c *customer) bool {
	match := dispatch.BySkill{}
	if match.May(a.Profile, c.Class) {
		return true
	}
	for _, class := range c.Reached(f.time()) {
		if match.May(a.Profile, class) {
			return true
		}
	}
	return false
}

// passedOver counts an assignment that left an older one of the same queue and
// value waiting whom the same agent could have been given.
func (f *floor) passedOver(c *customer) {
	s := c.queue
	for s.oldest < len(s.all) && s.all[s.oldest].state != waiting {
		s.oldest++
	}
	for i := s.oldest; i < c.index; i++ {
		if o := s.all[i]; o.state == waiting && o.Value == c.Value && !f.reserved(o, c.agent) {
			s.passed++
			return
		}
	}
}

// reserved reports whether a customer is kept from an agent, or for another.
func (f *floor) reserved(c *customer, a *worker) bool {
	if c.Sticky != "" && c.Sticky != a.Member && f.now < c.arrived+c.StickyFor {
		return true
	}
	return c.keptFrom(a, f.now)
}

func (c *customer) keptFrom(a *worker, now time.Duration) bool {
	return slices.ContainsFunc(c.kept, func(k keep) bool { return k.agent == a && k.until > now })
}

// put takes a customer away from their agent.
func (f *floor) put(c *customer, a *worker) {
	f.count(a)
	delete(a.has, c)
	a.Agent = with(a.Agent, c.Item, -1)
	a.IdleSince = f.time()
}

func (f *floor) finish(c *customer, a *worker, visit int) {
	if c.visit != visit {
		return
	}
	f.put(c, a)
	f.d.Set(a.Agent)
	a.served++
	c.state, c.agent = through, nil
	f.open--
}

// miss ends a ring that nobody answered.
func (f *floor) miss(c *customer, visit int) {
	if c.visit != visit {
		return
	}
	c.queue.missed++
	f.takeBack(c)
}

// takeBack makes a customer wait again, with their first arrival, and keeps
// them from the agent for a while. One who left meanwhile stays away.
func (f *floor) takeBack(c *customer) {
	a := c.agent
	f.put(c, a)
	c.agent = nil
	c.visit++
	if c.state != through {
		c.state, c.back = waiting, f.now
		c.kept = append(c.kept, keep{a, f.now + keptFor})
		c.queue.oldest = min(c.queue.oldest, c.index)
		f.d.Exclude(c.Key, a.Member, start.Add(f.now+keptFor))
		f.d.Wait(c.Item)
	}
	f.d.Set(a.Agent)
}
