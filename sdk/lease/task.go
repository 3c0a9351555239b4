package lease

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// Task is a Hold that somebody else ends: the reading of a mailbox that is taken
// away or gets other settings. The zero value is ready.
//
// Concurrency: safe for concurrent use. Lifecycle: Run is called once at most.
type Task struct {
	mu     sync.Mutex
	over   bool
	cancel context.CancelFunc // nil = Run has not begun
	ended  chan struct{}      // closed when Run returns
}

// Run is Hold until the task is ended; one that was ended before is not begun.
func (t *Task) Run(ctx context.Context, leases host.Leases, name string, fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	t.mu.Lock()
	over := t.over
	t.cancel, t.ended = cancel, ended
	t.mu.Unlock()
	if over {
		return nil
	}
	return Hold(ctx, leases, name, fn)
}

// End ends the task and waits until Run has returned, if it has begun.
func (t *Task) End() {
	t.mu.Lock()
	t.over = true
	cancel, ended := t.cancel, t.ended
	t.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}
