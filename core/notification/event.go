package notification

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Types of events about notifications. They are in the feed only while
// somebody follows them (Deps.Followed), and are for plugins alone: members are
// told by Announcer.
const (
	CreatedEvent = "notification.created" // its subject is the notification
	ReadEvent    = "notification.read"    // its subject is the member
)

// ReadData is the data of a ReadEvent.
type ReadData struct {
	Member identity.MemberID `json:"member_id"`
	IDs    []ID              `json:"ids,omitempty"` // absent: all that the member had
}

// Teller makes the event that is stored with a notification; nil = none is.
type Teller func(n Notification) (event.Event, error)

// teller is what tells those who follow the notifications of a workspace.
func (s *Service) teller(w identity.WorkspaceID) Teller {
	if s.Followed == nil || !s.Followed(w) {
		return nil
	}
	return func(n Notification) (event.Event, error) {
		data, err := json.Marshal(map[string]string{"id": string(n.ID), "member_id": string(n.Member), "kind": string(n.Kind)})
		return s.event(w, CreatedEvent, string(n.ID), n.At, data), err
	}
}

// readBy is the event of a member's reading; none when nobody follows.
func (s *Service) readBy(w identity.WorkspaceID, m identity.MemberID, ids []ID, at time.Time) ([]event.Event, error) {
	if s.Followed == nil || !s.Followed(w) {
		return nil, nil
	}
	data, err := json.Marshal(ReadData{Member: m, IDs: ids})
	return []event.Event{s.event(w, ReadEvent, string(m), at, data)}, err
}

func (s *Service) event(w identity.WorkspaceID, typ, subject string, at time.Time, data []byte) event.Event {
	return event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: typ, Subject: subject, At: at, Data: data}
}
