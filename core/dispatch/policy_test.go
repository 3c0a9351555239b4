package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// served returns the order in which one agent is given items, by their numbers,
// if everybody is served at one time.
func served(p dispatch.Policy, now time.Time, items ...dispatch.Item) []int {
	e := dispatch.NewEngine(p)
	for i, it := range items {
		it.Key = key(i)
		e.Wait(it)
	}
	e.Set(dispatch.Agent{Member: agentID(0), Status: dispatch.Available, Capacity: 1000})
	var out []int
	for _, as := range e.Decide(now, 100) {
		out = append(out, slices.IndexFunc(items, func(it dispatch.Item) bool {
			it.Key = as.Item.Key
			it.Weight = 1
			return it.Equal(as.Item)
		}))
	}
	return out
}

// asked makes an item that arrived so many seconds ago.
func asked(ago int, value int, target time.Duration) dispatch.Item {
	return dispatch.Item{WaitingSince: epoch.Add(-time.Duration(ago) * time.Second), Value: value, Target: target}
}

func TestOrdersOfItems(t *testing.T) {
	t.Parallel()
	mail := dispatch.Item{WaitingSince: epoch.Add(-1000 * time.Second), Channel: dispatch.Mail, Target: time.Hour}
	for name, c := range map[string]struct {
		policy dispatch.Policy
		items  []dispatch.Item
		want   []int
	}{
		"first come": {
			dispatch.Policy{}, []dispatch.Item{asked(1, 9, 0), asked(3, 0, 0), asked(2, 5, 0)}, []int{1, 2, 0},
		},
		"by value": {
			dispatch.Policy{Items: dispatch.StrictPriority{}}, []dispatch.Item{asked(3, 0, 0), asked(1, 1, 0), asked(2, 1, 0)}, []int{2, 1, 0},
		},
		"a value is worth a minute": {
			dispatch.Policy{Items: dispatch.Ageing{Boost: time.Minute}}, []dispatch.Item{asked(90, 0, 0), asked(10, 1, 0), asked(40, 1, 0)}, []int{2, 0, 1},
		},
		"by deadline": {
			dispatch.Policy{Items: dispatch.Deadline{}},
			[]dispatch.Item{asked(90, 0, 0), asked(80, 0, time.Hour), asked(10, 0, 5*time.Minute), asked(7200, 0, 3*time.Hour)},
			[]int{2, 1, 3, 0},
		},
		"urgency overtakes": { // 60/60, 30/20 x 1, 10/20 x 3
			dispatch.Policy{Items: dispatch.CMu{Values: map[int]float64{1: 3.1}}},
			[]dispatch.Item{asked(60, 0, time.Minute), asked(30, 0, 20*time.Second), asked(10, 1, 20*time.Second)},
			[]int{2, 1, 0},
		},
		"quick work first": { // 1000/3600/600 of mail is less than 10/60/300 of chat
			dispatch.Policy{Items: dispatch.CMu{Handling: [dispatch.Channels]time.Duration{dispatch.Mail: 10 * time.Minute}}},
			[]dispatch.Item{mail, asked(10, 0, time.Minute)},
			[]int{1, 0},
		},
		"patience ends": {
			dispatch.Policy{Items: dispatch.StrictPriority{}, Starve: 4},
			[]dispatch.Item{asked(10, 2, time.Minute), asked(41, 0, 10*time.Second), asked(240, 1, time.Minute), asked(39, 1, 10*time.Second)},
			[]int{2, 1, 0, 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := served(c.policy, epoch, c.items...); !slices.Equal(got, c.want) {
				t.Fatalf("served %v, want %v", got, c.want)
			}
		})
	}
}

// With rates the order is another one later: whoever is worth less catches up.
func TestUrgencyFollowsTime(t *testing.T) {
	t.Parallel()
	policy := dispatch.Policy{Items: dispatch.CMu{}}
	items := []dispatch.Item{asked(100, 0, time.Minute), asked(10, 1, time.Minute)} // 100 x 1 and 10 x 2
	if got := served(policy, epoch, items...); !slices.Equal(got, []int{0, 1}) {
		t.Fatalf("served %v at first", got)
	}
	if got := served(policy, epoch.Add(time.Hour), items...); !slices.Equal(got, []int{1, 0}) {
		t.Fatalf("served %v an hour later", got)
	}
}

