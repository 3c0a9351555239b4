package simulate_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
)

// skilled is 90 agents with two of six skills each, every pair alike, and 84
// Erlang spread over the skills.
func skilled(length, warmUp float64) simulate.Scenario {
	s := simulate.Scenario{Length: simulate.Seconds(length), WarmUp: simulate.Seconds(warmUp)}
	skill := func(i int) string { return fmt.Sprintf("skill-%d", i%6+1) }
	for i := range 6 {
		s.Queues = append(s.Queues, simulate.Queue{
			Name: skill(i), Skills: simulate.Skills{skill(i): 3}, Target: 60,
			Traffic: simulate.Traffic{PerHour: 84.0 / 600 / 6 * 3600}, Handling: simulate.Handling{Mean: 600},
		})
		for j := range i {
			s.Staff = append(s.Staff, simulate.Staff{
				Name: skill(j) + " and " + skill(i), Count: 6, Skills: simulate.Skills{skill(i): 3, skill(j): 4},
			})
		}
	}
	return s
}

// S3: two skills each cost little beside 90 agents who can do everything.
func TestS3Skills(t *testing.T) {
	s := skilled(pick(1e6, 3e5), pick(3e4, 2e4))
	results := runs(t, s, fifo(), pick(12, 2))
	everything := simulate.ErlangC(90, 84.0/600, 600).MeanWait
	wait := over(results, meanWait().of)
	row{
		id: "S3", en: "90 agents with 2 of 6 skills, 84 Erlang", zh: "90 名客服各有 6 项技能中的 2 项，84 Erlang", measure: meanWait(),
		reference: inSeconds(everything), ours: wait, markEN: "≤ 1.30 × Erlang C", markZH: "≤ 1.30 × Erlang C", pass: wait.mean <= 1.30*everything && wait.mean > 0.5*everything,
	}.add(t, others(t, s, dispatch.Plan{}, 2))
}

// S10: equal agents are equally busy.
func TestS10Fairness(t *testing.T) {
	s, _ := equalAgents(0.8, 0, 8*3600, 1800)
	fairness := measure{"Jain's index of occupancy", "占用率的 Jain 指数", func(r simulate.Result) float64 { return r.Fairness }, inIndex}
	results := runs(t, s, fifo(), pick(40, 8))
	least := 1.0
	for _, r := range results {
		least = min(least, r.Fairness)
	}
	row{
		id: "S10", en: "50 equal agents, 8 hours, load 0.8", zh: "50 名相同客服，8 小时，负载 0.8", measure: fairness, reference: "1",
		ours: over(results, fairness.of), markEN: "≥ 0.99 every day", markZH: "每天 ≥ 0.99", pass: least >= 0.99,
	}.add(t, others(t, s, dispatch.Plan{}, pick(40, 1)))
}

