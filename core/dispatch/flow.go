package dispatch

import (
	"math"
	"time"
)

// flow is how fast a queue is served, as far as it was seen while somebody
// waited in it. Work is counted in places: what all agents who may serve the
// queue could have had at once, times how long. So the pace follows at once when
// agents come or go.
type flow struct {
	class Class // of what waits in it, or did
	at    int64 // the time counted, in milliseconds; 0 = none yet

	served float64 // items given to an agent; older ones count less
	spent  float64 // seconds of places until then
	run    float64 // seconds of places since the last one was served
	last   int64   // when that was, in milliseconds

	left   float64 // items that went unserved; older ones count less
	waited float64 // seconds of all items

	places  int    // of available agents who may serve the class
	counted uint64 // Engine.staffing when places were counted
}

const (
	keepServed = 0.9              // what a served item leaves of what is known from those before
	keepTime   = float64(60 * 60) // seconds after which about a third is left of it
	enough     = 3.0              // served items that say how fast a queue is
	maxFlows   = 8192             // remembered queues; those in which nothing waits are forgotten first
)

// flowOf returns the flow of a queue, making it if need be.
func (e *Engine) flowOf(q *queue, class Class) *flow {
	f := e.flows[q.queueKey]
	if f == nil {
		if len(e.flows) >= maxFlows {
			for key := range e.flows {
				if e.queues[key] == nil {
					delete(e.flows, key)
				}
			}
		}
		f = &flow{class: class, last: e.clock()}
		e.flows[q.queueKey] = f
	}
	if f.class != class {
		f.class, f.counted = class, 0
	}
	f.at = e.clock() // nobody waited in it
	return f
}

// clock is the engine's time in milliseconds; 0 = it has not begun.
func (e *Engine) clock() int64 { return max(e.now.UnixMilli(), 0) }

// pass counts the time that a queue has been waited in.
func (e *Engine) pass(q *queue) {
	f := q.flow
	before, now := f.at, e.clock()
	if f.at = now; before == 0 || now <= before || q.held {
		return
	}
	dt := float64(now-before) / 1000
	f.run += dt * float64(e.placesOf(f))
	f.waited += dt * float64(q.len())
}

// len is how many items wait in a queue or ring.
func (q *queue) len() int {
	n := 0
	for _, r := range q.rankings {
		n += r.items.len()
	}
	return n
}

// placesOf counts what the available agents of a flow's class can have at once.
func (e *Engine) placesOf(f *flow) int {
	if f.counted == e.staffing {
		return f.places
	}
	f.places, f.counted = 0, e.staffing
	k := e.kinds[f.class]
	for _, who := range e.profiles {
		if who.hands == 0 {
			continue
		}
		var may bool
		if k != nil {
			may = e.may(who, k)
		} else {
			may = e.policy.Match.May(who.profile, f.class)
		}
		if may {
			f.places += who.places
		}
	}
	return f.places
}

// depart counts an item that was given to an agent.
func (e *Engine) depart(w *waiting) {
	q := w.ranking.queue
	e.pass(q)
	f := q.flow
	keep := keepServed * math.Exp(-float64(f.at-f.last)/1000/keepTime)
	f.served, f.spent = f.served*keep+1, f.spent*keep+f.run
	f.left, f.waited = f.left*keep, f.waited*keep
	f.run, f.last = 0, f.at
}

// undepart takes back what depart counted.
func (f *flow) undepart() { f.served = max(f.served-1, 0) }

// forsake counts an item that waits no more and that nobody was given.
func (e *Engine) forsake(w *waiting) {
	e.pass(w.ranking.queue)
	w.ranking.queue.flow.left++
}

// pace returns how many items are served in a second while somebody waits, and
// which share of those who wait leaves in one; false = not known.
func (e *Engine) pace(f *flow) (serve, leave float64, known bool) {
	places := float64(e.placesOf(f))
	if places == 0 {
		return 0, 0, false
	}
	served, spent := f.served, f.spent
	if missing := enough - served; missing > 0 {
		each, sure := e.work.each()
		if !sure {
			return 0, 0, false
		}
		served, spent = enough, spent+missing*each
	}
	// For longer than usual nobody was served: that says something too.
	each := max(spent/served, (spent+f.run)/(served+1))
	if each <= 0 {
		return 0, 0, false
	}
	if f.left > 0 && f.waited > 0 {
		leave = f.left / f.waited
	}
	return places / each, leave, true
}

// waitAt returns the expected wait at a place, in seconds: until those before
// are served or gone, and one more is served.
func waitAt(place int, serve, leave float64) float64 {
	n := float64(place)
	if leave <= 0 || place < 2 {
		return n / serve
	}
	return 1/serve + math.Log((serve+(n-0.5)*leave)/(serve+0.5*leave))/leave
}

// work is how long agents take, over all queues: the weight that they have,
// times how long, for each unit of it that they finished.
type work struct {
	at   int64 // the time counted, in milliseconds
	used int   // weight that agents have now
	time float64
	done float64
}

// change counts weight that came to an agent or went.
func (k *work) change(now int64, before, after int) {
	if before == after {
		return
	}
	if dt := float64(now-k.at) / 1000; k.at > 0 && dt > 0 {
		keep := math.Exp(-dt / keepTime)
		k.time, k.done = k.time*keep+dt*float64(k.used), k.done*keep
	}
	k.at = now
	k.used += after - before
	k.done += float64(max(before-after, 0))
}

// each returns how long a unit of weight takes, in seconds; false = too few were
// seen.
func (k *work) each() (float64, bool) {
	if k.done < enough {
		return 0, false
	}
	return k.time / k.done, true
}

// ExpectedWait returns how long somebody who comes to a queue now will wait
// until an agent has them; 0 = not at all. false = not known: the queue is
// closed, nobody is available, or too little was seen since the start.
func (e *Engine) ExpectedWait(name string) (time.Duration, bool) {
	key := queueKey{name: name}
	f := e.flows[key]
	if _, held := e.held[name]; f == nil || held || e.placesOf(f) == 0 {
		return 0, false
	}
	waits := 0
	if q := e.queues[key]; q != nil {
		e.pass(q)
		waits = q.len()
	}
	if waits == 0 && e.room(f.class) {
		return 0, true
	}
	serve, leave, known := e.pace(f)
	if !known {
		return 0, false
	}
	return min(time.Duration(waitAt(waits+1, serve, leave)*float64(time.Second)), maxPatience), true
}

// room reports whether an agent who may serve a class has room for something.
func (e *Engine) room(class Class) bool {
	for n := e.benches.first(); n != nil; n = n.next() {
		if e.policy.Match.May(n.value.who.profile, class) {
			return true
		}
	}
	return false
}
