package simulate_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
)

func costly() simulate.Way { return simulate.Planned("c-mu + pack", simulate.EverydayPlan()) }

func weighted() measure {
	return measure{"share in time, weighted", "加权达标率", func(r simulate.Result) float64 { return r.All.WeightedWithin }, inPercent}
}

// beside plays a day with two skills for each agent, and with all of them.
func beside(t *testing.T, s simulate.Scenario) (ours, pooled []simulate.Result) {
	t.Helper()
	seeds := pick(40, 4)
	return runs(t, s, costly(), seeds), runs(t, s.Pooled(), costly(), seeds)
}

func passedOver(results []simulate.Result) int {
	n := 0
	for _, r := range results {
		n += r.All.PassedOver
	}
	return n
}

// S4: a blended day. What agents who could do everything would reach is the
// most that there is to gain.
func TestS4BlendedDay(t *testing.T) {
	s := simulate.Everyday(1.25)
	results, pooled := beside(t, s)
	ours, all := over(results, weighted().of), over(pooled, weighted().of)
	row{
		id: "S4", en: "blended day: 60 agents, calls, chats, important chats, mails; two peaks × 1.25", zh: "混合日：60 名客服，电话、聊天、重要聊天、邮件，两个高峰 × 1.25", measure: weighted(),
		reference: inPercent(all.mean), ours: ours, markEN: "≤ 1.5 points below agents with all skills", markZH: "比全技能客服低 ≤ 1.5 个百分点",
		pass: all.mean-ours.mean <= pick(0.015, 0.025),
	}.add(t, others(t, s, simulate.EverydayPlan(), pick(12, 1)))
}

// S5: more comes at the peaks than the agents can carry.
func TestS5Overload(t *testing.T) {
	s := simulate.DigitalDay(1.3)
	results, pooled := beside(t, s)
	ours, all := over(results, weighted().of), over(pooled, weighted().of)
	row{
		id: "S5", en: "digital day, peaks × 1.3", zh: "纯数字渠道日，高峰 × 1.3", measure: weighted(),
		reference: inPercent(all.mean), ours: ours, markEN: "≤ 4 points below agents with all skills, no older equal passed over", markZH: "比全技能客服低 ≤ 4 个百分点，同类中先到者不被越过",
		pass: all.mean-ours.mean <= 0.04 && passedOver(results) == 0,
	}.add(t, others(t, s, simulate.EverydayPlan(), pick(12, 1)))
}

// S6: important customers at a load of exactly 1, where the queue grows all
// day, and what the least important pay.
func TestS6Important(t *testing.T) {
	s := simulate.Scenario{Length: 8 * 3600, Staff: []simulate.Staff{{Name: "agents", Count: 50}}}
	for _, q := range []struct {
		name   string
		share  float64
		value  int
		target simulate.Seconds
	}{{"important", 0.1, 2, 30}, {"ordinary", 0.6, 1, 60}, {"least", 0.3, 0, 1800}} {
		s.Queues = append(s.Queues, simulate.Queue{
			Name: q.name, Value: q.value, Target: q.target, Handling: simulate.Handling{Mean: 180},
			Traffic: simulate.Traffic{PerHour: q.share * 50 / 180 * 3600},
		})
	}
	way := simulate.Planned("c-mu", dispatch.Plan{Order: dispatch.OrderPlan{By: "cost"}})
	results, their := runs(t, s, way, pick(40, 10)), others(t, s, dispatch.Plan{}, pick(12, 1))
	en, zh := "50 agents, 10 % important, load 1.0", "50 名客服，10 % 重要客户，负载 1.0"
	share := measure{"95th percentile of important to ordinary", "重要与普通客户 95 分位等待之比", func(r simulate.Result) float64 {
		return r.Queues[0].Wait.P95 / r.Queues[1].Wait.P95
	}, inIndex}
	got := over(results, share.of)
	row{id: "S6", en: en, zh: zh, measure: share, reference: "—", ours: got, markEN: "≤ 0.5", markZH: "≤ 0.5", pass: got.mean <= 0.5}.add(t, their)
	longest := measure{"longest wait of the least important", "最低优先客户的最长等待", func(r simulate.Result) float64 { return r.Queues[2].Wait.Max }, inSeconds}
	most := 0.0
	for _, r := range results {
		most = max(most, longest.of(r))
	}
	row{
		id: "S6", en: en, zh: zh, measure: longest, reference: "—", ours: over(results, longest.of),
		markEN: "≤ 4 × 30 min every day", markZH: "每天 ≤ 4 × 30 分钟", pass: most <= 4*1800,
	}.add(t, their)
}

// The guard against starvation, where targets are so tight that it is needed:
// without it the least important would wait three times as long.
func TestStarvation(t *testing.T) {
	t.Parallel()
	s := simulate.Scenario{Length: 8 * 3600, Seed: 1, Staff: []simulate.Staff{{Name: "agents", Count: 10}}}
	for i, share := range []float64{0.95, 0.1} {
		s.Queues = append(s.Queues, simulate.Queue{
			Name: []string{"important", "least"}[i], Value: 1 - i, Target: 300, Handling: simulate.Handling{Law: simulate.Fixed, Mean: 180},
			Traffic: simulate.Traffic{PerHour: share * 10 / 180 * 3600},
		})
	}
	plan := dispatch.Plan{Order: dispatch.OrderPlan{By: "value"}, Starvation: dispatch.Never}
	without := play(t, s, simulate.Planned("strict", plan)).Queues[1].Wait.Max
	plan.Starvation = 4
	with := play(t, s, simulate.Planned("guarded", plan)).Queues[1].Wait.Max
	if with > 4.5*300 || without < 2*with {
		t.Errorf("the longest wait was %v with the guard, %v without", with, without)
	}
}

// S8: what 5 % of offers that nobody takes cost, beside the same customers and
// agents without.
func TestS8MissedOffers(t *testing.T) {
	s := simulate.Everyday(1.25)
	seeds := pick(40, 4)
	without := runs(t, s, costly(), seeds)
	s.Offers = simulate.Offers{Missed: 0.05, Ring: 20}
	with := runs(t, s, costly(), seeds)
	lost := weighted()
	lost.en, lost.zh = "share in time lost, weighted", "加权达标率损失"
	lost.of = func(r simulate.Result) float64 { return without[r.Seed-1].All.WeightedWithin - r.All.WeightedWithin }
	missed, whole := 0, true
	for i, r := range with {
		missed += r.All.Missed
		whole = whole && r.All.Left == 0 && r.All.Arrived == without[i].All.Arrived && r.All.Served+r.All.Abandoned == r.All.Arrived
	}
	got := over(with, lost.of)
	row{
		id: "S8", en: "S4, 5 % of offers ring for 20 s unanswered", zh: "S4，5 % 的邀约振铃 20 秒无人应答", measure: lost,
		reference: "0 %", ours: got, markEN: "≤ 1 point, nothing and no place lost", markZH: "≤ 1 个百分点，不丢失客户与次序",
		pass: got.mean <= pick(0.01, 0.02) && whole && missed > 0 && passedOver(with) == 0,
	}.add(t, nil)
}