// S7: a fifth of the customers is known to one agent, for whom they wait for 30
// seconds at most. With one conversation at a time, as in S3, an agent is free
// or becomes free in that time for hardly one in eight of them; nobody can do
// better. With several at once most of them meet again.
func TestS7Sticky(t *testing.T) {
	type form struct {
		en, zh string
		budget int
		erlang float64
		can    float64 // what can be had at most
		length float64
	}
	way := func(sticky int) simulate.Way {
		return simulate.Planned("FIFO + least loaded", dispatch.Plan{Agents: dispatch.ChoicePlan{By: "least_loaded"}, Sticky: dispatch.StickyPlan{ForS: sticky}})
	}
	without := 0.0 // the mean wait in S3, for nobody in particular
	for _, c := range []form{
		{"S3, a fifth of the customers known to one agent", "S3，五分之一的客户有熟悉的客服", 1, 84, 0.125, pick(1e6, 2e5)},
		{"the same agents with 6 conversations each, 360 Erlang", "同样的客服每人 6 个会话，360 Erlang", 6, 360, 1, pick(1e5, 3e4)},
	} {
		s := skilled(c.length, 1.5e4)
		for i := range s.Queues {
			s.Queues[i].Known = 0.2
			s.Queues[i].Traffic.PerHour *= c.erlang / 84
		}
		for i := range s.Staff {
			s.Staff[i].Budget = c.budget
		}
		seeds := pick(8, 2)
		results, their := runs(t, s, way(30), seeds), others(t, s, dispatch.Plan{}, 2)
		if without == 0 {
			without = over(runs(t, s, way(0), seeds), meanWait().of).mean
		}
		met := measure{"met their agent again", "由熟悉的客服接待", func(r simulate.Result) float64 { return r.All.Kept }, inPercent}
		kept, wait := over(results, met.of), over(results, meanWait().of)
		row{
			id: "S7", en: c.en, zh: c.zh, measure: met, reference: "≤ " + inPercent(c.can), ours: kept, markEN: "≥ 80 %", markZH: "≥ 80 %",
			pass: kept.mean >= 0.8, beyond: c.can < 0.8,
		}.add(t, their)
		if kept.mean < 0.8*c.can || kept.mean > c.can {
			t.Errorf("%v met their agent again, of %v at most", kept.mean, c.can)
		}
		row{
			id: "S7", en: c.en, zh: c.zh, measure: meanWait(), reference: inSeconds(without), ours: wait,
			markEN: "≤ 1.15 × S3 with nobody known", markZH: "≤ 1.15 × 无人熟悉时的 S3", pass: wait.mean <= pick(1.15, 1.25)*without,
		}.add(t, their)
	}
}

// S9: a third of the agents vanish, 500 come at once, and at the end of hours
// all go. A run fails when anybody is given twice, beyond room, or is lost.
func TestS9Churn(t *testing.T) {
	s := simulate.Scenario{
		Length: 8 * 3600,
		Queues: []simulate.Queue{{
			Name: "chat", Target: 60, Traffic: simulate.Traffic{Curve: []simulate.Point{
				{At: 0, PerHour: 600}, {At: 4*3600 - 1, PerHour: 600}, {At: 4 * 3600, PerHour: 4000}, {At: 7*3600 - 1, PerHour: 4000}, {At: 7 * 3600, PerHour: 30},
			}},
			Handling: simulate.Handling{Law: simulate.Lognormal, Mean: 600, CV: 1.2},
		}},
		Staff: []simulate.Staff{
			{Name: "all day", Count: 100, Budget: 2, Shifts: []simulate.Shift{{From: 0, To: 7 * 3600}}},
			{Name: "half of it", Count: 500, Budget: 2, Shifts: []simulate.Shift{{From: 4 * 3600, To: 7 * 3600}}},
		},
		Outages: []simulate.Outage{{At: 2 * 3600, Share: 0.3, Lease: 30, For: 1800}, {At: 5 * 3600, Share: 0.3, Lease: 30, For: 1800}},
	}
	again := measure{"longest time until taken-back work is given again", "收回的工作再次分配的最长时间", func(r simulate.Result) float64 { return r.All.ReturnedWait.Max }, inSeconds}
	results := runs(t, s, fifo(), pick(40, 4))
	most := 0.0
	for _, r := range results {
		most = max(most, again.of(r))
		after := 0 // came when nobody was there any more
		for _, q := range r.Series[7*4:] {
			after += q.Arrived
		}
		if r.All.Returned < 100 || after == 0 || r.All.Left != after || r.All.Served != r.All.Arrived-after || r.All.PassedOver != 0 {
			t.Errorf("%d came after hours; %+v", after, r.All)
		}
	}
	row{
		id: "S9", en: "a day on which 30 % of the agents vanish twice, 500 come at once, and hours end", zh: "一天内 30 % 的客服两次掉线，500 人同时上线，然后下班", measure: again,
		reference: "0 s", ours: over(results, again.of), markEN: "≤ 2 s every day, nothing lost or given twice", markZH: "每天 ≤ 2 秒，无丢失、无重复分配", pass: most <= 2,
	}.add(t, others(t, s, dispatch.Plan{}, pick(8, 1)))
}
