package dispatch

// Available reports whether an agent is available who may serve a class, busy
// or not: whoever waits has somebody to hope for.
func (e *Engine) Available(class Class) bool {
	for profile := range e.hands {
		if e.policy.Match.May(profile, class) {
			return true
		}
	}
	return false
}

// lend counts an agent among the hands of their profile, or takes them away.
func (e *Engine) lend(a Agent, n int) {
	if a.Status != Available {
		return
	}
	before := e.hands[a.Profile]
	if e.hands[a.Profile] = before + n; before+n == 0 {
		delete(e.hands, a.Profile)
	}
	if (before == 0) != (before+n == 0) {
		e.hope()
	}
}

// hope finds the lines for which the answer of Available is another now, and
// makes Moved tell everybody in them.
func (e *Engine) hope() {
	for class, lines := range e.classes {
		now := e.Available(class)
		for _, l := range lines {
			if l.available != now {
				l.available = now
				e.stale[l] = struct{}{}
				l.stale, l.far = 0, 0
			}
		}
	}
}
