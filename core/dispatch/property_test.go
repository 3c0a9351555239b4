package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// shift is a working day that goes wrong in every way it can: signals are
// lost, late or doubled, the store fails or does not say what it did, agents
// come and go, people assign by hand. A tape of numbers decides.
type shift struct {
	*floor
	tape    []uint16
	store   *tampered
	members []identity.MemberID
	items   []dispatch.Item
	late    []func()
	byHand  map[dispatch.Key]bool
	gone    map[identity.MemberID]bool
	groups  []dispatch.Class
	chosen  map[identity.MemberID]dispatch.Status
	broken  string

	offering dispatch.Offering
}

func TestShift(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tape := rapid.SliceOfN(rapid.Uint16(), 400, 1500).Draw(rt, "tape")
		if broken := playShift(t, tape); broken != "" {
			rt.Fatal(broken)
		}
	})
}

// playShift returns what does not hold after a shift; "" = all does.
func playShift(t *testing.T, tape []uint16) (broken string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := &tampered{}
		f := newFloor(t, func(m *dispatchtest.Memory) dispatch.Store { store.Store = m; return store })
		s := &shift{
			floor: f, tape: tape, store: store, byHand: map[dispatch.Key]bool{},
			gone: map[identity.MemberID]bool{}, chosen: map[identity.MemberID]dispatch.Status{},
		}
		s.offering = dispatch.Offering{Ring: time.Duration(s.draw(2)*(5+s.draw(30))) * time.Second, Misses: 1 + s.draw(3)}
		f.mem.SetOffering(f.ws, s.offering)
		f.policy = drawPolicy(s.drawFor)
		f.open()
		defer func() { f.shut() }()
		f.mem.SetWrapUp(f.ws, time.Duration(s.draw(3)*s.draw(60))*time.Second)
		for range 4 {
			s.members = append(s.members, f.mem.NewMember(f.ws, 1+s.draw(3)))
		}
		s.groups = []dispatch.Class{"", "", f.mem.NewGroup(f.ws, s.members[0], s.members[1]), f.mem.NewGroup(f.ws, s.members[1])}
		for len(s.tape) > 0 {
			s.step()
		}
		s.calm()
		s.check()
		broken = s.broken
	})
	return broken
}

// draw returns the next number of the tape, below n.
func (s *shift) draw(n int) int {
	if len(s.tape) == 0 {
		return 0
	}
	v := s.tape[0]
	s.tape = s.tape[1:]
	return int(v) % n
}

// drawFor is draw for what is drawn elsewhere too.
func (s *shift) drawFor(n int, _ string) int { return s.draw(n) }

// breaks records what does not hold; the first counts.
func (s *shift) breaks(format string, args ...any) {
	if s.broken == "" {
		s.broken = fmt.Sprintf(format, args...)
	}
}

func pick[T any](s *shift, list ...T) T { return list[s.draw(len(list))] }

func (s *shift) step() {
	m := pick(s, s.members...)
	switch s.draw(24) {
	case 18:
		q, closed := pick(s, "q1", "q2"), s.draw(2) == 0
		s.nights.set(q, closed)
		s.tell(func() { s.d.Signal(s.ws, dispatch.Signal{Settings: true}) })
	case 19:
		if s.draw(4) == 0 {
			s.d.Adopt(s.ws, drawPolicy(s.drawFor))
		} else {
			s.mem.SetLimits(s.ws, m, drawLimits(s.drawFor))
			s.tell(func() { s.d.Signal(s.ws, dispatch.Signal{Agents: []identity.MemberID{m}}) })
		}
	case 20, 21, 22:
		s.respond()
	case 23:
		if s.draw(4) == 0 {
			s.restart()
		}
	case 16, 17:
		s.regroup(m)
	case 15:
		if s.draw(3) == 0 {
			_ = s.d.Ready(s.Context(), s.ws, m) // may fail while the store does: then the wrap-up lasts
		}
	case 0, 1, 2, 3:
		it := s.mem.NewItem(s.ws, time.Now().Add(-pick(s, 0, time.Minute, time.Hour)))
		it = s.mem.Shape(s.ws, it.Key, s.shape())
		s.items = append(s.items, it)
		s.tell(func() { s.d.Signal(s.ws, dispatch.Signal{Waits: []dispatch.Item{it}}) })
	case 4, 5, 6:
		if len(s.items) > 0 {
			s.work(pick(s, s.items...), m)
		}
	case 7, 8, 9:
		s.silence(m)
		s.come(m)
	case 10:
		s.silence(m)
		if s.draw(2) == 0 {
			s.d.Leave(s.ws, m, "tab of "+string(m))
		}
	case 11:
		status := pick(s, dispatch.Away, dispatch.Available)
		if s.d.Choose(s.Context(), s.ws, m, status, "") == nil {
			s.chosen[m] = status
		}
	case 12:
		s.mem.SetCapacity(s.ws, m, 1+s.draw(3))
		if s.draw(20) == 0 {
			s.mem.Suspend(s.ws, m)
			s.gone[m] = true
		}
		s.tell(func() { s.d.Signal(s.ws, dispatch.Signal{Agents: []identity.MemberID{m}}) })
	case 13:
		s.trouble()
	case 14:
		s.pass(time.Duration(1+s.draw(40_000)) * time.Millisecond)
	}
	synctest.Wait()
	rung := map[identity.MemberID]bool{}
	for _, o := range s.mem.Ringing(s.ws) {
		if rung[o.Member] {
			s.breaks("two offers ring for %s", o.Member)
		}
		rung[o.Member] = true
	}
}

