package retentions

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// aged says which rows of a kind are old: the first parameters of its condition
// are the workspace, then times times.
type aged struct {
	from  string // table with its short name
	id    string
	age   string // the column that tells the age
	where string // after workspace and age
	times int    // how often the time stands in where
	size  string // bytes; "" = none are told
}

// agedOf is the one place that says what is old. What waits to be sent, or was
// touched since by what is merged into it, is not.
func agedOf(k retention.Kind) (aged, bool) {
	switch k {
	case retention.Conversations:
		return aged{from: "conversation c", id: "c.conversation_id", age: "c.updated_at", times: 1, where: ` AND c.state = 'resolved' AND c.merged_into = ''
AND NOT EXISTS (SELECT 1 FROM conversation m WHERE m.workspace_id = c.workspace_id AND m.merged_into = c.conversation_id AND m.merged_into <> '' AND m.updated_at >= ?)
AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.workspace_id = c.workspace_id AND d.conversation_id = c.conversation_id AND d.state = 'pending')
AND NOT EXISTS (SELECT 1 FROM scheduled s WHERE s.workspace_id = c.workspace_id AND s.conversation_id = c.conversation_id AND s.state = 'waiting')`}, true
	case retention.Files:
		return aged{from: "attachment c", id: "c.attachment_id", age: "c.created_at", where: ` AND c.state = 'taken' AND c.removed_at = 0`, size: "c.size"}, true
	case retention.Contacts:
		return aged{from: "contact c", id: "c.contact_id", age: "c.last_seen_at", times: 1, where: ` AND c.updated_at < ? AND c.merged_into = ''
AND NOT EXISTS (SELECT 1 FROM conversation v WHERE v.workspace_id = c.workspace_id AND v.contact_id = c.contact_id)
AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.workspace_id = c.workspace_id AND t.contact_id = c.contact_id AND t.contact_id IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.workspace_id = c.workspace_id AND t.contact_origin = c.contact_id AND t.contact_origin <> '')
AND NOT EXISTS (SELECT 1 FROM contact m JOIN conversation v ON v.workspace_id = m.workspace_id AND v.contact_id = m.contact_id
  WHERE m.workspace_id = c.workspace_id AND m.survivor_id = c.contact_id AND m.survivor_id <> '')
AND NOT EXISTS (SELECT 1 FROM contact m JOIN ticket t ON t.workspace_id = m.workspace_id AND (t.contact_id = m.contact_id OR t.contact_origin = m.contact_id)
  WHERE m.workspace_id = c.workspace_id AND m.survivor_id = c.contact_id AND m.survivor_id <> '')`}, true
	case retention.PageViews:
		return aged{from: "page_view c", age: "c.at"}, true
	case retention.Webhooks:
		return aged{from: "webhook_delivery c", id: "c.delivery_id", age: "c.settled_at", where: ` AND c.state <> 'pending'`}, true
	case retention.Notifications:
		return aged{from: "notification c", age: "c.at"}, true
	case retention.Exports:
		return aged{from: "export_job c", id: "c.export_id", age: "c.finished_at", where: ` AND c.file_at > 0`, size: "c.size"}, true
	case retention.Requests:
		return aged{from: "webhook_outcome c", id: "c.request_id", age: "c.ended_at", where: ` AND c.state <> 'waiting'`, size: "c.size"}, true
	}
	return aged{}, false
}

func (a aged) condition(w identity.WorkspaceID, before time.Time) (string, []any) {
	args := []any{string(w), db.Micros(before)}
	for range a.times {
		args = append(args, db.Micros(before))
	}
	return ` FROM ` + a.from + ` WHERE c.workspace_id = ? AND ` + a.age + ` < ?` + a.where, args
}

// Forecast implements retention.Store.
func (s *Store) Forecast(ctx context.Context, w identity.WorkspaceID, k retention.Kind, before time.Time) (retention.Forecast, error) {
	out := retention.Forecast{Kind: k}
	a, ok := agedOf(k)
	if !ok {
		return out, fmt.Errorf("there is no kind %q", k)
	}
	size := a.size
	if size == "" {
		size = "0"
	}
	oldest := a.age
	if k == retention.Contacts { // most were never seen: their age is when they were changed
		oldest = "c.updated_at"
	}
	where, args := a.condition(w, before)
	var at int64
	err := s.db.Row(ctx, `SELECT COUNT(*), COALESCE(MIN(`+oldest+`), 0), CAST(COALESCE(SUM(`+size+`), 0) AS BIGINT)`+where, args, &out.Count, &at, &out.Bytes)
	out.Oldest = db.Time(at)
	return out, err
}
