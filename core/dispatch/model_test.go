package dispatch_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// model is the engine as its documentation describes it, by brute force.
type model struct {
	policy   dispatch.Policy
	now      time.Time // of the last decision
	items    map[dispatch.Key]dispatch.Item
	ringing  map[dispatch.Key]dispatch.Item // counted, and given to nobody
	offers   bool
	agents   map[identity.MemberID]*dispatch.Agent
	turns    map[identity.MemberID]int
	turn     int
	excluded map[string]time.Time
	closed   map[string]bool
}

func newModel(policy dispatch.Policy) *model {
	return &model{
		policy: policy, items: map[dispatch.Key]dispatch.Item{}, ringing: map[dispatch.Key]dispatch.Item{}, agents: map[identity.MemberID]*dispatch.Agent{},
		turns: map[identity.MemberID]int{}, excluded: map[string]time.Time{}, closed: map[string]bool{},
	}
}

// late says whether an item is past its patience.
func (m *model) late(it dispatch.Item) bool {
	patience := time.Duration(float64(it.Target) * m.policy.Starve)
	return patience > 0 && !it.WaitingSince.Add(patience).After(m.now)
}

// order compares two items as they stand now.
func (m *model) order(a, b dispatch.Item) int {
	older := cmp.Or(a.WaitingSince.Compare(b.WaitingSince), strings.Compare(a.ID, b.ID))
	if m.late(a) || m.late(b) {
		if m.late(a) && m.late(b) {
			return older
		}
		if m.late(a) {
			return -1
		}
		return 1
	}
	if rated, ok := m.policy.Items.(dispatch.RatedPolicy); ok {
		urgency := func(it dispatch.Item) float64 {
			return max(rated.Rate(it), 0) * float64(m.now.UnixMilli()-it.WaitingSince.UnixMilli())
		}
		return cmp.Or(cmp.Compare(urgency(b), urgency(a)), older)
	}
	x, y := m.policy.Items.RankItem(a), m.policy.Items.RankItem(b)
	return cmp.Or(slices.Compare(x[:], y[:]), older)
}

func (m *model) sorted() []dispatch.Item { return m.among(m.items) }

// among returns items in their order, as they stand now.
func (m *model) among(all ...map[dispatch.Key]dispatch.Item) []dispatch.Item {
	var out []dispatch.Item
	for _, items := range all {
		out = slices.AppendSeq(out, maps.Values(items))
	}
	slices.SortFunc(out, m.order)
	return out
}

func (m *model) decide(now time.Time, limit int) []string {
	if now.After(m.now) {
		m.now = now
	}
	var out []string
	for len(out) < limit {
		it, a := m.pair()
		if a == nil {
			return out
		}
		delete(m.items, it.Key)
		if a.Ringing = m.offers && it.Channel != dispatch.Ticket; a.Ringing {
			m.ringing[it.Key] = it
		}
		a.Used += it.Weight
		a.Has[it.Channel]++
		a.Exclusive = it.Exclusive
		a.IdleSince = now
		m.turn++
		m.turns[a.Member] = m.turn
		out = append(out, fmt.Sprint(it.ID, "→", a.Member))
	}
	return out
}

