package ticket

import (
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Active reports whether there is work to do on the ticket now.
func (t *Ticket) Active() bool {
	return (t.Status == New || t.Status == Open) && t.MergedInto == ""
}

// Waits reports whether somebody must be found for the ticket. Whether dispatch
// looks for them, the queue of its team says.
func (t *Ticket) Waits() bool { return t.Active() && t.Assignee == "" }

// Holder is on whom the ticket may weigh: who has it, while there is work to do on
// it; "" = on nobody.
func (t *Ticket) Holder() identity.MemberID {
	if !t.Active() {
		return ""
	}
	return t.Assignee
}

// Arrive says since when there is work to do on the ticket that nobody has, as a
// store saves it: since it was made, came to be active again, or lost its
// assignee, unless dispatch took it back. before is the ticket as it was read.
func (t *Ticket) Arrive(before Ticket) {
	dropped := t.Assignee == "" && before.Assignee != "" && !t.released
	if t.Active() && (t.isNew || !before.Active() || dropped) {
		t.WaitingSince = t.UpdatedAt
	}
}

// Stream is the queue that gave a ticket to somebody.
type Stream struct {
	ID   string
	Name string
}

// Give gives a ticket that waits to a member, for a queue.
func (t *Ticket) Give(turn Turn, member identity.MemberID, name string, from Stream) error {
	if !t.Waits() {
		return errs.New(errs.Conflict, "ticket.given", "Somebody has the ticket already, or there is nothing to do on it.")
	}
	t.Assignee, t.AssigneeName = member, name
	t.record(turn, Assigned, map[string]string{
		"assignee_id": string(member), "assignee_name": name, "team_id": string(t.Team), "from_id": "", "from_team_id": string(t.Team),
		"by": "dispatch", "queue_id": from.ID, "queue_name": from.Name,
	})
	if t.Status == New {
		t.move(turn, Open)
	}
	return nil
}

// Release takes a ticket back from a member who may not work any more. It waits
// from its arrival on. It reports whether there was anything to take.
func (t *Ticket) Release(turn Turn, reason string) bool {
	from := t.Assignee
	if !t.Active() || from == "" {
		return false
	}
	t.Assignee, t.AssigneeName, t.released = "", "", true
	t.record(turn, Assigned, map[string]string{
		"assignee_id": "", "assignee_name": "", "team_id": string(t.Team), "from_id": string(from), "from_team_id": string(t.Team), "reason": reason,
	})
	return true
}
