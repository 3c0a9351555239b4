// Package reach writes identity.Reach as a condition of a query. It is the
// store's one statement of the rule; identity.Reach.Covers is the domain's, and
// a test of core/store compares them.
package reach

import (
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Table says where the rows of a kind of thing keep who holds them. Columns
// come with the name of their table (c.team_id); no team and no inbox are ”.
type Table struct {
	Assignee string
	Team     string
	Inbox    string
	Creator  string // "" = members do not make such things
	Offered  string // to whom it is offered, '' = to nobody; "" = such things are not
	// Follower is an EXISTS that finds a follower; the member is bound.
	Follower string
}

// conversations is the table of conversations under a name.
func conversations(name string) Table {
	return Table{
		Assignee: name + `.assignee_id`, Team: name + `.team_id`, Inbox: name + `.inbox_id`, Offered: name + `.offered_to`,
		Follower: `EXISTS (SELECT 1 FROM conversation_participant f WHERE f.workspace_id = ` + name + `.workspace_id
AND f.conversation_id = ` + name + `.conversation_id AND f.member_id = ?)`,
	}
}

// Conversations returns the condition that a conversation, under a name, is in
// reach; "" for a reach that covers everything, so that who sees all asks what
// they always did.
func Conversations(d db.Driver, r identity.Reach, name string) (where string, args []any) {
	return Things(d, r, conversations(name))
}

// tickets is the table of tickets under a name.
func tickets(name string) Table {
	return Table{
		Assignee: name + `.assignee_id`, Team: name + `.team_id`, Inbox: name + `.inbox_id`,
		Creator: `CASE WHEN ` + name + `.created_kind = 'agent' THEN ` + name + `.created_by ELSE '' END`,
		Follower: `EXISTS (SELECT 1 FROM ticket_follower f WHERE f.workspace_id = ` + name + `.workspace_id
AND f.ticket_id = ` + name + `.ticket_id AND f.member_id = ?)`,
	}
}

// Tickets is Conversations for tickets.
func Tickets(d db.Driver, r identity.Reach, name string) (where string, args []any) {
	return Things(d, r, tickets(name))
}

// Things returns the condition that a row of a table is in reach; see Conversations.
func Things(d db.Driver, r identity.Reach, t Table) (where string, args []any) {
	switch {
	case r.All():
		return "", nil
	case r.Member == "" || r.Kind != identity.ReachOwn && r.Kind != identity.ReachTeam:
		return `1 = 0`, nil
	}
	own := `+` // keeps SQLite's planner from beginning here, see core/store/filters
	if d == db.Postgres {
		own = ``
	}
	var parts []string
	add := func(part string, bound ...any) {
		parts, args = append(parts, part), append(args, bound...)
	}
	add(own+t.Assignee+` = ?`, string(r.Member))
	if t.Creator != "" {
		add(own+t.Creator+` = ?`, string(r.Member))
	}
	if t.Offered != "" {
		add(own+t.Offered+` = ?`, string(r.Member))
	}
	if r.Kind == identity.ReachTeam {
		if in, bound := list(r.Teams); in != "" {
			add(own+t.Team+in, bound...)
		}
		if in, bound := list(r.Inboxes); in != "" {
			add(`(`+own+t.Team+` = '' AND `+own+t.Inbox+in+`)`, bound...)
		}
	}
	add(t.Follower, string(r.Member))
	return `COALESCE(` + strings.Join(parts, ` OR `) + `, 1 = 0)`, args
}

func list(ids []string) (in string, args []any) {
	if len(ids) == 0 {
		return "", nil
	}
	for _, id := range ids {
		args = append(args, id)
	}
	args = db.Padded(args, len(args))
	return ` IN (?` + strings.Repeat(`, ?`, len(args)-1) + `)`, args
}

// Contacts returns the condition that a contact, under a name, is in reach; ""
// for a reach that covers everything. Whoever was merged is reached with the
// survivor, to whom their conversations went.
func Contacts(d db.Driver, r identity.Reach, name string) (where string, args []any) {
	if r.All() {
		return "", nil
	}
	inner, args := Conversations(d, r, "rc")
	if inner == `1 = 0` {
		return inner, nil
	}
	ticket, more := Tickets(d, r, "rt")
	person := `CASE WHEN ` + name + `.survivor_id = '' THEN ` + name + `.contact_id ELSE ` + name + `.survivor_id END`
	where = `(` + name + `.created_by = ? OR EXISTS (SELECT 1 FROM conversation rc WHERE rc.workspace_id = ` + name + `.workspace_id
AND rc.contact_id = ` + person + ` AND ` + inner + `)
OR EXISTS (SELECT 1 FROM ticket rt WHERE rt.workspace_id = ` + name + `.workspace_id AND rt.contact_id = ` + person + ` AND ` + ticket + `))`
	return where, slices.Concat([]any{string(r.Member)}, args, more)
}

// And joins a condition to others, if it is one.
func And(where string) string {
	if where == "" {
		return ""
	}
	return ` AND ` + where
}

// Start is a query for the ids of conversations, among which all are that a
// limited reach covers, by their indexes: for who reaches few. It takes the
// workspace where a "?" stands for it.
func Start(r identity.Reach, workspace string) (query string, args []any) {
	ws, me := workspace, string(r.Member)
	query = `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND assignee_id IS NOT NULL AND assignee_id = ?
UNION ALL SELECT conversation_id FROM conversation WHERE workspace_id = ? AND offered_to <> '' AND offered_to = ?
UNION ALL SELECT conversation_id FROM conversation_participant WHERE workspace_id = ? AND member_id = ?`
	args = []any{ws, me, ws, me, ws, me}
	if r.Kind != identity.ReachTeam {
		return query, args
	}
	if in, bound := list(r.Teams); in != "" {
		query += ` UNION ALL SELECT conversation_id FROM conversation WHERE workspace_id = ? AND team_id <> '' AND team_id` + in
		args = append(append(args, ws), bound...)
	}
	if in, bound := list(r.Inboxes); in != "" {
		query += ` UNION ALL SELECT conversation_id FROM conversation WHERE workspace_id = ? AND inbox_id` + in + ` AND team_id = ''`
		args = append(append(args, ws), bound...)
	}
	return query, args
}
