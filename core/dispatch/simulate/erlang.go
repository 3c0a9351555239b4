package simulate

import "math"

// Theory is what queueing theory says of equal agents with one item each,
// Poisson arrivals, exponential handling times and first come, first served,
// once the queue has forgotten how it began.
type Theory struct {
	Delayed   float64 // share of customers who wait at all
	Abandoned float64 // share of customers who leave unserved
	MeanWait  float64 // seconds, over all customers, whether served or not

	decay float64 // of the waits of those who wait, 1/s; 0 = not known in this form
}

// Within returns the share of customers who are served within so many seconds.
// It is exact for ErlangC, and NaN for ErlangA.
func (t Theory) Within(seconds float64) float64 {
	if t.decay == 0 {
		return math.NaN()
	}
	return 1 - t.Delayed*math.Exp(-t.decay*seconds)
}

// ErlangC is M/M/n: endless patience. perSecond is the rate of arrivals,
// handling the mean handling time in seconds. Everything is infinite when the
// agents cannot carry the load.
func ErlangC(agents int, perSecond, handling float64) Theory {
	load, n := perSecond*handling, float64(agents)
	if load >= n {
		return Theory{Delayed: 1, MeanWait: math.Inf(1), decay: math.SmallestNonzeroFloat64}
	}
	blocked := 1.0 // Erlang B, by its recursion
	for i := 1; i <= agents; i++ {
		blocked = load * blocked / (float64(i) + load*blocked)
	}
	delayed := blocked / (1 - load/n*(1-blocked))
	decay := (n - load) / handling
	return Theory{Delayed: delayed, MeanWait: delayed / decay, decay: decay}
}

// ErlangA is M/M/n+M: patience is exponential with the mean given, in seconds.
// The stationary distribution is summed until what is left is below a
// trillionth of what was summed.
func ErlangA(agents int, perSecond, handling, patience float64) Theory {
	const least = 1e-12
	// Weights relative to the state in which all agents are busy and nobody
	// waits: downwards, then upwards, so that nothing overflows.
	n := float64(agents)
	total, weight := 1.0, 1.0
	for busy := n; busy >= 1; busy-- {
		weight *= busy / (perSecond * handling)
		total += weight
	}
	delayed, queue := 1.0, 0.0
	weight = 1
	for waiting := 1.0; ; waiting++ {
		leaving := n/handling + waiting/patience
		weight *= perSecond / leaving
		total += weight
		delayed += weight
		queue += waiting * weight
		if perSecond < leaving && waiting*weight < least*queue*(1-perSecond/leaving) {
			break
		}
	}
	queue /= total
	return Theory{Delayed: delayed / total, Abandoned: queue / patience / perSecond, MeanWait: queue / perSecond}
}
