package alert_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
)

// noon is when the tests look.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// waiting is a queue in which somebody has waited for a while, well staffed.
func waiting(d time.Duration, change ...func(*alert.Queue)) alert.Queue {
	q := alert.Queue{ID: "que_a", Name: "a", Waiting: 1, Oldest: noon.Add(-d), Available: 3}
	for _, c := range change {
		c(&q)
	}
	return q
}

func TestLook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		queue alert.Queue
		agent alert.Agent
		want  alert.Rule // "" = nothing
		since time.Time
	}{
		"a wait just below":    {queue: waiting(10*time.Minute - time.Millisecond)},
		"a long wait":          {queue: waiting(11 * time.Minute), want: alert.LongWait, since: noon.Add(-time.Minute)},
		"by the target":        {queue: waiting(3*time.Minute, func(q *alert.Queue) { q.Target = 2 * time.Minute }), want: alert.LongWait, since: noon},
		"below the target's":   {queue: waiting(179*time.Second, func(q *alert.Queue) { q.Target = 2 * time.Minute })},
		"closed":               {queue: waiting(time.Hour, func(q *alert.Queue) { q.Closed, q.Available, q.AtRisk = true, 0, 9 })},
		"nobody there":         {queue: waiting(2*time.Minute, func(q *alert.Queue) { q.Available = 0 }), want: alert.FewThere},
		"nobody there yet":     {queue: waiting(time.Minute, func(q *alert.Queue) { q.Available = 0 })},
		"nobody waits":         {queue: alert.Queue{ID: "que_a"}},
		"five at risk":         {queue: waiting(time.Minute, func(q *alert.Queue) { q.AtRisk = 5 })},
		"six at risk":          {queue: waiting(time.Minute, func(q *alert.Queue) { q.AtRisk = 6 }), want: alert.AtRisk},
		"away with work":       {agent: alert.Agent{Member: "mem_1", Away: true, Since: noon.Add(-time.Hour), InHand: 1}, want: alert.LongAway, since: noon.Add(-30 * time.Minute)},
		"away without":         {agent: alert.Agent{Member: "mem_1", Away: true, Since: noon.Add(-time.Hour)}},
		"away for a moment":    {agent: alert.Agent{Member: "mem_1", Away: true, Since: noon.Add(-time.Minute), InHand: 1}},
		"there with work":      {agent: alert.Agent{Member: "mem_1", Since: noon.Add(-time.Hour), InHand: 1}},
		"away since who knows": {agent: alert.Agent{Member: "mem_1", Away: true, InHand: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := alert.Default().Look(alert.Floor{Queues: []alert.Queue{c.queue}, Agents: []alert.Agent{c.agent}}, noon)
			if c.want == "" {
				if len(got) > 0 {
					t.Fatalf("got %v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Rule != c.want || !got[0].Since.Equal(c.since) {
				t.Fatalf("got %v, want %s since %s", got, c.want, c.since)
			}
		})
	}
}

func TestLookIsSilentWhereRulesAreOff(t *testing.T) {
	t.Parallel()
	floor := alert.Floor{
		Queues: []alert.Queue{waiting(time.Hour, func(q *alert.Queue) { q.Available, q.AtRisk = 0, 9 })},
		Agents: []alert.Agent{{Member: "mem_1", Away: true, Since: noon.Add(-time.Hour), InHand: 1}},
	}
	if got := alert.Default().Look(floor, noon); len(got) != 4 {
		t.Errorf("with all of them: %v", got)
	}
	off := alert.Default()
	off.Wait.On, off.Staff.On, off.Risk.On, off.Away.On = false, false, false, false
	if got := off.Look(floor, noon); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}
