package dispatch_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// modulo lets an agent of profile "i" serve one class in so many.
type modulo struct{ per int }

func (m modulo) May(p dispatch.Profile, c dispatch.Class) bool {
	var a, b int
	_, _ = fmt.Sscan(string(p), &a)
	_, _ = fmt.Sscan(string(c), &b)
	return a%m.per == b%m.per
}

// BenchmarkDecide is a full house: every agent is busy and everybody else
// waits. One step is an agent who finishes, a customer who comes, and the
// decision.
func BenchmarkDecide(b *testing.B) {
	for _, s := range []struct {
		agents, waiting, classes, profiles, per int
	}{
		{10_000, 1_000, 1, 1, 1},
		{10_000, 10_000, 1, 1, 1},
		{10_000, 100_000, 1, 1, 1},
		{10_000, 100_000, 400, 40, 20},
		{10_000, 100_000, 5_000, 200, 100},
	} {
		name := fmt.Sprintf("agents=%d/waiting=%d/classes=%d/profiles=%d", s.agents, s.waiting, s.classes, s.profiles)
		b.Run(name, func(b *testing.B) {
			now := epoch
			policy := dispatch.Policy{}
			if s.classes > 1 {
				policy.Match = modulo{s.per}
			}
			e := dispatch.NewEngine(policy)
			item := func(i int) dispatch.Item {
				now = now.Add(time.Millisecond)
				return dispatch.Item{
					Key: dispatch.Key{Kind: "conversation", ID: fmt.Sprintf("%08d", i)}, WaitingSince: now,
					Class: dispatch.Class(strconv.Itoa(i * 7919 % s.classes)),
				}
			}
			for i := range s.waiting {
				e.Wait(item(i))
			}
			agents := make([]dispatch.Agent, s.agents)
			for i := range agents {
				agents[i] = dispatch.Agent{
					Member: identity.MemberID(fmt.Sprintf("%06d", i)), Profile: dispatch.Profile(strconv.Itoa(i % s.profiles)),
					Status: dispatch.Available, Capacity: 5, Used: 5, IdleSince: now,
				}
				e.Set(agents[i])
			}
			items := make([]dispatch.Item, b.N)
			for i := range items {
				items[i] = item(s.waiting + i)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i, decided := 0, 0; i < b.N; i++ {
				a := agents[i*6151%s.agents]
				a.Used, a.IdleSince = 4, items[i].WaitingSince
				e.Set(a)
				e.Wait(items[i])
				got := e.Decide(items[i].WaitingSince, 16)
				if decided += len(got); len(got) != 1 {
					b.Fatalf("decided %d of one possible", len(got))
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}

// BenchmarkPosition asks for a place in a queue of 100,000.
func BenchmarkPosition(b *testing.B) {
	e := dispatch.NewEngine(dispatch.Policy{})
	for i := range 100_000 {
		e.Wait(dispatch.Item{Key: key(i), WaitingSince: epoch.Add(time.Duration(i) * time.Millisecond)})
	}
	for i := range b.N {
		if n := i % 100_000; e.Position(key(n)) == 0 {
			b.Fatal("not waiting")
		}
	}
}
