package queues

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

const selectQueue = `SELECT queue_id, name, description, team_id, plan, revision, created_at, updated_at FROM queue
WHERE workspace_id = ? AND deleted_at = 0`

func scan(sc db.Scanner, w identity.WorkspaceID) (queue.Queue, error) {
	q := queue.Queue{Workspace: w}
	var id, of, text string
	var created, updated int64
	err := sc.Scan(&id, &q.Name, &q.Description, &of, &text, &q.Revision, &created, &updated)
	q.ID, q.Team, q.CreatedAt, q.UpdatedAt = queue.ID(id), team.ID(of), db.Time(created), db.Time(updated)
	if err == nil {
		q.Plan, err = parsePlan(text)
	}
	return q, err
}

// plan is a queue.Plan as it is stored: durations in seconds.
type plan struct {
	Skills    []need `json:"skills,omitempty"`
	Target    int64  `json:"target_s,omitempty"`
	Value     int    `json:"value,omitempty"`
	Exclusive bool   `json:"exclusive,omitempty"`
	Tickets   bool   `json:"tickets,omitempty"`
	Ladder    []rung `json:"ladder,omitempty"`
	Overflow  string `json:"overflow,omitempty"`
	After     int64  `json:"overflow_after_s,omitempty"`
	Sticky    int64  `json:"sticky_for_s,omitempty"`

	Calendar string            `json:"calendar,omitempty"`
	Outside  string            `json:"outside,omitempty"`
	Texts    map[string]string `json:"outside_texts,omitempty"`
	Callback string            `json:"callback,omitempty"`
	CallWait int64             `json:"callback_wait_s,omitempty"`
	CallAsk  string            `json:"callback_ask,omitempty"`
	WhenLeft string            `json:"when_left,omitempty"`
	LeftIn   int64             `json:"left_after_s,omitempty"`
}

type need struct {
	Skill string `json:"skill"`
	Level int    `json:"level"`
}

type rung struct {
	After int64           `json:"after_s"`
	Lower []need          `json:"lower,omitempty"`
	Drop  []queue.SkillID `json:"drop,omitempty"`
}

func planText(p queue.Plan) string {
	out := plan{
		Skills: stored(p.Needs), Target: int64(p.Target / time.Second), Value: p.Value, Exclusive: p.Exclusive, Tickets: p.Tickets,
		Overflow: string(p.Overflow.Queue), After: int64(p.Overflow.After / time.Second), Sticky: int64(p.Sticky / time.Second),
		Calendar: string(p.Calendar), Outside: string(p.Outside.Do), Texts: p.Outside.Texts,
		Callback: string(p.Callback.Offered), CallWait: int64(p.Callback.Wait / time.Second), CallAsk: string(p.Callback.Ask),
		WhenLeft: string(p.Left.Do), LeftIn: int64(p.Left.After / time.Second),
	}
	for _, r := range p.Ladder {
		out.Ladder = append(out.Ladder, rung{After: int64(r.After / time.Second), Lower: stored(r.Lower), Drop: r.Drop})
	}
	text, _ := json.Marshal(out) // texts and numbers always marshal
	return string(text)
}

func parsePlan(text string) (queue.Plan, error) {
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return queue.Plan{}, err
	}
	out := queue.Plan{
		Needs: needs(p.Skills), Target: time.Duration(p.Target) * time.Second, Value: p.Value, Exclusive: p.Exclusive, Tickets: p.Tickets,
		Overflow: queue.Overflow{Queue: queue.ID(p.Overflow), After: time.Duration(p.After) * time.Second},
		Sticky:   time.Duration(p.Sticky) * time.Second,
		Calendar: calendar.ID(p.Calendar), Outside: queue.Outside{Do: queue.Do(p.Outside), Texts: p.Texts},
		Callback: queue.Callbacks{Offered: queue.Offered(p.Callback), Wait: time.Duration(p.CallWait) * time.Second, Ask: queue.Reach(p.CallAsk)},
		Left:     queue.Left{Do: queue.LeftDo(p.WhenLeft), After: time.Duration(p.LeftIn) * time.Second},
	}
	for _, r := range p.Ladder {
		out.Ladder = append(out.Ladder, queue.Rung{After: time.Duration(r.After) * time.Second, Lower: needs(r.Lower), Drop: r.Drop})
	}
	return out, nil
}

func stored(list []queue.Need) []need {
	var out []need
	for _, n := range list {
		out = append(out, need{string(n.Skill), n.Level})
	}
	return out
}

func needs(list []need) []queue.Need {
	var out []queue.Need
	for _, n := range list {
		out = append(out, queue.Need{Skill: queue.SkillID(n.Skill), Level: n.Level})
	}
	return out
}

// among returns a condition that a column is one of some, with its arguments
// behind the workspace.
func among[T ~string](column string, w identity.WorkspaceID, ids []T) (string, []any) {
	args := []any{string(w)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	return column + ` IN (` + strings.Repeat(`, ?`, len(args)-1)[2:] + `)`, args
}

// fill reads the inboxes of queues.
func fill(ctx context.Context, q db.Querier, w identity.WorkspaceID, queues []queue.Queue) error {
	if len(queues) == 0 {
		return nil
	}
	at, ids := make(map[string]*queue.Queue, len(queues)), make([]queue.ID, len(queues))
	for i := range queues {
		at[string(queues[i].ID)], ids[i] = &queues[i], queues[i].ID
	}
	where, args := among("queue_id", w, ids)
	return q.Rows(ctx, `SELECT queue_id, inbox_id FROM queue_inbox WHERE workspace_id = ? AND `+where+` ORDER BY inbox_id`, args, func(sc db.Scanner) error {
		var id, inbox string
		err := sc.Scan(&id, &inbox)
		at[id].Inboxes = append(at[id].Inboxes, inbox)
		return err
	})
}
