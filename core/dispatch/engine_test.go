package dispatch_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// player drives an engine and the model by a string of numbers, and compares.
type player struct {
	tb
	next   func(n int, what string) int
	engine *dispatch.Engine
	model  *model
	now    time.Time
	told   map[dispatch.Key]dispatch.Position
}

func newPlayer(t tb, next func(n int, what string) int) *player {
	p := &player{tb: t, next: next, now: epoch, told: map[dispatch.Key]dispatch.Position{}}
	policy := drawPolicy(next)
	p.engine, p.model = dispatch.NewEngine(policy), newModel(policy)
	return p
}

var epoch = time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)

func key(n int) dispatch.Key { return dispatch.Key{Kind: "conversation", ID: fmt.Sprintf("c%02d", n)} }

func agentID(n int) identity.MemberID { return identity.MemberID(fmt.Sprintf("m%02d", n)) }

func (p *player) step() {
	k, m := key(p.next(12, "item")), agentID(p.next(5, "agent"))
	switch p.next(13, "op") {
	case 0, 1:
		it := p.item(k)
		p.engine.Wait(it)
		p.model.items[k] = it
		delete(p.model.ringing, k)
	case 2:
		p.engine.Gone(k)
		delete(p.model.items, k)
		delete(p.model.ringing, k)
	case 3, 4: // comes, changes
		a := p.agent(m)
		p.engine.Set(a)
		p.model.agents[m] = &a
	case 5:
		p.engine.Remove(m)
		delete(p.model.agents, m)
		delete(p.model.turns, m)
	case 6:
		until := p.now.Add(time.Duration(p.next(4, "until")) * time.Second)
		p.engine.Exclude(k, m, until)
		if id := k.ID + string(m); until.After(p.model.excluded[id]) {
			p.model.excluded[id] = until
		}
	case 7:
		p.now = p.now.Add(time.Duration(p.next(3000, "ms")) * time.Millisecond)
	case 8:
		p.moved(1 + p.next(8, "budget"))
	case 9:
		q, closed := []string{"", "q1", "q2"}[p.next(3, "queue")], p.next(2, "closed") == 0
		p.engine.Hold(q, closed, time.Time{})
		p.model.closed[q] = closed && q != ""
	case 10:
		if p.next(3, "adopt") == 0 {
			p.model.policy = drawPolicy(p.next)
			p.engine.Adopt(p.model.policy)
		}
	case 11:
		p.model.offers = p.next(2, "offers") == 0
		p.engine.Offers(p.model.offers)
	case 12:
		p.ring(k)
	}
	p.places()
	if p.next(3, "decide") > 0 {
		p.decide(1 + p.next(4, "limit"))
	}
}

// ring offers an item, or ends its offer.
func (p *player) ring(k dispatch.Key) {
	if p.next(2, "hush") == 0 {
		p.engine.Hush(k)
		delete(p.model.ringing, k)
		return
	}
	it := p.item(k)
	p.engine.Ring(it)
	p.model.ringing[k] = it
	delete(p.model.items, k)
}

// item draws an item that arrives, now or a while ago.
func (p *player) item(k dispatch.Key) dispatch.Item {
	it := drawShape(p.next)
	it.Key, it.Class, it.WaitingSince = k, p.class(), p.now.Add(-time.Duration(p.next(3, "ago"))*time.Second)
	if p.next(4, "sticky") == 0 {
		it.Sticky, it.StickyFor = agentID(p.next(5, "to")), time.Duration(1+p.next(5000, "for"))*time.Millisecond
	}
	for range p.next(3, "rungs") {
		it.Ladder = append(it.Ladder, dispatch.Rung{After: time.Duration(p.next(5000, "after")) * time.Millisecond, Class: p.class()})
	}
	return it
}

func (p *player) class() dispatch.Class {
	return []dispatch.Class{"", "a", "a|b", "a de:3", "de:2"}[p.next(5, "class")]
}

