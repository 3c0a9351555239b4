package extension

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Rules of leaving interceptors out.
const (
	skipAfter = 3 // times without a verdict in a row
	skipFirst = 30 * time.Second
	skipMost  = 10 * time.Minute // it doubles up to here, while a single try fails
)

// Skipped is an interceptor that is not asked for a while, on this node.
type Skipped struct {
	Workspace  identity.WorkspaceID
	Plugin     PluginID
	Connection ConnectionID
	Name       string // of the connection
	Point      Point
	Denies     bool // what it is asked about does not happen meanwhile
	Since      time.Time
	Failures   int       // in a row
	Code       string    // of the last one
	Detail     string    // a sentence
	NextAt     time.Time // one change is asked about then, to see whether it answers again
}

// skips counts who gives no verdict. It is known in memory alone: a server that
// starts asks everybody.
type skips struct {
	mu sync.Mutex
	of map[skipKey]*skipping
}

type skipKey struct {
	connection ConnectionID
	point      Point
}

type skipping struct {
	Skipped
	wait   time.Duration // 0 = it is asked
	trying bool          // the single try is under way
}

func keyOf(g Guard) skipKey { return skipKey{g.Connection, g.Point} }

// enter reports whether a guard is asked now. With true, answered, failed or
// leave must follow.
func (s *skips) enter(_ identity.WorkspaceID, g Guard, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[keyOf(g)]
	if one == nil || one.wait == 0 {
		return true
	}
	if one.trying || now.Before(one.NextAt) {
		return false
	}
	one.trying = true
	return true
}

// leave ends a try that said nothing of the guard.
func (s *skips) leave(g Guard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.of[keyOf(g)]; one != nil {
		one.trying = false
	}
}

// answered forgets what was.
func (s *skips) answered(g Guard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, keyOf(g))
}

// failed counts one more time without a verdict, and says until when the guard
// is left out, if it is from now on.
func (s *skips) failed(w identity.WorkspaceID, g Guard, now time.Time, e *errs.Error) (until time.Time, skipped bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[keyOf(g)]
	if one == nil {
		one = &skipping{Skipped: Skipped{Since: now}}
		s.of[keyOf(g)] = one
	}
	if one.wait > 0 && !one.trying {
		return one.NextAt, false // it had been asked before it was left out
	}
	one.Workspace, one.Plugin, one.Connection, one.Name, one.Point, one.Denies = w, g.Plugin, g.Connection, g.Name, g.Point, g.Deny
	one.Failures++
	one.Code, one.Detail, one.trying = e.Code, e.Message, false
	if one.Failures < skipAfter {
		return time.Time{}, false
	}
	one.wait = min(max(one.wait*2, skipFirst), skipMost)
	one.NextAt = now.Add(one.wait)
	return one.NextAt, true
}

// Skipped lists the interceptors of a workspace that are left out now, by
// plugin and connection. Those whose time has come are among them until they
// answer.
func (g *Gate) Skipped(w identity.WorkspaceID) []Skipped {
	g.skips.mu.Lock()
	defer g.skips.mu.Unlock()
	out := []Skipped{}
	for _, one := range g.skips.of {
		if one.Workspace == w && one.wait > 0 {
			out = append(out, one.Skipped)
		}
	}
	slices.SortFunc(out, func(a, b Skipped) int {
		return strings.Compare(string(a.Plugin)+string(a.Connection)+string(a.Point), string(b.Plugin)+string(b.Connection)+string(b.Point))
	})
	return out
}

// Forget asks an interceptor again at once, as after its connection changed.
func (g *Gate) Forget(id ConnectionID) {
	g.skips.mu.Lock()
	defer g.skips.mu.Unlock()
	for k := range g.skips.of {
		if k.connection == id {
			delete(g.skips.of, k)
		}
	}
}
