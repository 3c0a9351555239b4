package extensiontest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// Lives is an extension.Lives in memory.
type Lives struct {
	mu     sync.Mutex
	lives  map[extension.PluginID]extension.Life
	steps  map[extension.PluginID][]extension.Transition
	places map[extension.PluginID]extension.Place
}

// NewLives returns an empty Lives.
func NewLives() *Lives {
	return &Lives{
		lives: make(map[extension.PluginID]extension.Life), steps: make(map[extension.PluginID][]extension.Transition),
		places: make(map[extension.PluginID]extension.Place),
	}
}

// Lives implements extension.Lives.
func (m *Lives) Lives(context.Context) ([]extension.Life, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]extension.Life, 0, len(m.lives))
	for _, l := range m.lives {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b extension.Life) int {
		if a.Plugin < b.Plugin {
			return -1
		}
		return 1
	})
	return out, nil
}

// Keep implements extension.Lives.
func (m *Lives) Keep(_ context.Context, l extension.Life) (extension.Life, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lives[l.Plugin].Revision != l.Revision {
		return l, errs.New(errs.Conflict, "plugin.outdated", "Somebody else has just changed this plugin.")
	}
	l.Revision++
	m.lives[l.Plugin] = l
	return l, nil
}

// Note implements extension.Lives.
func (m *Lives) Note(_ context.Context, t extension.Transition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	steps := m.steps[t.Plugin]
	t.Number = 1
	if len(steps) > 0 {
		t.Number = steps[len(steps)-1].Number + 1
	}
	steps = append(steps, t)
	m.steps[t.Plugin] = steps[max(len(steps)-extension.KeptTransitions, 0):]
	return nil
}

// History implements extension.Lives.
func (m *Lives) History(_ context.Context, plugin extension.PluginID, before int64, limit int) ([]extension.Transition, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []extension.Transition
	for _, t := range slices.Backward(m.steps[plugin]) {
		if len(out) < limit && (before == 0 || t.Number < before) {
			out = append(out, t)
		}
	}
	return out, nil
}

// Hold implements extension.Lives.
func (m *Lives) Hold(_ context.Context, plugin extension.PluginID, node string, now, until time.Time) (extension.Place, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.places[plugin]
	held := p.Until.After(now)
	if held && p.Node != node {
		return p, nil
	}
	if !held {
		p.Fence++
	}
	p.Node, p.Until = node, until
	m.places[plugin] = p
	return p, nil
}

// Leave implements extension.Lives.
func (m *Lives) Leave(_ context.Context, plugin extension.PluginID, node string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.places[plugin]; p.Node == node {
		p.Until = time.Time{}
		m.places[plugin] = p
	}
	return nil
}
