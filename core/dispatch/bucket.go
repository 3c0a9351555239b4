package dispatch

import "time"

// bucket is an expected wait as it is shown: what somebody who waits can make
// use of, and no more exact than it is known. 0 = not known.
type bucket uint8

// buckets are the waits that are shown, and up to where each is, in seconds.
// What Position.Wait documents.
var buckets = [...]struct{ shown, upTo float64 }{ //nolint:gochecknoglobals // a table
	1: {60, 60}, {120, 150}, {180, 240}, {300, 450}, {600, 750}, {900, 1050}, {1200, 1500}, {1800, 2250}, {2700, 3150}, {3600, 0},
}

// slack is how far beyond the edge of its bucket a wait must be to be shown in
// another, as a share of the edge.
const slack = 0.15

// bucketOf returns the bucket of a wait in seconds. It stays before as long as
// that is nearly right.
func bucketOf(wait float64, before bucket) bucket {
	last := bucket(len(buckets) - 1)
	if before != 0 {
		below := before > 1 && wait < buckets[before-1].upTo*(1-slack)
		above := before < last && wait >= buckets[before].upTo*(1+slack)
		if !below && !above {
			return before
		}
	}
	for b := bucket(1); b < last; b++ {
		if wait < buckets[b].upTo {
			return b
		}
	}
	return last
}

func (b bucket) wait() time.Duration { return time.Duration(buckets[b].shown) * time.Second }

// waitOf returns what is shown of the wait at a place of a queue, where before
// was shown.
func (e *Engine) waitOf(q *queue, place int, before bucket) bucket {
	if q.held {
		return 0
	}
	serve, leave, known := e.pace(q.flow)
	if !known {
		return 0
	}
	return bucketOf(waitAt(place, serve, leave), before)
}

// waitEvery is how often waits are looked at that change as time passes.
const waitEvery = 15 * time.Second

// overdue has the waits looked at that are others by now: where nobody was
// served for longer than usual and, after agents came or went, everywhere.
func (e *Engine) overdue() {
	if len(e.queues) == 0 || e.waitAt.After(e.now) {
		return
	}
	e.waitAt = e.now.Add(waitEvery)
	for _, q := range e.queues {
		e.pass(q)
		if e.staffed != e.staffing || q.flow.run*q.flow.served > q.flow.spent {
			e.unsettle(q)
		}
	}
	e.staffed = e.staffing
}
