package dispatch

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Signal is what a committed event means to dispatch. It is a hint: whatever it
// says is checked by the claim, and whatever it forgets is found by the shadow check.
type Signal struct {
	Gone   []Key               // does not wait (any more)
	Waits  []Item              // waits (again)
	Agents []identity.MemberID // load, capacity or right to work may be another
}

func (s Signal) size() int { return len(s.Gone) + len(s.Waits) + len(s.Agents) }

// Translate says what events mean to dispatch. It is where work items get
// their meaning, so it lives outside this package. An error makes the feed
// deliver the events again.
type Translate func(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) ([]Signal, error)

// Observer returns an observer of the feed that tells the dispatcher what
// translate makes of it.
func (d *Dispatcher) Observer(translate Translate) event.Observer {
	return observer{d, translate}
}

type observer struct {
	dispatcher *Dispatcher
	translate  Translate
}

// Observe implements event.Observer.
func (o observer) Observe(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	workspace := identity.WorkspaceID(events[0].Workspace)
	signals, err := o.translate(ctx, workspace, events)
	if err != nil {
		return err
	}
	o.dispatcher.Signal(workspace, signals...)
	return nil
}
