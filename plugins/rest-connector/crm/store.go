package crm

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Store keeps what was done, for each instance.
type Store interface {
	// Once runs do unless it was done under the key before: then it returns
	// what came of it, and true. Two calls with a key never run at a time. An
	// error leaves the key free, unless Uncertain says that it may have been
	// done: then the key stays taken for a minute. After that, do runs again if
	// that is harmless, because it looks before it writes, and else never.
	Once(ctx context.Context, instance, key string, harmless bool, do func(ctx context.Context) ([]byte, error)) ([]byte, bool, error)
	// Put keeps a value for a while.
	Put(ctx context.Context, instance, key string, value []byte, ttl time.Duration) error
	// Get returns a value; nil when there is none.
	Get(ctx context.Context, instance, key string) ([]byte, error)
}

// How long things are kept.
const (
	echoTTL     = time.Hour
	claimWithin = time.Minute
)

// CodeUnknown says that a write was broken off and nobody can tell whether it
// was done: a person must look.
const CodeUnknown = "outcome_unknown"

// Uncertain reports whether nobody knows, after an error of do, whether the
// thing was done.
func Uncertain(err error) bool {
	_, ok := errors.AsType[uncertain](err)
	return ok
}

// uncertain marks an error after which nobody knows whether the thing was done.
type uncertain struct{ error }

func (u uncertain) Unwrap() error { return u.error }

// held is the answer while somebody else does the same thing.
func held() error {
	return errs.Unavailable(nil, "The same is being written already; its outcome is not known yet.").WithCode("in_progress").WithRetryAfter(5 * time.Second)
}

// memoryLimit bounds how many keys of each sort a memory holds.
const memoryLimit = 10_000

// Memory is a Store in this process: what it keeps goes with the process. It is
// what a connection has to which the workspace does not allow the scope state;
// what then keeps a record from being made twice after a restart is the
// mapping's request that finds it by the key.
type Memory struct {
	now func() time.Time

	mu   sync.Mutex
	kept map[string]entry
}

type entry struct {
	value []byte
	until time.Time
	taken bool // somebody does it
}

// NewMemory returns an empty memory.
func NewMemory(now func() time.Time) *Memory { return &Memory{now: now, kept: map[string]entry{}} }

// Once implements Store.
func (m *Memory) Once(ctx context.Context, instance, key string, harmless bool, do func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	name := "once\x00" + instance + "\x00" + key
	m.mu.Lock()
	e, there := m.kept[name]
	if there && m.now().Before(e.until) {
		m.mu.Unlock()
		if e.taken {
			return nil, false, held()
		}
		return e.value, true, nil
	}
	if there && e.taken && !harmless {
		m.mu.Unlock()
		return nil, false, errs.Reject(CodeUnknown, "An earlier try did not say what became of it: look at the system.")
	}
	m.put(name, entry{until: m.now().Add(claimWithin), taken: true})
	m.mu.Unlock()

	value, err := do(ctx)

	m.mu.Lock()
	defer m.mu.Unlock()
	if Uncertain(err) {
		return nil, false, err
	}
	if err != nil {
		delete(m.kept, name)
		return nil, false, err
	}
	m.put(name, entry{value: value, until: m.now().Add(7 * 24 * time.Hour)})
	return value, false, nil
}

// Put implements Store.
func (m *Memory) Put(_ context.Context, instance, key string, value []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(instance+"\x00"+key, entry{value: value, until: m.now().Add(ttl)})
	return nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, instance, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, there := m.kept[instance+"\x00"+key]
	if !there || m.now().After(e.until) {
		return nil, nil
	}
	return e.value, nil
}

// put makes room by throwing away what is over, then anything that is done.
func (m *Memory) put(name string, e entry) {
	if len(m.kept) >= memoryLimit {
		now := m.now()
		for k, old := range m.kept {
			if now.After(old.until) {
				delete(m.kept, k)
			}
		}
		for k, old := range m.kept {
			if len(m.kept) < memoryLimit {
				break
			}
			if !old.taken {
				delete(m.kept, k)
			}
		}
	}
	m.kept[name] = e
}