func TestOrdersOfAgents(t *testing.T) {
	t.Parallel()
	agent := func(n, capacity, used int, p dispatch.Profile) dispatch.Agent {
		a := dispatch.Agent{Member: agentID(n), Profile: p, Status: dispatch.Available, Capacity: capacity, Used: used, IdleSince: epoch.Add(-time.Duration(n) * time.Second)}
		a.Has[dispatch.Chat] = used
		return a
	}
	agents := []dispatch.Agent{
		agent(0, 10, 2, "de:3"), agent(1, 3, 1, "de:3 fr:1"), agent(2, 3, 1, "de:3"), agent(3, 4, 0, "de:3 fr:1"),
	}
	for name, c := range map[string]struct {
		policy dispatch.AgentPolicy
		item   dispatch.Item
		want   int
	}{
		"longest idle":                {dispatch.LongestIdle{}, dispatch.Item{}, 3},
		"least loaded":                {dispatch.LeastLoaded{}, dispatch.Item{}, 3},
		"fullest, of the fewest":      {dispatch.Pack{}, dispatch.Item{}, 2},
		"fullest that fits":           {dispatch.Pack{}, dispatch.Item{Weight: 3}, 3},
		"one is kept":                 {dispatch.Reserve{Free: 1}, dispatch.Item{}, 2},
		"none is kept for nothing":    {dispatch.Reserve{Free: 1, For: [dispatch.Channels]bool{dispatch.Voice: true}}, dispatch.Item{}, 2},
		"kept for this":               {dispatch.Reserve{Free: 1}, dispatch.Item{Channel: dispatch.Voice, Exclusive: true}, 3},
		"nobody else can":             {dispatch.Reserve{Free: 1, Among: dispatch.Pack{}}, dispatch.Item{Class: "fr:1", Weight: 3}, 3},
		"whom nothing else suits yet": {dispatch.Reserve{Free: 1, Among: dispatch.LeastLoaded{}}, dispatch.Item{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := dispatch.NewEngine(dispatch.Policy{Agents: c.policy, Match: dispatch.BySkill{}})
			for _, a := range agents {
				e.Set(a)
			}
			c.item.Key, c.item.WaitingSince = key(0), epoch
			e.Wait(c.item)
			if got := e.Decide(epoch, 1); len(got) != 1 || got[0].Member != agentID(c.want) {
				t.Fatalf("decided %v, want %s", got, agentID(c.want))
			}
		})
	}
}

// Only so many are kept: with one more, the longest idle is given work.
func TestReserveGivesTheRest(t *testing.T) {
	t.Parallel()
	e := dispatch.NewEngine(dispatch.Policy{Agents: dispatch.Reserve{Free: 1}})
	for i := range 2 {
		e.Set(dispatch.Agent{Member: agentID(i), Status: dispatch.Available, Capacity: 5, IdleSince: epoch})
	}
	var got []identity.MemberID
	for i := range 3 {
		e.Wait(dispatch.Item{Key: key(i), WaitingSince: epoch})
		for _, as := range e.Decide(epoch, 1) {
			got = append(got, as.Member)
		}
	}
	if want := []identity.MemberID{agentID(0), agentID(0), agentID(0)}; !slices.Equal(got, want) {
		t.Fatalf("given to %v, want %v", got, want)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	e := dispatch.NewEngine(dispatch.Policy{})
	e.Set(dispatch.Agent{Member: agentID(0), Status: dispatch.Available, Capacity: 5})
	e.Hold("night", true, epoch.Add(time.Hour))
	for i := range 2 {
		e.Wait(dispatch.Item{Key: key(i), Queue: "night", WaitingSince: epoch.Add(time.Duration(i) * time.Second)})
	}
	if got := e.Decide(epoch, 9); len(got) != 0 || e.Position(key(1)) != 2 || e.Hope(key(1)) || !e.Held("night") {
		t.Fatalf("decided %v, the second is at %d", got, e.Position(key(1)))
	}
	want := dispatch.Position{Key: key(0), Place: 1, Closed: true, Opens: epoch.Add(time.Hour)}
	if got := e.Moved(9); len(got) != 2 || got[0] != want {
		t.Fatalf("told %+v, want %+v first", got, want)
	}
	e.Hold("night", true, epoch.Add(2*time.Hour))
	want.Opens = epoch.Add(2 * time.Hour)
	if got := e.Moved(9); len(got) != 2 || got[0] != want || e.Stands(key(0)) != want {
		t.Fatalf("told %+v, want %+v first", got, want)
	}
	e.Hold("night", false, time.Time{})
	if got := e.Decide(epoch, 9); len(got) != 2 {
		t.Fatalf("decided %v", got)
	}
}