// agent draws an agent, who has something or nothing.
func (p *player) agent(m identity.MemberID) dispatch.Agent {
	a := dispatch.Agent{
		Member: m, Profile: []dispatch.Profile{"", "a", "b de:2", "a de:5"}[p.next(4, "profile")],
		Status:   []dispatch.Status{dispatch.Available, dispatch.Away, dispatch.Offline, dispatch.Available}[p.next(4, "status")],
		Capacity: p.next(5, "capacity"), IdleSince: p.now.Add(-time.Duration(p.next(3, "idle")) * time.Second),
	}
	a.Limits = drawLimits(p.next)
	for _, c := range []dispatch.Channel{dispatch.Chat, dispatch.Mail, dispatch.Voice, dispatch.Ticket} {
		a.Has[c] = max(p.next(4, "has")-2, 0)
		a.Used += a.Has[c] * (1 + p.next(2, "weight of each"))
	}
	a.Exclusive = a.Has[dispatch.Voice] > 0 && p.next(2, "holds") == 0
	if n := p.next(6, "wrap-up"); n > 3 {
		a.WrapUpUntil = p.now.Add(time.Duration(n-3) * time.Second)
	}
	a.Ringing = p.next(6, "ringing") == 0
	return a
}

func (p *player) decide(limit int) {
	p.Helper()
	before := p.model.sorted()
	if got, want := p.engine.Rest(p.now), p.model.rest(p.now); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		p.Fatalf("the wrap-ups of %v are over, want %v", got, want)
	}
	if at, ok := p.engine.NextRest(); ok && !at.After(p.now) {
		p.Fatalf("a wrap-up ended at %v, and it is %v", at, p.now)
	}
	got := p.engine.Decide(p.now, limit)
	pairs := make([]string, 0, len(got))
	for _, as := range got {
		pairs = append(pairs, fmt.Sprint(as.Item.ID, "→", as.Member))
	}
	if want := p.model.decide(p.now, limit); !slices.Equal(pairs, want) {
		p.Fatalf("decided %v, want %v\nof %v", pairs, want, before)
	}
	p.timers()
	for _, as := range got {
		p.kept(as)
	}
	if len(got) > 0 && p.next(4, "undo") == 0 {
		p.undo(got[len(got)-1])
	}
}

// kept checks that an assignment passed no bound: I9.
func (p *player) kept(as dispatch.Assignment) {
	p.Helper()
	a, ok := p.engine.Agent(as.Member)
	limit, items := a.Limits[as.Item.Channel], 0
	for _, n := range a.Has {
		items += n
	}
	if !ok || a.Used > a.Capacity || a.WrapUpUntil.After(p.now) || limit < 0 || limit > 0 && a.Has[as.Item.Channel] > limit ||
		as.Item.Channel != dispatch.Ticket && a.Ringing != p.model.offers || a.Exclusive && items > 1 || as.Item.Exclusive && !a.Exclusive {
		p.Fatalf("assigned %+v to %+v", as, a)
	}
}

// timers checks that the engine is woken when time changes something.
func (p *player) timers() {
	p.Helper()
	want, has := p.model.next()
	got, ok := p.engine.Next()
	if has && (!ok || got.After(want)) {
		p.Fatalf("the engine wants to wake at %v (%v), and something changes at %v", got, ok, want)
	}
	if ok && !got.After(p.model.now) {
		p.Fatalf("the engine wants to wake at %v, and it is %v", got, p.model.now)
	}
}

// undo takes the last assignment back, in the engine and in the model.
func (p *player) undo(as dispatch.Assignment) {
	p.engine.Undo(as, true)
	a, _ := p.engine.Agent(as.Member)
	p.model.items[as.Item.Key] = as.Item
	delete(p.model.ringing, as.Item.Key)
	*p.model.agents[as.Member] = a
}

// places compares the index with the model: I10.
func (p *player) places() {
	p.Helper()
	want := p.model.positions()
	if p.engine.Len() != len(p.model.items) {
		p.Fatalf("%d items wait, want %d", p.engine.Len(), len(p.model.items))
	}
	for k, w := range want {
		got := p.engine.Stands(k)
		if wait := got.Wait; wait != 0 && (!got.Available || got.Closed || !slices.Contains(shownWaits, wait)) {
			p.Fatalf("%v is at %+v, which cannot be", k, got)
		}
		if got.Wait = 0; got != w {
			p.Fatalf("%v is at %+v, want %+v", k, got, w)
		}
	}
}

