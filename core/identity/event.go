package identity

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/event"
)

// Types of the events of this domain. Their data is {"id": "..."}: consoles
// fetch the object (for invitations: the list) again.
const (
	MemberChanged     = "member.changed"
	InvitationChanged = "invitation.changed"
	WorkspaceChanged  = "workspace.changed"
	RoleChanged       = "role.changed"
)

// audited is changed with the record of what was done.
func (c clock) audited(w WorkspaceID, kind, subject string, r *event.Record) event.Event {
	e := c.changed(w, kind, subject)
	e.Audit = r
	return e
}

// changed makes the event that something of workspace w changed.
func (c clock) changed(w WorkspaceID, kind, subject string) event.Event {
	data, err := json.Marshal(map[string]string{"id": subject})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{
		ID: c.ids.New("chg"), Workspace: string(w), Type: kind, Subject: subject, At: c.time(), Data: data,
	}
}
