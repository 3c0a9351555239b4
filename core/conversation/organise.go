package conversation

import (
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Organised is how people keep a conversation in order. Its lists and maps are
// never changed in place: a change replaces them.
type Organised struct {
	Number       uint64 // 1, 2, 3, ... per workspace without a gap, for people to say; the store gives it to a new conversation
	Team         team.ID
	Priority     Priority
	Labels       []catalog.LabelID   // by id; nil = none
	Attributes   map[string]any      // by key: string, float64 or bool; nil = none
	Participants []identity.MemberID // who follows it, by id; nil = nobody
	MergedInto   ID                  // where it goes on; "" unless merged, and then it is in no list
	Before       *Standing           // how it stood before it was merged; nil unless merged
}

// Priority is how urgent a conversation is. "" = nobody said.
type Priority string

// The priorities.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// Priorities lists what Priority may be, the least urgent first. A store may
// keep the index.
func Priorities() []Priority { return []Priority{"", Low, Normal, High, Urgent} }

// Limits of a conversation.
const (
	MaxLabels       = 50
	MaxParticipants = 50
)