// shape draws what an item asks for and takes.
func (s *shift) shape() dispatch.Item {
	it := drawShape(s.drawFor)
	it.Class = pick(s, s.groups...)
	if s.draw(4) == 0 {
		it.Sticky, it.StickyFor = pick(s, s.members...), pick(s, 10*time.Second, time.Minute, 100*time.Minute)
	}
	for range s.draw(3) {
		it.Ladder = append(it.Ladder, dispatch.Rung{After: pick(s, time.Second, time.Minute, 100*time.Minute), Class: pick(s, s.groups...)})
	}
	return it
}

// respond has somebody accept what rings for them, or reject it.
func (s *shift) respond() {
	offers := s.mem.Ringing(s.ws)
	if len(offers) == 0 {
		return
	}
	slices.SortFunc(offers, func(a, b dispatch.Offer) int { return strings.Compare(a.Item.ID, b.Item.ID) })
	o := pick(s, offers...)
	sig, err := s.answered(o.Item, o.Member, s.draw(3) > 0)
	if err != nil {
		s.breaks("%s is offered to %s, who cannot answer: %v", o.Item.ID, o.Member, err)
	}
	delete(s.byHand, o.Item.Key)
	s.tell(func() { s.d.Signal(s.ws, sig) })
}

// restart ends the dispatcher, whatever it does, and starts another one, which
// finds the store working.
func (s *shift) restart() {
	s.mem.Fail(nil)
	there := slices.Sorted(maps.Keys(s.tabs))
	for _, m := range there {
		s.silence(m)
	}
	s.stop()
	s.late = nil
	s.open()
	for m := range s.gone { // the feed tells again what was not acted upon
		s.changed(m)
	}
	for _, m := range there {
		s.come(m)
	}
}

// regroup moves an item to another queue, or a member into or out of a group.
func (s *shift) regroup(m identity.MemberID) {
	if len(s.items) > 0 && s.draw(2) == 0 {
		it := pick(s, s.items...)
		s.mem.Route(s.ws, it.Key, pick(s, s.groups...))
		sig := s.signal(it.Key)
		s.tell(func() { s.d.Signal(s.ws, sig) })
		return
	}
	s.mem.Enlist(s.ws, m, pick(s, s.groups[2:]...), s.draw(2) == 0)
	s.tell(func() { s.d.Signal(s.ws, dispatch.Signal{Agents: []identity.MemberID{m}}) })
}

// work does something with an item.
func (s *shift) work(it dispatch.Item, m identity.MemberID) {
	act := pick(s, dispatchtest.Answer, dispatchtest.Ask, dispatchtest.Resolve, dispatchtest.Resolve,
		dispatchtest.Resolve, dispatchtest.Snooze, dispatchtest.Assign, dispatchtest.Requeue)
	before, offered := s.owner(it), s.ringing(it).Member
	s.byHand[it.Key] = act == dispatchtest.Assign || s.byHand[it.Key] && act != dispatchtest.Requeue
	s.mem.Do(s.ws, it.Key, act, m)
	if act == dispatchtest.Ask && before != "" && s.seen(before) == dispatch.Offline {
		s.mem.Do(s.ws, it.Key, dispatchtest.Requeue, "") // as whoever owns the noun must
	}
	sig := s.signal(it.Key, before, m, offered)
	s.tell(func() { s.d.Signal(s.ws, sig) })
}

// tell lets the news arrive now, twice, later (then in order) or never.
func (s *shift) tell(news func()) {
	switch s.draw(10) {
	case 0:
	case 1, 2:
		s.late = append(s.late, news)
	default:
		for _, fn := range s.late {
			fn()
		}
		s.late = nil
		news()
		if s.draw(10) == 0 {
			news()
		}
	}
}

