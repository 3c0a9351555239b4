// Package event is the outbox contract. Whatever changes durably is described
// by an Event that commits in the same transaction; whoever cares reads the
// log after the commit. Observers can never fail the cause; interceptors run
// before the transaction and are no concern of this package.
package event

import (
	"context"
	"time"
)

// Event is one entry of a workspace's feed.
type Event struct {
	ID        string // "chg_..." : stable, the key for deduplication
	Workspace string
	Feed      uint64 // 1, 2, 3, ... per workspace without a gap, in commit order
	Type      string // past tense, for example "message.created"
	Subject   string // id of what changed, for example a conversation's
	Seq       uint64 // per conversation, gapless for members; 0 for other subjects
	PublicSeq uint64 // per conversation, gapless for the customer; 0 = the customer must not know
	At        time.Time
	Data      []byte // JSON; small

	// Audit goes to the audit log; nil for most. It is not read back from a Log.
	Audit *Record
}

// Log is the committed feed of every workspace.
type Log interface {
	// Since returns at most limit events of the workspace with Feed > after, in order.
	Since(ctx context.Context, workspace string, after uint64, limit int) ([]Event, error)
	// Head returns the feed number of the last committed event; 0 when there is none.
	Head(ctx context.Context, workspace string) (uint64, error)
}

// Observer is told of committed events of one workspace, in feed order, each
// at least once. An error makes the pump deliver the same batch again.
type Observer interface {
	Observe(ctx context.Context, events []Event) error
}

// Bus carries wake-ups and ephemeral news (typing, presence) between the parts
// of a node and between nodes. Losing a message costs latency, never data.
type Bus interface {
	// Publish sends data to the subscribers of subject. It does not block on them.
	Publish(subject string, data []byte) error
	// Subscribe calls fn for every message until cancel is called. fn must not block.
	Subscribe(subject string, fn func(subject string, data []byte)) (cancel func(), err error)
}

// Subjects of the bus. A workspace id or "*" follows the prefix.
const (
	SubjectWake     = "wake."     // the feed of this workspace grew
	SubjectDeliver  = "deliver."  // a delivery is due; who listens looks at all workspaces
	SubjectTyping   = "typing."   // somebody types
	SubjectPresence = "presence." // an agent's presence changed
	SubjectQueue    = "queue."    // queue positions changed
	SubjectDraft    = "draft."    // a member's draft changed
	SubjectWhisper  = "whisper."  // somebody whispered
	SubjectRead     = "read."     // members have read on in a live conversation
	SubjectNotify   = "notify."   // a member was told something
	SubjectLook     = "look."     // what members look at
	SubjectRights   = "rights."   // a member's rights or session ended: sockets re-check
	SubjectVisitors = "visitors." // a visitor's session ended: its sockets close

	SubjectAttendance = "attendance." // a member's tab is open, or gone; between nodes
)
