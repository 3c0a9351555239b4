package filters

import (
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// of is a column of another table, looked up for each conversation.
const (
	ofContact     = `EXISTS (SELECT 1 FROM contact p WHERE p.workspace_id = c.workspace_id AND p.contact_id = c.contact_id AND %)`
	ofPages       = `EXISTS (SELECT 1 FROM page_view v WHERE v.workspace_id = c.workspace_id AND v.inbox_id = c.inbox_id AND v.external_id = c.recipient AND %)`
	ofMentions    = `EXISTS (SELECT 1 FROM conversation_mention n WHERE n.workspace_id = c.workspace_id AND n.conversation_id = c.conversation_id AND %)`
	ofLabels      = `EXISTS (SELECT 1 FROM conversation_label l WHERE l.workspace_id = c.workspace_id AND l.conversation_id = c.conversation_id AND %)`
	ofParticipant = `EXISTS (SELECT 1 FROM conversation_participant o WHERE o.workspace_id = c.workspace_id AND o.conversation_id = c.conversation_id AND %)`
)

// conversationColumns is the allow-list: the fields of conversations, by the
// name without a key.
//
// In SQLite, a plus keeps the planner from beginning with a column: without
// statistics it would take any equality for a selective one. Who lists decides
// where to begin, see core/store/conversations.
func conversationColumns(driver db.Driver) map[string]column {
	own := `+c.`
	if driver == db.Postgres {
		own = `c.`
	}
	text := func(name string) column {
		return column{value: `p.` + name, set: `p.` + name + ` <> ''`, wrap: ofContact}
	}
	moment := func(name string) column {
		return column{value: own + name, set: own + name + ` > 0`}
	}
	return map[string]column{
		"state":           {value: own + `state`, always: true},
		"responder":       {value: own + `responder`, set: own + `responder <> ''`},
		"assignee":        {value: own + `assignee_id`},
		"offered":         {value: own + `offered_to`, set: own + `offered_to <> ''`},
		"inbox":           {value: own + `inbox_id`, always: true},
		"contact":         {value: own + `contact_id`, always: true},
		"team":            {value: own + `team_id`, set: own + `team_id <> ''`},
		"queue":           {value: own + `queue_id`, set: own + `queue_id <> ''`},
		"label":           {value: `l.label_id`, wrap: ofLabels},
		"participant":     {value: `o.member_id`, wrap: ofParticipant},
		"mention":         {value: `n.member_id`, wrap: ofMentions},
		"rating":          {value: own + `rating_score`, set: own + `rating_score > 0`, whole: true},
		"page_url":        {value: `v.url`, set: `v.url <> ''`, wrap: ofPages},
		"priority":        {value: own + `priority`, set: own + `priority > 0`, ranks: ranks()},
		"number":          {value: own + `number`, whole: true, always: true},
		"attributes":      {object: `c.attributes`},
		"created_at":      {value: own + `created_at`, always: true},
		"updated_at":      {value: own + `updated_at`, always: true},
		"waiting_since":   moment("waiting_since"),
		"last_message_at": moment("last_at"),
		"ignored":         {truth: own + `ignored = ?`, bind: func(filter.Field) []any { return []any{1} }},
		"unread": {truth: `c.last_inbound_seq > COALESCE((SELECT r.seq FROM conversation_read r
WHERE r.workspace_id = c.workspace_id AND r.member_id = ? AND r.conversation_id = c.conversation_id), 0)`},
		"contact.name":         text("name"),
		"contact.email":        text("email"),
		"contact.organisation": {value: `p.organisation_id`, set: `p.organisation_id <> ''`, wrap: ofContact},
		"contact.attributes":   {object: `p.attributes`, wrap: ofContact},
	}
}

// attribute reads a custom attribute from a JSON object, when it is of the
// type that the definition says.
func attribute(driver db.Driver, col column, kind filter.Kind) column {
	if driver == db.Postgres {
		return pgAttribute(col, kind)
	}
	object := `NULLIF(` + col.object + `, '')`
	typ := `json_type(` + object + `, ?)`
	col.value = `(CASE WHEN ` + typ + ` = 'text' THEN json_extract(` + object + `, ?) END)`
	params := 2
	switch kind {
	case filter.Number:
		col.value = `(CASE WHEN ` + typ + ` IN ('integer', 'real') THEN json_extract(` + object + `, ?) END)`
	case filter.Bool:
		col.truth, params = typ+` = 'true'`, 1
	default:
		col.set = col.value + ` <> ''`
	}
	col.bind = func(f filter.Field) []any {
		return slices.Repeat([]any{`$."` + strings.ReplaceAll(f.Key, `"`, ``) + `"`}, params)
	}
	return col
}

func pgAttribute(col column, kind filter.Kind) column {
	object := `CAST(NULLIF(` + col.object + `, '') AS jsonb)`
	typ := `jsonb_typeof(` + object + ` -> CAST(? AS text))`
	read := object + ` ->> CAST(? AS text)`
	switch kind {
	case filter.Number:
		col.value = `(CASE WHEN ` + typ + ` = 'number' THEN CAST(` + read + ` AS double precision) END)`
	case filter.Bool:
		col.truth = `(` + typ + ` = 'boolean' AND ` + read + ` = 'true')`
	default:
		col.value = `((CASE WHEN ` + typ + ` = 'string' THEN ` + read + ` END) COLLATE "C")`
		col.set = col.value + ` <> ''`
	}
	col.bind = func(f filter.Field) []any { return []any{f.Key, f.Key} }
	return col
}

// ranks is how priorities are stored.
func ranks() map[string]int64 {
	out := make(map[string]int64)
	for i, p := range conversation.Priorities() {
		out[string(p)] = int64(i)
	}
	return out
}