// trouble makes the store fail in some way, or work again.
func (s *shift) trouble() {
	fails := map[string]error{}
	for _, method := range []string{"Waiting", "Agents", "Loads", "Release", "SaveAgent", "EndWrapUp", "Claim", "Offering", "Offers", "TakeBack", "ForgetMissed"} {
		if s.draw(5) == 0 {
			fails[method] = errors.New("connection refused")
		}
	}
	s.mem.Fail(func(method string) error { return fails[method] })
	if s.draw(4) == 0 {
		s.store.set(func(ctx context.Context, c dispatch.Claim) error {
			return errors.Join(s.mem.Claim(ctx, c), errors.New("connection reset"))
		})
	} else {
		s.store.set(nil)
	}
}

// calm ends all trouble and waits for the longest of all timers, twice.
func (s *shift) calm() {
	s.mem.Fail(nil)
	s.store.set(nil)
	for range 150 {
		s.pass(2 * time.Second)
		for _, o := range s.mem.Ringing(s.ws) { // everybody answers
			if err := s.answer(o.Item, o.Member, true); err != nil && s.ringing(o.Item).Member == o.Member { // else it was over meanwhile
				s.breaks("%s is offered to %s, who cannot answer: %v", o.Item.ID, o.Member, err)
			}
		}
	}
	s.pass(250 * time.Millisecond) // the longest an announcement may take
}

func (s *shift) check() {
	waiting := s.waiting()
	if n := s.d.Stats().Waiting; n != len(waiting) { // I10
		s.breaks("%d are in the index, %d wait", n, len(waiting))
	}
	for k := range waiting {
		place, told := s.placeTold(k)
		for range 10 { // what only time moves is told every 5 seconds
			if place == told {
				break
			}
			s.pass(time.Second)
			place, told = s.placeTold(k)
		}
		if _, still := s.waiting()[k]; still && place == 0 || told != place {
			s.breaks("%s is at %d, told %d", k.ID, place, told)
		}
	}
	waiting = s.waiting()
	for _, it := range s.items {
		if _, waits := waiting[it.Key]; !waits && s.place(it) != 0 {
			s.breaks("%s waits no more and was told %d", it.ID, s.place(it))
		}
	}
	for _, m := range s.members {
		s.checkMember(m, waiting)
	}
}

func (s *shift) placeTold(k dispatch.Key) (place, told int) {
	return s.d.Position(s.ws, k).Place, s.place(dispatch.Item{Key: k})
}

// rowOf is a member's row; the zero row when they may not be given work.
func (s *shift) rowOf(m identity.MemberID) dispatch.AgentRow {
	rows, err := s.mem.Loads(s.Context(), s.ws, []identity.MemberID{m})
	if err != nil || len(rows) != 1 {
		return dispatch.AgentRow{}
	}
	return rows[0]
}

func (s *shift) checkMember(m identity.MemberID, waiting map[dispatch.Key]dispatch.Item) {
	want := dispatch.Offline
	if s.tabs[m] != nil {
		want = dispatch.Available
		if s.chosen[m] != "" {
			want = s.chosen[m]
		}
	}
	if s.gone[m] {
		want = dispatch.Offline
	}
	if row := s.rowOf(m); want == dispatch.Available && s.offering.Ring > 0 {
		if away := row.Status == dispatch.Away && row.Reason == dispatch.NoAnswer; away || row.Missed >= s.offering.Misses {
			want = dispatch.Away // they did not answer
		}
	}
	if got := s.seen(m); got != want && !s.gone[m] {
		s.breaks("%s is %s, want %s", m, got, want)
	}
	if want == dispatch.Offline { // whoever is not there has nothing that somebody waits for
		items, err := s.mem.Release(s.Context(), s.ws, m, dispatch.AgentLost)
		if err != nil {
			s.breaks("release: %v", err)
		}
		for _, it := range items {
			if !s.byHand[it.Key] {
				s.breaks("%s was left with %s, who is not there", it.ID, m)
			}
		}
		return
	}
	row := s.row(m)
	if row.Online != (want != dispatch.Offline) || row.Status != s.seen(m) {
		s.breaks("%s is %s, stored as %+v", m, want, row)
	}
	for k, it := range waiting {
		if want == dispatch.Available && s.could(row, it) {
			s.breaks("%s waits for %q while %s has room: %+v", k.ID, it.Class, m, row)
		}
	}
}

// could says whether a member has room for an item that waits, and may be given it.
func (s *shift) could(row dispatch.AgentRow, it dispatch.Item) bool {
	now := time.Now()
	alone := it.Sticky != "" && it.WaitingSince.Add(it.StickyFor).After(now)
	a := dispatch.Agent{Capacity: row.Capacity, Used: row.Used, Limits: row.Limits, Has: row.Has, Exclusive: row.Exclusive}
	return fits(a, it) && !row.Ringing && !s.nights.closed(it.Queue) && (!alone || it.Sticky == row.Member) &&
		dispatch.Claim{Class: it.Class, Rungs: it.Reached(now)}.May(row.Profile)
}
