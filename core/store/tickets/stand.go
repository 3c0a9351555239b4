package tickets

import (
	"context"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/loads"
	"github.com/patchbay-im/patchbay/core/store/policies"
	"github.com/patchbay-im/patchbay/core/store/queues"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// taker knows which queues take tickets, and what one weighs.
type taker struct {
	all    map[queue.ID]queue.Queue
	weight int
}

// stand says since when a ticket waits and what it weighs, and moves the weight
// from one member to another. before is the ticket as it was read.
func (t *Tx) stand(ctx context.Context, k *ticket.Ticket, before row) error {
	was := before.domain()
	k.Arrive(was)
	switch {
	case k.Holder() == "":
		k.Weight = 0
	case k.Holder() != was.Holder() || k.Team != was.Team:
		weight, err := t.weigh(ctx, k.Team)
		if err != nil {
			return err
		}
		k.Weight = weight
	}
	return loads.Move(ctx, t.tx, t.workspace, loads.Load{Member: was.Holder(), Weight: was.Weight}, loads.Load{Member: k.Holder(), Weight: k.Weight})
}

// weigh returns what a ticket of a team weighs: by the policy in force where a
// queue takes it, else nothing.
func (t *Tx) weigh(ctx context.Context, of team.ID) (int, error) {
	if t.taker == nil {
		all, err := queues.All(ctx, t.tx, t.workspace)
		if err != nil {
			return 0, err
		}
		plan, err := policies.InForce(ctx, t.tx, t.workspace)
		if err != nil {
			return 0, err
		}
		t.taker = &taker{all, max(plan.Channels[dispatch.Ticket].Weight, 1)}
	}
	if _, taken := queue.OfTickets(t.taker.all, of); !taken {
		return 0, nil
	}
	return t.taker.weight, nil
}
