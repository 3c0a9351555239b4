package dispatch

// Available reports whether an agent is available who may serve a class, busy
// or not.
func (e *Engine) Available(class Class) bool {
	if k := e.kinds[class]; k != nil && len(k.lines) > 0 {
		return k.hands > 0
	}
	for _, who := range e.profiles {
		if who.hands > 0 && e.policy.Match.May(who.profile, class) {
			return true
		}
	}
	return false
}

// Hope reports whether an agent is available who may serve a waiting item, with
// the rungs that it has reached, and whether its queue is open: whoever waits
// has somebody to hope for. What rings has.
func (e *Engine) Hope(key Key) bool {
	w := e.known(key)
	return w != nil && (w.rings || e.hopeful(w))
}

func (e *Engine) hopeful(w *waiting) bool { return w.line.kind.hands > 0 && !w.line.queue.held }

// lend counts an agent among the hands of their profile, or takes them away,
// and finds the classes for which that is news.
func (e *Engine) lend(who *abilities, n int) {
	before := who.hands > 0
	who.hands += n
	if after := who.hands > 0; before == after {
		return
	}
	for _, k := range e.kinds {
		if len(k.lines) == 0 || !e.may(who, k) {
			continue
		}
		if k.hands += n; k.hands == max(n, 0) { // the first came, or the last went
			for _, l := range k.lines {
				e.unsettle(l.queue)
			}
		}
	}
}
