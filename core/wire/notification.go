package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/notification"
)

// Notification is one thing that a member is told.
type Notification struct {
	ID             string     `json:"id"`
	Kind           string     `json:"kind" enum:"mention,assigned,taken_over,reply,participant_reply,scheduled_failed,rating,unattended,import_done,webhook_disabled,plugin_state,account_health,risk_found,approval_asked,alert_raised,ticket_assigned,ticket_mention,ticket_comment,ticket_overdue"`
	ConversationID string     `json:"conversation_id,omitempty"`
	Seq            uint64     `json:"seq,omitempty" doc:"Of the message in the conversation, or of the comment's change in the ticket; absent when it is about none."`
	Text           string     `json:"text" doc:"What was written, at most 140 characters."`
	Actor          *Actor     `json:"actor,omitempty" doc:"Who did it; absent for the system."`
	At             time.Time  `json:"at"`
	ReadAt         *time.Time `json:"read_at,omitempty"`

	Ticket *NotificationTicket `json:"ticket,omitempty" doc:"What it is about; conversation_id is absent then."`
	Import *NotificationImport `json:"import,omitempty" doc:"Of import_done alone: how it ended."`
	Plugin *NotificationPlugin `json:"plugin,omitempty" doc:"Of plugin_state alone: what became of it."`

	Account *NotificationAccount `json:"account,omitempty" doc:"Of account_health alone: what became of an inbox or a connection."`
	Alert   *NotificationAlert   `json:"alert,omitempty" doc:"Of alert_raised alone: what supervisors are to know."`
}

// NotificationAlert is an alert as it was raised.
type NotificationAlert struct {
	ID       string `json:"id" doc:"alr_"`
	Rule     string `json:"rule" enum:"wait,staff,risk,away" doc:"See the alerts of the workspace."`
	QueueID  string `json:"queue_id,omitempty" doc:"Absent, and not away: what is in no queue."`
	MemberID string `json:"member_id,omitempty" doc:"Of away."`
	Name     string `json:"name,omitempty" doc:"Of the queue or the member, as it was then."`
	Limit    int    `json:"limit" doc:"That was passed: seconds of wait and away, members of staff, conversations of risk."`
}

// NotificationAccount is what became of an inbox or a connection.
type NotificationAccount struct {
	ID    string `json:"id" doc:"inb_ or pin_"`
	Name  string `json:"name" doc:"As it was then."`
	State string `json:"state" enum:"failing,credentials,ok" doc:"credentials: the far side rejected them, and somebody must sign in again or correct them. ok: it works again."`
	Code  string `json:"code,omitempty" doc:"Why, stable."`
}

// NotificationPlugin is what became of a plugin.
type NotificationPlugin struct {
	ID      string            `json:"id" doc:"<publisher>/<name>"`
	Name    map[string]string `json:"name" doc:"By locale."`
	Version string            `json:"version" doc:"That it is about: of rolled_back the one that failed."`
	State   string            `json:"state" enum:"quarantined,recovered,rolled_back" doc:"recovered: it works again after a quarantine."`
}

// NotificationTicket names a ticket, as it was then.
type NotificationTicket struct {
	ID     string `json:"id"`
	Number uint64 `json:"number"`
	Title  string `json:"title"`
}

// NotificationImport is how an import of contacts ended. The numbers are of rows.
type NotificationImport struct {
	ID      string `json:"id"`
	State   string `json:"state" enum:"done,failed" doc:"failed: it could not go on; what was written before stays."`
	Created int    `json:"created"`
	Updated int    `json:"updated"`
	Skipped int    `json:"skipped"`
	Refused int    `json:"refused" doc:"Left out for their errors."`
}

// NotificationOf returns the view of a notification.
func NotificationOf(n notification.Notification) Notification {
	out := Notification{
		ID: string(n.ID), Kind: string(n.Kind), ConversationID: string(n.Conversation), Seq: n.Seq, Text: n.Text,
		At: Stamp(n.At), ReadAt: stampOrNil(n.ReadAt),
	}
	if n.Actor.ID != "" {
		a := actorOf(n.Actor)
		out.Actor = &a
	}
	if t := n.Ticket; t != nil {
		out.Ticket = &NotificationTicket{ID: string(t.ID), Number: t.Number, Title: t.Title}
	}
	if p := n.Plugin; p != nil {
		out.Plugin = &NotificationPlugin{ID: p.ID, Name: p.Name, Version: p.Version, State: string(p.State)}
	}
	if a := n.Account; a != nil {
		out.Account = &NotificationAccount{ID: a.ID, Name: a.Name, State: a.State, Code: a.Code}
	}
	if r := n.Raised; r != nil {
		out.Alert = &NotificationAlert{ID: r.ID, Rule: r.Rule, QueueID: r.Queue, MemberID: r.Member, Name: r.Name, Limit: r.Limit}
	}
	if i := n.Import; i != nil {
		out.Import = &NotificationImport{ID: i.ID, State: "done", Created: i.Created, Updated: i.Updated, Skipped: i.Skipped, Refused: i.Refused}
		if i.Failed {
			out.Import.State = "failed"
		}
	}
	return out
}