// moved takes the news of places, as whoever tells the customers would.
func (p *player) moved(budget int) {
	for _, pos := range p.engine.Moved(budget) {
		if known, ok := p.told[pos.Key]; known == pos || pos.Place == 0 && !ok {
			p.Fatalf("told %v twice", pos)
		}
		if pos.Place == 0 {
			delete(p.told, pos.Key)
		} else {
			p.told[pos.Key] = pos
		}
	}
}

// settle checks that everybody ends up knowing their place, and whether there
// is anybody to hope for.
func (p *player) settle() {
	p.Helper()
	p.now = p.now.Add(5 * time.Second) // the longest that places may lag behind time
	p.decide(100)
	for range 100 {
		if !p.engine.Unsettled() {
			break
		}
		p.moved(4)
	}
	for k, pos := range p.told {
		pos.Wait = 0
		p.told[k] = pos
	}
	if want := p.model.positions(); !maps.Equal(p.told, want) {
		p.Fatalf("told %v, want %v", p.told, want)
	}
}

func TestEngineAgainstModel(t *testing.T) {
	t.Parallel()
	for range 4 { // a second of work
		rapid.Check(t, playAgainstModel)
	}
}

func playAgainstModel(t *rapid.T) {
	p := newPlayer(t, func(n int, what string) int { return rapid.IntRange(0, n-1).Draw(t, what) })
	for range rapid.IntRange(1, 120).Draw(t, "steps") {
		p.step()
	}
	p.decide(100)
	p.settle()
}

// One free agent, two lines: the first of one line is excluded, the second of
// it is younger than the first of the other line, which goes first.
func TestExclusionDoesNotLetTheYoungPass(t *testing.T) {
	t.Parallel()
	e := dispatch.NewEngine(dispatch.Policy{})
	for i, weight := range []int{1, 2, 1} {
		e.Wait(dispatch.Item{Key: key(i), Weight: weight, WaitingSince: epoch.Add(time.Duration(i) * time.Second)})
	}
	e.Exclude(key(0), agentID(1), epoch.Add(time.Hour))
	e.Set(dispatch.Agent{Member: agentID(1), Status: dispatch.Available, Capacity: 2})
	got := e.Decide(epoch, 10)
	if len(got) != 1 || got[0].Item.Key != key(1) {
		t.Fatalf("decided %v, want %v", got, key(1))
	}
	if at, ok := e.Next(); !ok || at.After(epoch.Add(time.Hour)) {
		t.Fatalf("next is %v, %v", at, ok)
	}
}

// An agent who gained room and lost some of it before the decision is still news.
func TestRoomThatShrankBeforeTheDecision(t *testing.T) {
	t.Parallel()
	e := dispatch.NewEngine(dispatch.Policy{Match: dispatch.BySkill{}})
	e.Wait(dispatch.Item{Key: key(0), Class: "a", WaitingSince: epoch})
	e.Set(dispatch.Agent{Member: agentID(0), Status: dispatch.Available, Capacity: 1})
	if got := e.Decide(epoch, 10); len(got) != 0 {
		t.Fatalf("decided %v", got)
	}
	e.Set(dispatch.Agent{Member: agentID(1), Profile: "a", Status: dispatch.Available, Capacity: 2})
	e.Set(dispatch.Agent{Member: agentID(1), Profile: "a", Status: dispatch.Available, Capacity: 2, Used: 1})
	if got := e.Decide(epoch, 10); len(got) != 1 || got[0].Member != agentID(1) {
		t.Fatalf("decided %v", got)
	}
}

func FuzzEngine(f *testing.F) {
	f.Add([]byte("\x00\x01\x03\x02\x01\x00\x05\x08"))
	f.Add([]byte("two agents, three conversations, and a lost one"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newPlayer(t, func(n int, _ string) int {
			if len(data) < 2 {
				data = nil
				return 0
			}
			v := binary.LittleEndian.Uint16(data)
			data = data[2:]
			return int(v) % n
		})
		for range 400 {
			if data == nil {
				break
			}
			p.step()
		}
		p.decide(100)
		p.settle()
	})
}
