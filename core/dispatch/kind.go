package dispatch

import "slices"

// kind is a class among those that wait, under a small number.
type kind struct {
	class Class
	asks  []terms // what the class asks for, if the matcher is BySkill
	id    int
	lines []*line // none: nothing of it waits now
	hands int     // profiles of somebody available who may serve it; counted while something waits
}

// maxIdleKinds bounds how many classes are remembered of which nothing waits;
// classes come and go.
const maxIdleKinds = 4096

// kindOf returns the kind of a class.
func (e *Engine) kindOf(class Class) *kind {
	k := e.kinds[class]
	if k == nil {
		if len(e.byID) >= maxIdleKinds+2*e.live {
			e.forgetKinds()
		}
		k = &kind{class: class, asks: e.glossary.class(class), id: len(e.byID)}
		e.kinds[class] = k
		e.byID = append(e.byID, k)
	}
	return k
}

// forgetKinds drops the classes of which nothing waits, and numbers the others
// again.
func (e *Engine) forgetKinds() {
	kept := e.byID[:0]
	for _, k := range e.byID {
		if len(k.lines) == 0 {
			delete(e.kinds, k.class)
			continue
		}
		k.id = len(kept)
		kept = append(kept, k)
	}
	clear(e.byID[len(kept):])
	e.byID = kept
	for _, who := range e.profiles {
		who.may, who.kinds, who.seen = nil, nil, 0
	}
}

// link puts a line under its kind.
func (e *Engine) link(l *line) {
	k := l.kind
	if len(k.lines) == 0 {
		e.live++
		k.hands = 0
		for _, who := range e.profiles {
			if who.hands > 0 && e.may(who, k) {
				k.hands++
			}
		}
	}
	l.at = len(k.lines)
	k.lines = append(k.lines, l)
}

func (e *Engine) unlink(l *line) {
	k := l.kind
	last := k.lines[len(k.lines)-1]
	k.lines[l.at], last.at = last, l.at
	k.lines = k.lines[:len(k.lines)-1]
	if len(k.lines) == 0 {
		e.live--
	}
}

// abilities is a profile among the agents.
type abilities struct {
	profile Profile
	agents  int // how many have it
	hands   int // how many of them are available, with room or without
	places  int // what those can have at once
	benches map[seat]*bench
	has     terms     // what they have, if the matcher is BySkill
	may     []verdict // by number of the kind
	kinds   []*kind   // that they may serve, of the first seen ones
	seen    int
}

// verdict is a remembered answer of the matcher.
type verdict uint8

const (
	unknown verdict = iota
	yes
	no
)

// may reports whether agents of a profile may serve a kind.
func (e *Engine) may(who *abilities, k *kind) bool {
	if k.id >= len(who.may) {
		who.may = append(who.may, make([]verdict, max(k.id+1, len(e.byID))-len(who.may))...)
	}
	v := who.may[k.id]
	if v == unknown {
		v = no
		if e.match(who, k) {
			v = yes
		}
		who.may[k.id] = v
	}
	return v == yes
}

func (e *Engine) match(who *abilities, k *kind) bool {
	if e.glossary == nil {
		return e.policy.Match.May(who.profile, k.class)
	}
	return slices.ContainsFunc(k.asks, who.has.cover)
}

// serving returns the kinds that agents of a profile may serve; of some of them
// nothing may wait.
func (e *Engine) serving(who *abilities) []*kind {
	for ; who.seen < len(e.byID); who.seen++ {
		if k := e.byID[who.seen]; e.may(who, k) {
			who.kinds = append(who.kinds, k)
		}
	}
	return who.kinds
}

// learn returns the abilities of a profile, for one agent more.
func (e *Engine) learn(p Profile) *abilities {
	who := e.profiles[p]
	if who == nil {
		who = &abilities{profile: p, has: e.glossary.profile(p), benches: map[seat]*bench{}}
		e.profiles[p] = who
	}
	who.agents++
	return who
}

// unlearn is the end of what learn began.
func (e *Engine) unlearn(who *abilities) {
	if who.agents--; who.agents == 0 {
		delete(e.profiles, who.profile)
	}
}
