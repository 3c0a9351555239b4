package dispatch

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Terms is the side of a Store that says which node decides for a workspace. A
// term has a number, larger with each, and what is written under one counts
// only while it is the last: so a node that was cut off for a while, and does
// not know that it is late, changes nothing.
type Terms interface {
	// Lead begins a term of a node, and returns its number. While another node
	// leads that is alive at a time it is a Conflict: CodeNotLeading. With the node
	// "", the only one there can be, it always begins. An unknown workspace is
	// errs.Absent.
	Lead(ctx context.Context, workspace identity.WorkspaceID, node string, at time.Time) (term uint64, err error)

	// Alive keeps a node alive until a time; one that has passed ends its terms.
	Alive(ctx context.Context, node string, until time.Time) error

	// Under returns the store as it is written under a term. Once that is not the
	// last of the workspace, whatever would write is a Conflict, CodeNotLeading,
	// and changes nothing.
	Under(term uint64) Store
}

// CodeNotLeading is the code of what another node decides.
const CodeNotLeading = "dispatch.not_leading"

// ErrNotLeading is the answer to a node that does not lead, or not any more.
func ErrNotLeading() *errs.Error {
	return errs.New(errs.Conflict, CodeNotLeading, "Another server gives out the work of this workspace.")
}

func notLeading(err error) bool { return err != nil && errs.As(err).Code == CodeNotLeading }

// tenure is what a shard knows of its own term. It belongs to the goroutine.
type tenure struct {
	writes Store     // under the term; nil = this node does not lead
	askAt  time.Time // when to try again
}

// leads reports whether this node decides for the workspace, and begins a term
// if nobody does. What a node that does not lead hears keeps its index in step,
// so it can answer questions, and take over at once.
func (s *shard) leads(ctx context.Context) bool {
	if s.tenure.writes != nil {
		return true
	}
	now := s.Now()
	if s.failed || now.Before(s.tenure.askAt) {
		return false
	}
	var term uint64
	err := s.call(ctx, func(ctx context.Context) (err error) {
		term, err = s.Store.Lead(ctx, s.ws, s.Node, now)
		return err
	})
	switch {
	case err == nil:
		s.tenure = tenure{writes: s.Store.Under(term)}
		s.mu.Lock()
		s.leading = true
		s.reread = true // what happened until now counts, and was written by another
		s.mu.Unlock()
		return true
	case refusal(err): // another leads, or the workspace is no more
		s.tenure.askAt = now.Add(s.Term / 3)
	default:
		s.fail(ctx, "beginning a term", err)
	}
	return false
}

// deposed notes that another node leads, when that is what an error says.
func (s *shard) deposed(ctx context.Context, err error) bool {
	if !notLeading(err) {
		return false
	}
	if s.tenure.writes != nil {
		s.Log.WarnContext(ctx, "another server gives out the work of this workspace now", "workspace", s.ws)
	}
	s.tenure = tenure{askAt: s.Now().Add(s.Term / 3)}
	s.mu.Lock()
	s.leading = false
	s.mu.Unlock()
	return true
}

// live keeps this node alive until ctx ends, and gives its terms up then.
func (d *Dispatcher) live(ctx context.Context) {
	c := d.config
	if c.Node == "" {
		return
	}
	keep := func(ctx context.Context, until time.Time) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		if err := c.Store.Alive(ctx, c.Node, until); err != nil {
			c.Log.WarnContext(ctx, "dispatch cannot say that this server is alive: another may give out its work", "error", err)
		}
	}
	every := time.NewTicker(c.Term / 3)
	defer every.Stop()
	for {
		keep(ctx, c.Now().Add(c.Term))
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// resign lets the other nodes take over at once.
func (d *Dispatcher) resign(ctx context.Context) {
	c := d.config
	if c.Node == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	if err := c.Store.Alive(ctx, c.Node, time.Time{}); err != nil {
		c.Log.WarnContext(ctx, "dispatch could not give its work to another server, which takes it over a little later", "error", err)
	}
}
