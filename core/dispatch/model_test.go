package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// model is the engine as its documentation describes it, by brute force.
type model struct {
	items    map[dispatch.Key]dispatch.Item
	agents   map[identity.MemberID]*dispatch.Agent
	turns    map[identity.MemberID]int
	turn     int
	excluded map[string]time.Time
	match    dispatch.Matcher
}

func newModel(match dispatch.Matcher) *model {
	return &model{
		items: map[dispatch.Key]dispatch.Item{}, agents: map[identity.MemberID]*dispatch.Agent{},
		turns: map[identity.MemberID]int{}, excluded: map[string]time.Time{}, match: match,
	}
}

func (m *model) sorted() []dispatch.Item {
	var out []dispatch.Item
	for _, it := range m.items {
		out = append(out, it)
	}
	slices.SortFunc(out, func(a, b dispatch.Item) int {
		if d := a.WaitingSince.Compare(b.WaitingSince); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

func (m *model) decide(now time.Time, limit int) []string {
	var out []string
	for len(out) < limit {
		it, a := m.pair(now)
		if a == nil {
			return out
		}
		delete(m.items, it.Key)
		a.Used += it.Weight
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

func (m *model) pair(now time.Time) (dispatch.Item, *dispatch.Agent) {
	for _, it := range m.sorted() {
		var best *dispatch.Agent
		for _, a := range m.agents {
			ok := a.Status == dispatch.Available && a.WrapUpUntil.IsZero() && a.Used+it.Weight <= a.Capacity &&
				m.match.May(a.Profile, it.Class) && !m.excluded[it.ID+string(a.Member)].After(now)
			if ok && (best == nil || m.preferred(a, best)) {
				best = a
			}
		}
		if best != nil {
			return it, best
		}
	}
	return dispatch.Item{}, nil
}

func (m *model) preferred(a, b *dispatch.Agent) bool {
	if d := a.IdleSince.UnixMilli() - b.IdleSince.UnixMilli(); d != 0 {
		return d < 0
	}
	if d := m.turns[a.Member] - m.turns[b.Member]; d != 0 {
		return d < 0
	}
	return a.Member < b.Member
}

func (m *model) places() map[dispatch.Key]int {
	out, count := map[dispatch.Key]int{}, map[dispatch.Class]int{}
	for _, it := range m.sorted() {
		count[it.Class]++
		out[it.Key] = count[it.Class]
	}
	return out
}

// letters matches profiles to classes: an agent needs every letter.
type letters struct{}

func (letters) May(p dispatch.Profile, c dispatch.Class) bool {
	for _, r := range string(c) {
		if !strings.ContainsRune(string(p), r) {
			return false
		}
	}
	return true
}

// available says whether anybody is who may serve a class.
func (m *model) available(class dispatch.Class) bool {
	for _, a := range m.agents {
		if a.Status == dispatch.Available && m.match.May(a.Profile, class) {
			return true
		}
	}
	return false
}
