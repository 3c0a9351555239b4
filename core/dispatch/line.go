package dispatch

// waiting is an item in its line.
type waiting struct {
	Item
	rank Rank
	line *line
	node *node[*waiting]
	told told
}

// told is what Moved reported last of an item.
type told struct {
	place     int // 0 = nothing
	available bool
}

func earlier(a, b *waiting) bool {
	if a.rank != b.rank {
		return a.rank.less(b.rank)
	}
	if d := a.WaitingSince.Compare(b.WaitingSince); d != 0 {
		return d < 0
	}
	if a.ID != b.ID {
		return a.ID < b.ID
	}
	return a.Kind < b.Kind
}

// line is everything that waits with the same requirements and weight: if one
// of them fits an agent, all do, exclusions aside.
type line struct {
	class  Class
	weight int
	items  *tree[*waiting]
	head   *waiting     // the first of items
	node   *node[*line] // in Engine.lines
	fresh  bool         // may have a match that Decide has not seen yet

	available bool // see Engine.Available

	stale int // all places before this index were told; len = all
	far   int // where the slow sweep over the stale ones goes on
}

func earlierLine(a, b *line) bool { return earlier(a.head, b.head) }

// lineOf returns the line for the item, making it if need be.
func (e *Engine) lineOf(it Item) *line {
	for _, l := range e.classes[it.Class] {
		if l.weight == it.Weight {
			return l
		}
	}
	l := &line{class: it.Class, weight: it.Weight, items: newTree(earlier), available: e.Available(it.Class)}
	e.classes[it.Class] = append(e.classes[it.Class], l)
	return l
}

// enter puts an item into its line.
func (e *Engine) enter(w *waiting) {
	l := e.lineOf(w.Item)
	w.line, w.node = l, l.items.insert(w)
	e.items[w.Key] = w
	e.touch(w)
	e.refresh(l)
	if l.head == nil || earlier(w, l.head) {
		e.rehead(l)
	}
}

// leave takes an item out of its line.
func (e *Engine) leave(w *waiting) {
	l := w.line
	e.touch(w)
	l.items.remove(w.node)
	delete(e.items, w.Key)
	if l.head == w {
		e.rehead(l)
	}
}

// rehead gives a line its place among the lines again, after its head changed.
// A line without items goes.
func (e *Engine) rehead(l *line) {
	if l.node != nil {
		e.lines.remove(l.node)
		l.node = nil
	}
	first := l.items.first()
	if first != nil {
		l.head = first.value
		l.node = e.lines.insert(l)
		return
	}
	if l.fresh {
		l.fresh = false
		e.freshLines--
	}
	delete(e.stale, l)
	all := e.classes[l.class]
	for i, other := range all {
		if other == l {
			all = append(all[:i], all[i+1:]...)
			break
		}
	}
	if e.classes[l.class] = all; len(all) == 0 {
		delete(e.classes, l.class)
	}
}

func (e *Engine) refresh(l *line) {
	if !l.fresh {
		l.fresh = true
		e.freshLines++
	}
}
