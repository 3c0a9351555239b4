package contact

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// MergeID names a merge of two contacts: mrg_.
type MergeID string

// Merge is one contact taken for another. Nothing is moved but the pointer
// from source to target: identities, notes and page views stay where they came
// to, so that an undo takes exactly those back.
type Merge struct {
	Workspace  identity.WorkspaceID
	ID         MergeID
	Source     ID
	SourceName string // read-only, joined by the store
	Target     ID
	Filled     Filled
	Actor      identity.Actor
	At         time.Time
	UndoneAt   time.Time // zero = it stands
}

// Filled is what the target had not and got from the source.
type Filled struct {
	Name         string         `json:"name,omitempty"`
	Email        string         `json:"email,omitempty"`
	Phone        string         `json:"phone,omitempty"`
	Note         string         `json:"note,omitempty"`
	External     string         `json:"external_id,omitempty"`
	Locale       string         `json:"locale,omitempty"`
	Organisation OrganisationID `json:"organisation_id,omitempty"`
	Attributes   map[string]any `json:"attributes,omitempty"`
}
