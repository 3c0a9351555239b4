package dispatch_test

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// drawPolicy draws one of all.
func drawPolicy(next func(n int, what string) int) dispatch.Policy {
	items := []dispatch.ItemPolicy{
		dispatch.FIFO{},
		dispatch.StrictPriority{},
		dispatch.Ageing{Boost: time.Second},
		dispatch.Deadline{Default: 2 * time.Second},
		dispatch.CMu{Costs: [dispatch.Channels]float64{dispatch.Mail: 0.1, dispatch.Voice: -1}, Values: map[int]float64{1: 3}, Target: 2 * time.Second},
	}
	agents := []dispatch.AgentPolicy{dispatch.LongestIdle{}, dispatch.LeastLoaded{}, dispatch.Pack{}}
	out := dispatch.Policy{
		Items: items[next(5, "order of items")], Agents: agents[next(3, "order of agents")],
		Match: dispatch.BySkill{}, Starve: []float64{4, 0, 1.5}[next(3, "starve")],
	}
	if next(3, "reserve") == 2 {
		out.Agents = dispatch.Reserve{
			Among: out.Agents, Free: 1 + next(2, "free"), For: [dispatch.Channels]bool{dispatch.Voice: next(2, "for") == 0},
		}
	}
	return out
}

// drawShape draws what an item takes and is worth, and how it is ordered.
func drawShape(next func(n int, what string) int) dispatch.Item {
	it := dispatch.Item{
		Queue: []string{"", "q1", "q2"}[next(3, "queue")], Weight: 1 + next(2, "weight"),
		Channel: []dispatch.Channel{dispatch.Chat, dispatch.Mail, dispatch.Voice, dispatch.Ticket}[next(4, "channel")],
		Target:  time.Duration(next(4, "target")) * time.Second, Value: next(3, "value"),
	}
	it.Exclusive = it.Channel == dispatch.Voice && next(4, "exclusive") > 0
	return it
}

// drawLimits draws how many items of each channel somebody is given.
func drawLimits(next func(n int, what string) int) (out dispatch.PerChannel) {
	for _, c := range []dispatch.Channel{dispatch.Chat, dispatch.Mail, dispatch.Voice, dispatch.Ticket} {
		out[c] = []int{0, 0, dispatch.Never, 1, 2}[next(5, "limit")]
	}
	return out
}
