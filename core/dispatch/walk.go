package dispatch

// walk goes over the lines that may have a match which Decide has not seen, in
// the order of their heads at the engine's time. Between two steps lines may
// change; resume finds the way again.
//
// There are two ways to find such lines, whichever looks at fewer: to go through
// all lines in their order until one comes, which is short when the agents with
// news may serve most of them, or to gather those of the classes that the
// agents may serve, which is short when these are few.
type walk struct {
	e     *Engine
	steps []step  // a heap by the head of the line
	found []*line // what was gathered; nil = the walk goes through all

	gathered bool
	from     *waiting // no line before it has a match; nil = as far as the walk is
	past     bool     // the walk went past it
}

// step is where the walk is in one group, or one line that was gathered.
type step struct {
	line    *line  // nil = at the end
	group   *group // nil = gathered
	version int
}

// walk begins at the first line.
func (e *Engine) walk() *walk {
	c := &e.scratch
	*c = walk{e: e, steps: c.steps[:0], found: c.found[:0]}
	if c.gathered = e.few(); c.gathered {
		c.gather()
	} else {
		for _, g := range e.groups {
			if g.lines.len() > 0 {
				c.steps = append(c.steps, c.at(g, g.lines.first()))
			}
		}
	}
	c.order()
	return c
}

// maxGathered is how many benches with news are gathered for.
const maxGathered = 16

// few reports whether it is shorter to gather the lines than to go through
// them: going through finds one after as many as there are for each that
// matches, in every group.
func (e *Engine) few() bool {
	if len(e.freshBenches) > maxGathered {
		return false
	}
	kinds := 0
	for _, b := range e.freshBenches {
		kinds += len(e.serving(b.who))
	}
	lines := e.freshLines + kinds*e.openLines/max(e.live, 1)
	return lines*lines < e.openLines*max(len(e.groups), 1)
}

// gather collects the promising lines.
func (c *walk) gather() {
	for _, l := range c.e.news {
		if l.fresh {
			c.found = append(c.found, l)
		}
	}
	for _, b := range c.e.freshBenches {
		for _, k := range c.e.serving(b.who) {
			for _, l := range k.lines {
				if l.node.in() && !l.fresh && c.e.promising(l) {
					c.found = append(c.found, l)
				}
			}
		}
	}
	for _, l := range c.found {
		c.steps = append(c.steps, step{line: l})
	}
}

// at returns the step at the next promising line of a group.
func (c *walk) at(g *group, n *node[*line]) step {
	for n != nil && !c.e.promising(n.value) {
		n = n.next()
	}
	if n == nil {
		return step{nil, g, g.version}
	}
	return step{n.value, g, g.version}
}

// line returns the line where the walk is; nil = at the end.
func (c *walk) line() *line {
	if len(c.steps) == 0 {
		return nil
	}
	return c.steps[0].line
}

// step goes on to the next line.
func (c *walk) step() {
	s := &c.steps[0]
	if s.group == nil {
		s.line = nil
	} else {
		*s = c.at(s.group, s.line.node.next())
	}
	c.sink(0)
}

// back notes that nothing before an item has a match, and that a pair after
// which lines may have changed was found there.
func (c *walk) back(from *waiting) {
	l := c.line()
	c.from, c.past = from, l == nil || l.head != from
}

// resume finds the way after lines changed.
func (c *walk) resume() {
	if c.from == nil {
		return
	}
	if c.gathered {
		c.steps = c.steps[:0]
		for _, l := range c.found {
			if l.node.in() && !c.e.before(l.head, c.from) && c.e.promising(l) {
				c.steps = append(c.steps, step{line: l})
			}
		}
		c.order()
	} else if c.seek() {
		c.order()
	}
	c.from = nil
}

// seek goes back to the item in every group that changed, or that the walk may
// have left behind, and reports whether there was one.
func (c *walk) seek() bool {
	before := func(l *line) bool { return c.e.before(l.head, c.from) }
	sought := false
	for i, s := range c.steps {
		if c.past || s.version != s.group.version {
			_, n := s.group.lines.search(before)
			c.steps[i] = c.at(s.group, n)
			sought = true
		}
	}
	return sought
}

// order makes a heap of the steps.
func (c *walk) order() {
	for i := len(c.steps)/2 - 1; i >= 0; i-- {
		c.sink(i)
	}
}

// sink moves a step down to where it belongs in the heap.
func (c *walk) sink(i int) {
	for {
		first := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(c.steps); child++ {
			if c.sooner(c.steps[child], c.steps[first]) {
				first = child
			}
		}
		if first == i {
			return
		}
		c.steps[i], c.steps[first] = c.steps[first], c.steps[i]
		i = first
	}
}

func (c *walk) sooner(a, b step) bool {
	if a.line == nil || b.line == nil {
		return a.line != nil
	}
	return c.e.before(a.line.head, b.line.head)
}
