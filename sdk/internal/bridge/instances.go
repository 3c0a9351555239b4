package bridge

import (
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// instances is the registry of what the host configured.
type instances struct {
	mu   sync.Mutex
	byID map[string]*entry
}

// entry is one instance. Its lock is held while the author is told of a
// change, so that changes of one instance never overlap.
type entry struct {
	change sync.Mutex

	mu     sync.Mutex
	value  instance.Instance
	known  bool  // has been configured, and not removed since
	failed error // what the author said of the last configuration
}

func newInstances() *instances { return &instances{byID: make(map[string]*entry)} }

func (s *instances) entry(id string) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byID[id]
	if !ok {
		e = &entry{}
		s.byID[id] = e
	}
	return e
}

// get returns an instance that is configured now.
func (s *instances) get(id string) (instance.Instance, bool) {
	s.mu.Lock()
	e, ok := s.byID[id]
	s.mu.Unlock()
	if !ok {
		return instance.Instance{}, false
	}
	value, known, _ := e.read()
	return value, known
}

// all returns the instances that are configured now, by id.
func (s *instances) all() []instance.Instance {
	s.mu.Lock()
	entries := make([]*entry, 0, len(s.byID))
	for _, e := range s.byID {
		entries = append(entries, e)
	}
	s.mu.Unlock()
	out := make([]instance.Instance, 0, len(entries))
	for _, e := range entries {
		if value, known, _ := e.read(); known {
			out = append(out, value)
		}
	}
	slices.SortFunc(out, func(a, b instance.Instance) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (e *entry) read() (value instance.Instance, known bool, failed error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.value, e.known, e.failed
}

func (e *entry) write(value instance.Instance, known bool, failed error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.value, e.known, e.failed = value, known, failed
}
