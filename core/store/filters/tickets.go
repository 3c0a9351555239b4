package filters

import (
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// of is a column of another table, looked up for each ticket.
const (
	ticketContact  = `EXISTS (SELECT 1 FROM contact p WHERE p.workspace_id = t.workspace_id AND p.contact_id = t.contact_id AND %)`
	ticketLabels   = `EXISTS (SELECT 1 FROM ticket_label l WHERE l.workspace_id = t.workspace_id AND l.ticket_id = t.ticket_id AND %)`
	ticketFollower = `EXISTS (SELECT 1 FROM ticket_follower o WHERE o.workspace_id = t.workspace_id AND o.ticket_id = t.ticket_id AND %)`
)

// Tickets returns the condition of a plan over a ticket named t.
func Tickets(d db.Driver, p filter.Plan) (Clause, error) {
	c := compiler{driver: d, columns: ticketColumns(d)}
	if err := c.plan(p); err != nil {
		return Clause{}, err
	}
	return Clause{SQL: c.sql.String(), Args: c.args}, nil
}

// ticketColumns is the allow-list: the fields of tickets, by the name without a
// key. For the plus see conversationColumns.
func ticketColumns(driver db.Driver) map[string]column {
	own := `+t.`
	if driver == db.Postgres {
		own = `t.`
	}
	moment := func(name string) column {
		return column{value: own + name, set: own + name + ` > 0`}
	}
	return map[string]column{
		"status":               {value: own + `status`, always: true},
		"type":                 {value: own + `type_id`, always: true},
		"priority":             {value: own + `priority`, ranks: ticketRanks(), always: true},
		"assignee":             {value: own + `assignee_id`},
		"team":                 {value: own + `team_id`, set: own + `team_id <> ''`},
		"inbox":                {value: own + `inbox_id`, set: own + `inbox_id <> ''`},
		"contact":              {value: own + `contact_id`},
		"contact.organisation": {value: `p.organisation_id`, set: `p.organisation_id <> ''`, wrap: ticketContact},
		"label":                {value: `l.label_id`, wrap: ticketLabels},
		"follower":             {value: `o.member_id`, wrap: ticketFollower},
		"due_at":               moment("due_at"),
		"created_at":           {value: own + `created_at`, always: true},
		"updated_at":           {value: own + `updated_at`, always: true},
		"solved_at":            moment("solved_at"),
		"number":               {value: own + `number`, whole: true, always: true},
		"rating":               {value: own + `rating_score`, set: own + `rating_score > 0`, whole: true},
		"title":                {value: own + `title`, set: own + `title <> ''`},
		"fields":               {object: `t.fields`},
	}
}

// ticketRanks is how priorities are stored.
func ticketRanks() map[string]int64 {
	out := make(map[string]int64)
	for i, p := range ticket.Priorities() {
		out[string(p)] = int64(i + 1)
	}
	return out
}
