package conversations

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

// order is the part of a row that people keep in order with: written seldom,
// read with every row, so lists are kept in it as text, beside the tables that
// find conversations by them.
type order struct {
	team         string
	queue        string
	priority     int64
	labels       string // ids with a space between
	participants string // likewise
	attributes   string // a JSON object; "" = none
	mergedInto   string
	undo         string // undo as JSON; "" = none
	ignored      int64
	unrouted     int64
	demand       string // demand as JSON; "" = none
}

// demand is a conversation.Demand as it is stored.
type demand struct {
	Skills []need `json:"skills,omitempty"`
	Value  int    `json:"value,omitempty"`
}

type need struct {
	Skill queue.SkillID `json:"skill"`
	Level int           `json:"level"`
}

func demandText(d conversation.Demand) string {
	if len(d.Needs) == 0 && d.Value == 0 {
		return ""
	}
	out := demand{Value: d.Value}
	for _, n := range d.Needs {
		out.Skills = append(out.Skills, need(n))
	}
	b, _ := json.Marshal(out) // texts and numbers always marshal
	return string(b)
}

// ParseDemand reads what a conversation asks for as it is stored.
func ParseDemand(text string) conversation.Demand {
	var d demand
	if text != "" {
		_ = json.Unmarshal([]byte(text), &d) // we wrote it
	}
	out := conversation.Demand{Value: d.Value}
	for _, n := range d.Skills {
		out.Needs = append(out.Needs, queue.Need(n))
	}
	return out
}

// undo is a conversation.Standing as it is stored.
type undo struct {
	State   string `json:"state"`
	Snoozed int64  `json:"snoozed,omitempty"`
	Waiting int64  `json:"waiting,omitempty"`
}

func orderOf(o *conversation.Organised) order {
	r := order{
		team: string(o.Team), queue: string(o.Queue), priority: int64(max(slices.Index(conversation.Priorities(), o.Priority), 0)),
		labels: db.Joined(o.Labels), participants: db.Joined(o.Participants), mergedInto: string(o.MergedInto),
		unrouted: int64(o.Unrouted), demand: demandText(o.Demand),
	}
	if len(o.Attributes) > 0 {
		b, _ := json.Marshal(o.Attributes) // strings, finite numbers and booleans always marshal
		r.attributes = string(b)
	}
	if o.Before != nil {
		b, _ := json.Marshal(undo{string(o.Before.State), db.Micros(o.Before.SnoozedUntil), db.Micros(o.Before.WaitingSince)}) // as above
		r.undo = string(b)
	}
	if o.Ignored {
		r.ignored = 1
	}
	return r
}

func (r *order) domain(number int64) conversation.Organised {
	o := conversation.Organised{
		Number: db.Unsigned(number), Team: team.ID(r.team), Queue: queue.ID(r.queue),
		Labels: db.Parted[catalog.LabelID](r.labels), Participants: db.Parted[identity.MemberID](r.participants),
		MergedInto: conversation.ID(r.mergedInto), Ignored: r.ignored == 1, Demand: ParseDemand(r.demand),
		Unrouted: conversation.Unrouted(r.unrouted), //nolint:gosec // three bits, that we wrote
	}
	if all := conversation.Priorities(); r.priority > 0 && int(r.priority) < len(all) {
		o.Priority = all[r.priority]
	}
	if r.attributes != "" {
		_ = json.Unmarshal([]byte(r.attributes), &o.Attributes) // we wrote it
	}
	if r.undo != "" {
		var u undo
		_ = json.Unmarshal([]byte(r.undo), &u) // as above
		o.Before = &conversation.Standing{
			State: conversation.State(u.State), SnoozedUntil: db.Time(u.Snoozed), WaitingSince: db.Time(u.Waiting),
		}
	}
	return o
}

// saveOrder writes what differs.
func (t *Tx) saveOrder(ctx context.Context, id conversation.ID, before, o order) error {
	if err := t.teamThere(ctx, before.team, o.team); err != nil {
		return err
	}
	if err := t.queueThere(ctx, before.queue, o.queue); err != nil {
		return err
	}
	err := t.tx.Queue(ctx, `UPDATE conversation SET team_id = ?, queue_id = ?, priority = ?, labels = ?, participants = ?, attributes = ?,
merged_into = ?, merge_undo = ?, ignored = ?, unrouted = ?, demand = ? WHERE workspace_id = ? AND conversation_id = ?`,
		o.team, o.queue, o.priority, o.labels, o.participants, o.attributes, o.mergedInto, o.undo, o.ignored, o.unrouted, o.demand, string(t.workspace), string(id))
	if err != nil {
		return err
	}
	return t.saveMembership(ctx, id, before, o)
}

// saveMembership brings the tables that find conversations by label and
// participant up to date.
func (t *Tx) saveMembership(ctx context.Context, id conversation.ID, before, o order) error {
	labels := db.Membership{
		Drop: `DELETE FROM conversation_label WHERE workspace_id = ? AND conversation_id = ? AND label_id = ?`,
		Add:  `INSERT INTO conversation_label (workspace_id, conversation_id, label_id) VALUES (?, ?, ?)`,
	}
	participants := db.Membership{
		Drop: `DELETE FROM conversation_participant WHERE workspace_id = ? AND conversation_id = ? AND member_id = ?`,
		Add:  `INSERT INTO conversation_participant (workspace_id, conversation_id, member_id) VALUES (?, ?, ?)`,
	}
	if err := labels.Difference(ctx, t.tx, before.labels, o.labels, string(t.workspace), string(id)); err != nil {
		return err
	}
	return participants.Difference(ctx, t.tx, before.participants, o.participants, string(t.workspace), string(id))
}
