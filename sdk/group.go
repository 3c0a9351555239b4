package sdk

import (
	"context"
	"sync"
)

// Group runs a plugin's own goroutines and ends them gracefully: cancel, then
// wait. Give it to the plugin's Drain:
//
//	func (m *mine) Drain(ctx context.Context, _ instance.DrainRequest) (instance.DrainResponse, error) {
//		return instance.DrainResponse{}, m.group.Stop(ctx)
//	}
//
// Concurrency: safe for concurrent use.
type Group struct {
	env    Env
	ctx    context.Context //nolint:containedctx // the group is a lifetime
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	wait   sync.WaitGroup
}

// Group returns an empty Group. Its goroutines end with ctx, too.
func (e Env) Group(ctx context.Context) *Group {
	ctx, cancel := context.WithCancel(ctx)
	return &Group{env: e, ctx: ctx, cancel: cancel}
}

// Go runs fn as Env.Go does, until the group stops. After Stop it does nothing
// and returns false.
func (g *Group) Go(name string, fn func(ctx context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.wait.Add(1)
	g.env.Go(g.ctx, name, func(ctx context.Context) {
		defer g.wait.Done()
		fn(ctx)
	})
	return true
}

// Stop cancels the context of all and waits for them. When ctx ends first its
// error says so: they may still run.
func (g *Group) Stop(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	done := make(chan struct{})
	go func() {
		g.wait.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
