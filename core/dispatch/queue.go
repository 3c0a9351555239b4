package dispatch

import "time"

// queueKey names a queue: by its name, or items that are in none by their class.
// Tickets are beside the others: no customer is behind one.
type queueKey struct {
	name    string
	class   Class
	tickets bool
}

func keyOf(it Item) queueKey {
	if it.Queue == "" {
		return queueKey{class: it.Class, tickets: it.aside()}
	}
	return queueKey{name: it.Queue, tickets: it.aside()}
}

// order has tickets come after what else has the name.
func (k queueKey) order(o queueKey) int {
	switch {
	case k.tickets == o.tickets:
		return 0
	case k.tickets:
		return 1
	default:
		return -1
	}
}

// queue is the items that count their places together.
type queue struct {
	queueKey
	held     bool
	lines    map[lineKey]*line
	rankings []*ranking
	flow     *flow
}

// ranking is the items of one tier of a queue in their order, to count them.
type ranking struct {
	tier
	queue *queue
	items *tree[*waiting]
	stale int // all places before this index were told; len = all
	far   int // where the slow sweep over the stale ones goes on
}

// queueOf returns the queue of an item, making it if need be.
func (e *Engine) queueOf(it Item) *queue {
	key := keyOf(it)
	q := e.queues[key]
	if q == nil {
		_, held := e.held[key.name]
		q = &queue{queueKey: key, held: held, lines: map[lineKey]*line{}}
		q.flow = e.flowOf(q, it.Class)
		if len(e.queues) == 0 {
			e.waitAt = e.now.Add(waitEvery)
		}
		e.queues[key] = q
	}
	return q
}

// abandon forgets a queue in which nothing waits or rings.
func (e *Engine) abandon(q *queue) {
	if len(q.lines)+len(q.rankings) == 0 {
		delete(e.queues, q.queueKey)
	}
}

// Hold closes a queue until a time, zero = nobody knows, or opens it again.
// While it is closed its items are given to nobody, keep their places, and have
// nobody to hope for. The time is only told: nothing opens by it. "" is no queue.
func (e *Engine) Hold(name string, closed bool, opens time.Time) {
	at := int64(0)
	if closed && !opens.IsZero() {
		at = opens.UnixMilli()
	}
	until, was := e.held[name]
	if name == "" || was == closed && until == at {
		return
	}
	if closed {
		e.held[name] = at
	} else {
		delete(e.held, name)
	}
	for _, tickets := range []bool{false, true} {
		if q := e.queues[queueKey{name: name, tickets: tickets}]; q != nil {
			e.hold(q, closed)
		}
	}
}

// hold closes what waits in a queue, or opens it.
func (e *Engine) hold(q *queue, closed bool) {
	e.pass(q)
	was := q.held
	if q.held = closed; was != closed {
		for _, l := range q.lines {
			e.reopen(l)
		}
	}
	e.unsettle(q)
}

// Held reports whether a queue is closed.
func (e *Engine) Held(name string) bool {
	_, held := e.held[name]
	return held
}

// rankIn counts an item in its queue.
func (e *Engine) rankIn(q *queue, w *waiting) {
	e.pass(q)
	var r *ranking
	for _, other := range q.rankings {
		if other.tier == w.tier {
			r = other
		}
	}
	if r == nil {
		r = &ranking{tier: w.tier, queue: q, items: newTree(earlier)}
		q.rankings = append(q.rankings, r)
		e.drift(q)
	}
	w.ranking = r
	r.items.put(&w.place, w)
	e.touch(w)
}

// rankOut counts an item no more.
func (e *Engine) rankOut(w *waiting) {
	r := w.ranking
	e.pass(r.queue)
	e.touch(w)
	r.items.remove(&w.place)
	w.ranking = nil
	if r.items.len() > 0 {
		return
	}
	delete(e.stale, r)
	for i, other := range r.queue.rankings {
		if other == r {
			r.queue.rankings = append(r.queue.rankings[:i], r.queue.rankings[i+1:]...)
			break
		}
	}
	e.drift(r.queue)
}

// drift notes whether places in a queue change as time passes: when items of
// two rates wait in it.
func (e *Engine) drift(q *queue) {
	rates := 0
	for _, r := range q.rankings {
		if !r.late {
			rates++
		}
	}
	if rates < 2 {
		if _, was := e.drifting[q]; was {
			delete(e.drifting, q)
			e.unsettle(q)
		}
		return
	}
	if len(e.drifting) == 0 {
		e.driftAt = e.now.Add(driftEvery)
	}
	e.drifting[q] = struct{}{}
}

// ahead counts the items of another ranking that come before w.
func (e *Engine) ahead(r *ranking, w *waiting) int {
	n, _ := r.items.search(func(o *waiting) bool { return e.before(o, w) })
	return n
}

// touch notes that the places from w's on have changed.
func (e *Engine) touch(w *waiting) {
	for _, r := range w.ranking.queue.rankings {
		if r == w.ranking {
			e.staleFrom(r, w.place.index())
		} else {
			e.staleFrom(r, e.ahead(r, w))
		}
	}
}

// unsettle has all places of a queue looked at.
func (e *Engine) unsettle(q *queue) {
	for _, r := range q.rankings {
		e.staleFrom(r, 0)
	}
}

func (e *Engine) staleFrom(r *ranking, i int) {
	if _, stale := e.stale[r]; !stale {
		e.stale[r] = struct{}{}
		r.stale, r.far = i, i
	}
	r.stale = min(r.stale, i)
}
