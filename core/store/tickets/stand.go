package tickets

import (
	"context"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/queue"
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

// active reports whether there is work to do on the ticket.
func (r *row) active() bool {
	return r.mergedInto == "" && (r.status == string(ticket.New) || r.status == string(ticket.Open))
}

// holder is on whom the ticket may weigh; "" = on nobody.
func (r *row) holder() string {
	if !r.active() {
		return ""
	}
	return r.assignee
}

// stand says since when a ticket waits and what it weighs, and moves the weight
// from one member to another. before is the ticket as it was read.
func (t *Tx) stand(ctx context.Context, k *ticket.Ticket, before row) error {
	k.Arrive(before.domain())
	now := rowOf(k)
	switch holder := now.holder(); {
	case holder == "":
		k.Weight = 0
	case holder != before.holder() || now.team != before.team:
		weight, err := t.weigh(ctx, k.Team)
		if err != nil {
			return err
		}
		k.Weight = weight
	}
	return t.saveLoad(ctx, before.holder(), int(before.weight), now.holder(), k.Weight)
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

// saveLoad moves weight from who had it to who has it.
func (t *Tx) saveLoad(ctx context.Context, from string, was int, to string, is int) error {
	if from == to {
		return t.addLoad(ctx, to, is-was)
	}
	if err := t.addLoad(ctx, from, -was); err != nil {
		return err
	}
	return t.addLoad(ctx, to, is)
}

func (t *Tx) addLoad(ctx context.Context, member string, weight int) error {
	if member == "" || weight == 0 {
		return nil
	}
	return t.tx.Queue(ctx, `INSERT INTO agent_state (workspace_id, member_id, status, online, used, idle_since)
VALUES (?, ?, '', ?, ?, 0)
ON CONFLICT (workspace_id, member_id) DO UPDATE SET used = agent_state.used + excluded.used`,
		string(t.workspace), member, false, weight)
}