// rest ends the wrap-ups that are over and returns whose, by id.
func (m *model) rest(now time.Time) []identity.MemberID {
	var out []identity.MemberID
	for id, a := range m.agents {
		if !a.WrapUpUntil.IsZero() && !a.WrapUpUntil.After(now) {
			if a.IdleSince.Before(a.WrapUpUntil) {
				a.IdleSince = a.WrapUpUntil
			}
			a.WrapUpUntil = time.Time{}
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func (m *model) pair() (dispatch.Item, *dispatch.Agent) {
	for _, it := range m.sorted() {
		if best := m.best(it); best != nil {
			return it, best
		}
	}
	return dispatch.Item{}, nil
}

// best returns who should take an item, if anybody can.
func (m *model) best(it dispatch.Item) *dispatch.Agent {
	reserve, keep := m.policy.Agents.(dispatch.Reserve)
	kept := func(a *dispatch.Agent) bool { return keep && works(*a) && idle(*a) && worthKeeping(reserve, *a) }
	free := 0
	for _, a := range m.agents {
		if kept(a) {
			free++
		}
	}
	var best, spare *dispatch.Agent
	for _, a := range m.agents {
		if !m.can(a, it) {
			continue
		}
		if best == nil || m.preferred(a, best) {
			best = a
		}
		if !kept(a) && (spare == nil || m.preferred(a, spare)) {
			spare = a
		}
	}
	if keep && !it.Exclusive && free <= reserve.Free && spare != nil {
		return spare
	}
	return best
}

// can says whether an agent can be given an item now.
func (m *model) can(a *dispatch.Agent, it dispatch.Item) bool {
	alone := it.Sticky != "" && it.WaitingSince.Add(it.StickyFor).After(m.now)
	return !m.closed[it.Queue] && works(*a) && fits(*a, it) && (!alone || it.Sticky == a.Member) &&
		m.may(a.Profile, it) && !m.excluded[it.ID+string(a.Member)].After(m.now)
}

// may says whether a profile may serve an item, by its class or a rung.
func (m *model) may(p dispatch.Profile, it dispatch.Item) bool {
	may := m.policy.Match.May(p, it.Class)
	for _, r := range it.Ladder {
		may = may || !it.WaitingSince.Add(r.After).After(m.now) && m.policy.Match.May(p, r.Class)
	}
	return may
}

// works says whether an agent is given anything at all.
func works(a dispatch.Agent) bool {
	return a.Status == dispatch.Available && a.WrapUpUntil.IsZero() && !a.Exclusive && !a.Ringing && a.Used < a.Capacity
}

func idle(a dispatch.Agent) bool {
	items := 0
	for _, n := range a.Has {
		items += n
	}
	return items == 0 && a.Used == 0 && !a.Exclusive
}

// open says whether an agent may have one more of a channel.
func open(a dispatch.Agent, c dispatch.Channel) bool {
	limit := a.Limits[c]
	return limit != dispatch.Never && (limit == 0 || a.Has[c] < limit)
}

func worthKeeping(r dispatch.Reserve, a dispatch.Agent) bool {
	named, one := false, false
	for c, wanted := range r.For {
		named = named || wanted
		one = one || wanted && open(a, dispatch.Channel(c))
	}
	return r.Free > 0 && (one || !named)
}

// fits says whether an agent has room for an item.
func fits(a dispatch.Agent, it dispatch.Item) bool {
	return a.Used+it.Weight <= a.Capacity && open(a, it.Channel) && !a.Exclusive && (!it.Exclusive || idle(a))
}

func (m *model) preferred(a, b *dispatch.Agent) bool {
	x, y := m.policy.Agents.RankAgent(*a), m.policy.Agents.RankAgent(*b)
	return cmp.Or(slices.Compare(x[:], y[:]), cmp.Compare(m.turns[a.Member], m.turns[b.Member]), cmp.Compare(a.Member, b.Member)) < 0
}

// position says what the customer of an item is to know.
func (m *model) positions() map[dispatch.Key]dispatch.Position {
	type stream struct {
		queue string
		class dispatch.Class
		work  bool
	}
	out, count := map[dispatch.Key]dispatch.Position{}, map[stream]int{}
	for _, it := range m.among(m.items, m.ringing) {
		s := stream{queue: it.Queue, work: it.Channel == dispatch.Ticket}
		if it.Queue == "" {
			s.class = it.Class
		}
		count[s]++
		out[it.Key] = dispatch.Position{Key: it.Key, Place: count[s], Available: m.hope(it), Closed: m.closed[it.Queue]}
		if _, rings := m.ringing[it.Key]; rings {
			out[it.Key] = dispatch.Position{Key: it.Key, Place: 1, Available: true}
		}
	}
	return out
}

// hope says whether anybody is there who may serve an item.
func (m *model) hope(it dispatch.Item) bool {
	if m.closed[it.Queue] {
		return false
	}
	for _, a := range m.agents {
		if a.Status == dispatch.Available && m.may(a.Profile, it) {
			return true
		}
	}
	return false
}

// next returns when time alone changes what can be decided; false = never.
func (m *model) next() (time.Time, bool) {
	at := time.Unix(math.MaxInt32, 0)
	sooner := func(t time.Time) {
		if t.After(m.now) && t.Before(at) {
			at = t
		}
	}
	for _, it := range m.among(m.items, m.ringing) {
		for _, r := range it.Ladder {
			sooner(it.WaitingSince.Add(r.After))
		}
		if it.Sticky != "" {
			sooner(it.WaitingSince.Add(it.StickyFor))
		}
		sooner(it.WaitingSince.Add(time.Duration(float64(it.Target) * m.policy.Starve)))
	}
	for _, t := range m.excluded {
		sooner(t)
	}
	return at, at.Unix() != math.MaxInt32
}
