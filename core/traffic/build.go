package traffic

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/queue"
)

// gaps counts what is not known, by code.
type gaps struct{ counts map[GapCode]int }

func (g *gaps) add(code GapCode, n int) {
	if n > 0 {
		g.counts[code] += n
	}
}

// list is in the order of declaration.
func (g *gaps) list() []Gap {
	out := []Gap{}
	for _, code := range []GapCode{
		GapToday, GapHandling, GapAssumed, GapCarried, GapInHand, GapDirect, GapPresence, GapGone, GapHours, GapQueues, GapDemands,
	} {
		if n := g.counts[code]; n > 0 {
			out = append(out, Gap{code, n})
		}
	}
	return out
}

// world is what a workspace has now.
type world struct {
	queues map[queue.ID]queue.Queue
	people []Person
	called names
}

// build makes the day's scenario of what was folded.
func (f *fold) build(w world, a attendance) Day {
	g := &gaps{map[GapCode]int{}}
	out := Day{Scenario: simulate.Scenario{Length: seconds(f.to.Sub(f.from))}}
	if f.to.Equal(f.now) {
		g.add(GapToday, 1)
	}
	streams := f.sort(w.queues, g)
	call(streams, w.queues, w.called)
	whole := measured(f.all())
	patience := f.patience(streams)
	for _, s := range streams {
		q := s.play(w.queues, w.called)
		q.Patience = patience[s.place()]
		times := measured(s.waits)
		g.add(GapHandling, len(s.waits)-len(times))
		switch {
		case len(times) > 0:
			q.Handling = handling(times)
		case len(whole) > 0:
			q.Handling = handling(whole)
		default:
			q.Handling = handling([]float64{assumedHandling})
			g.add(GapAssumed, len(s.waits))
		}
		if _, there := w.queues[s.Queue]; s.Queue != "" && !there {
			g.add(GapQueues, len(s.waits))
		}
		out.Scenario.Queues, out.Streams = append(out.Scenario.Queues, q), append(out.Streams, s.Stream)
		out.Scenario.Arrivals = append(out.Scenario.Arrivals, f.arrivals(s, q)...)
	}
	slices.SortStableFunc(out.Scenario.Arrivals, func(x, y simulate.Arrival) int {
		return int(x.At*1000) - int(y.At*1000)
	})
	g.add(GapHours, hours(streams, w.queues))
	g.add(GapCarried, f.carried)
	g.add(GapInHand, f.inHand)
	g.add(GapDirect, f.direct)
	c := f.crewOf(w.people, a, w.called, g)
	out.Scenario.Staff, out.Groups, out.Gaps = c.staff, c.groups, g.list()
	return out
}

// measured are the times that members took, in seconds.
func measured(waits []*wait) []float64 {
	var out []float64
	for _, w := range waits {
		if w.measured {
			out = append(out, w.handled.Seconds())
		}
	}
	return out
}

// place is where somebody waits: how patient they are depends on it.
type place struct {
	queue   queue.ID
	channel dispatch.Channel
}

func (s *stream) place() place { return place{s.Queue, s.channel} }

// patience is the mean of everybody's who waited in a place: the time that all of
// them waited, over how many left. It is the likeliest mean of an exponential
// patience that is seen to its end of those who left only. 0: nobody left.
func (f *fold) patience(streams []*stream) map[place]simulate.Seconds {
	left, waited, out := map[place]int{}, map[place]float64{}, map[place]simulate.Seconds{}
	for _, s := range streams {
		for _, w := range s.waits {
			took, gone := f.waited(w)
			waited[s.place()] += took.Seconds()
			if gone {
				left[s.place()]++
			}
		}
	}
	for p, n := range left {
		out[p] = simulate.Seconds(round(min(max(waited[p]/float64(n), 1), float64(simulate.MaxLength))))
	}
	return out
}

// arrivals are the customers of a stream.
func (f *fold) arrivals(s *stream, q simulate.Queue) []simulate.Arrival {
	out := make([]simulate.Arrival, 0, len(s.waits))
	for _, w := range s.waits {
		a := simulate.Arrival{At: seconds(w.at.Sub(f.from)), Queue: s.name}
		if w.measured {
			a.Handling = min(max(seconds(w.handled), 0.001), simulate.Seconds(30*24*3600))
		}
		switch took, gone := f.waited(w); {
		case gone:
			a.Patience = max(seconds(took), 0.001)
		case q.Patience > 0:
			a.Waited = seconds(took)
		}
		out = append(out, a)
	}
	return out
}

// hours counts the queues that have any.
func hours(streams []*stream, queues map[queue.ID]queue.Queue) int {
	with := map[queue.ID]bool{}
	for _, s := range streams {
		if queues[s.Queue].Calendar != "" {
			with[s.Queue] = true
		}
	}
	return len(with)
}
