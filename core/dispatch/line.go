package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// waiting is an item in its places: in its line, from which it is given out,
// and in its ranking, in which it is counted.
type waiting struct {
	Item
	since int64 // WaitingSince in milliseconds
	order Rank  // as the policy says
	rate  float64

	// What follows from the stage that the item is in.
	tier    tier
	rank    Rank           // within the tier
	rings   bool           // offered: in its ranking, in no line
	line    *line          // nil while it rings
	node    node[*waiting] // in the line
	ranking *ranking
	place   node[*waiting] // in the ranking
	due     time.Time      // when the stage ends, while timer is in Engine.timers
	timer   node[*waiting]

	told told
}

// told is what Moved reported last of an item.
type told struct {
	place     int // 0 = nothing
	available bool
	closed    bool
	wait      bucket
	opens     int64 // Unix milliseconds; 0 = nobody knows
}

// tier is within what the order never changes.
type tier struct {
	late bool    // past patience: before all others, the oldest first
	rate float64 // see RatedPolicy
}

func (t tier) compare(o tier) int {
	return cmp.Or(cmp.Compare(flag(o.late), flag(t.late)), cmp.Compare(o.rate, t.rate))
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// earlier orders the items of one tier.
func earlier(a, b *waiting) bool {
	if mutant.On(mutant.NewestFirst) {
		a, b = b, a
	}
	if a.rank != b.rank {
		return a.rank.less(b.rank)
	}
	return older(a, b)
}

func older(a, b *waiting) bool {
	if a.since != b.since {
		return a.since < b.since
	}
	if a.ID != b.ID {
		return a.ID < b.ID
	}
	return a.Kind < b.Kind
}

// before orders all items as they stand at the engine's time.
func (e *Engine) before(a, b *waiting) bool {
	if a.tier == b.tier {
		return earlier(a, b)
	}
	if a.tier.late != b.tier.late {
		return a.tier.late
	}
	now := e.now.UnixMilli()
	if x, y := a.tier.rate*float64(now-a.since), b.tier.rate*float64(now-b.since); x != y {
		return x > y
	}
	return older(a, b)
}

// need is all that decides which agents an item can be given to now.
type need struct {
	class     Class
	channel   Channel
	weight    int
	exclusive bool
	only      identity.MemberID // "" = whoever may
}

// lineKey names a line of a queue.
type lineKey struct {
	need
	tier
}

// line is everything in a queue that waits with the same need in the same tier:
// if one of them fits an agent, all do, exclusions aside.
type line struct {
	lineKey
	kind  *kind
	at    int // in the kind
	queue *queue
	items *tree[*waiting]
	head  *waiting    // the first of items
	group *group      // of the lines that Decide looks at
	node  node[*line] // in the group, while anything of the line can be given to anybody
	fresh bool        // in the group, and may have a match that Decide has not seen yet
}

func earlierLine(a, b *line) bool { return earlier(a.head, b.head) }

// group is the lines of one tier, by their heads.
type group struct {
	tier
	lines   *tree[*line]
	version int // another one after every change
}

// idleGroups is how many groups without lines are kept.
const idleGroups = 64

func (e *Engine) groupOf(t tier) *group {
	g := e.groups[t]
	if g == nil {
		if len(e.groups) >= idleGroups {
			for t, g := range e.groups {
				if g.lines.len() == 0 {
					delete(e.groups, t)
				}
			}
		}
		g = &group{tier: t, lines: newTree(earlierLine)}
		e.groups[t] = g
	}
	return g
}

// lineOf returns the line for an item, making it if need be.
func (e *Engine) lineOf(q *queue, w *waiting, s stage) *line {
	key := lineKey{need{s.class, w.Channel, w.Weight, w.Exclusive, s.only}, w.tier}
	l := q.lines[key]
	if l == nil {
		l = &line{lineKey: key, kind: e.kindOf(s.class), queue: q, items: newTree(earlier)}
		q.lines[key] = l
		e.link(l)
		if s.only != "" {
			e.bind(l)
		}
	}
	return l
}

// enter puts an item where it belongs now.
func (e *Engine) enter(w *waiting) {
	s := e.stageOf(w.Item)
	w.tier, w.rank = tier{rate: w.rate}, w.order
	if s.late {
		w.tier, w.rank = tier{late: true}, Rank{}
	}
	q := e.queueOf(w.Item)
	if w.due = s.next; !w.due.IsZero() {
		e.timers.put(&w.timer, w)
	}
	if w.rings {
		e.ringing[w.Key] = w
		e.rankIn(q, w)
		return
	}
	l := e.lineOf(q, w, s)
	w.line = l
	l.items.put(&w.node, w)
	e.items[w.Key] = w
	e.rankIn(q, w)
	if l.head == nil || earlier(w, l.head) {
		e.rehead(l)
	}
	e.refresh(l)
}

// leave takes an item out of its places.
func (e *Engine) leave(w *waiting) {
	if w.timer.in() {
		e.timers.remove(&w.timer)
	}
	q := w.ranking.queue
	e.rankOut(w)
	if w.rings {
		delete(e.ringing, w.Key)
	} else {
		e.unline(w)
	}
	e.abandon(q)
}

// unline takes an item out of its line.
func (e *Engine) unline(w *waiting) {
	l := w.line
	w.line = nil
	l.items.remove(&w.node)
	delete(e.items, w.Key)
	if l.head == w {
		e.rehead(l)
	}
}

// rehead gives a line its place among the lines again, after its head or
// whether it can be served changed. A line without items goes.
func (e *Engine) rehead(l *line) {
	if l.node.in() {
		l.group.lines.remove(&l.node)
		l.group.version++
		e.openLines--
	}
	l.head = nil
	if first := l.items.first(); first != nil {
		l.head = first.value
	}
	if l.head != nil && e.open(l) {
		if l.group == nil {
			l.group = e.groupOf(l.tier)
		}
		l.group.lines.put(&l.node, l)
		e.openLines++
		l.group.version++
		return
	}
	if l.fresh {
		l.fresh = false
		e.freshLines--
	}
	l.group = nil
	if l.head == nil {
		e.unlink(l)
		if l.only != "" {
			e.unbind(l)
		}
		delete(l.queue.lines, l.lineKey)
	}
}

// open reports whether anything of a line can be given to anybody as things
// are: its queue is open, and if it waits for one member, that one has room.
func (e *Engine) open(l *line) bool {
	if l.queue.held {
		return false
	}
	if l.only == "" {
		return true
	}
	a := e.agents[l.only]
	return a != nil && a.bench != nil
}

// refresh has Decide look at a line, if it can be served.
func (e *Engine) refresh(l *line) {
	if l.node.in() && !l.fresh {
		l.fresh = true
		e.freshLines++
		if len(e.news) > 2*e.freshLines+64 {
			e.news = slices.DeleteFunc(e.news, func(l *line) bool { return !l.fresh })
		}
		e.news = append(e.news, l)
	}
}

// reopen looks again whether a line can be served.
func (e *Engine) reopen(l *line) {
	if e.open(l) != l.node.in() {
		e.rehead(l)
		e.refresh(l)
	}
}

// bind remembers a line that waits for one member.
func (e *Engine) bind(l *line) {
	lines := e.bound[l.only]
	if lines == nil {
		lines = map[*line]struct{}{}
		e.bound[l.only] = lines
	}
	lines[l] = struct{}{}
}

func (e *Engine) unbind(l *line) {
	lines := e.bound[l.only]
	if delete(lines, l); len(lines) == 0 {
		delete(e.bound, l.only)
	}
}
