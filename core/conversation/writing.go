package conversation

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// WritingTx is the side of a transaction that keeps what is not sent yet.
type WritingTx interface {
	// Draft returns a member's draft; a zero one when there is none.
	Draft(ctx context.Context, member identity.MemberID, id ID) (Draft, error)
	// SaveDraft keeps a draft in place of the one before.
	SaveDraft(ctx context.Context, d Draft) error
	// Scheduled returns one for change; errs.Absent when there is none.
	Scheduled(ctx context.Context, id ScheduledID) (Scheduled, error)
	// ScheduledAs finds what an author scheduled under a client id; nil when nothing.
	ScheduledAs(ctx context.Context, in ID, author identity.MemberID, clientID string) (*Scheduled, error)
	// OpenScheduled counts the waiting ones of a conversation.
	OpenScheduled(ctx context.Context, in ID) (int, error)
	// SaveScheduled keeps a scheduled message in place of its older version.
	SaveScheduled(ctx context.Context, m Scheduled) error
	WhisperTx
}

// WritingStore answers questions about what is not sent yet, or to colleagues alone.
type WritingStore interface {
	WhisperReader
	// Draft is WritingTx's, committed.
	Draft(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, id ID) (Draft, error)
	// Drafts lists a member's drafts that are not empty and in conversations of
	// a reach, the newest first.
	Drafts(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, within identity.Reach, limit int) ([]Draft, error)
	// ForgetDrafts removes empty drafts of before a time, in all workspaces.
	ForgetDrafts(ctx context.Context, before time.Time) error
	// Scheduled lists the waiting and failed ones of a conversation, the soonest first.
	Scheduled(ctx context.Context, workspace identity.WorkspaceID, in ID) ([]Scheduled, error)
	// DueScheduled lists waiting ones whose time has come, in all workspaces.
	DueScheduled(ctx context.Context, now time.Time, limit int) ([]ScheduledRef, error)
}

// News tells open windows of what the feed does not carry. Whoever misses it
// learns of it by the next fetch. Its methods do not block.
type News interface {
	// DraftChanged tells the author's windows of a new version.
	DraftChanged(ctx context.Context, d Draft)
	// Whispered tells the windows of whom may read it of a whisper.
	Whispered(ctx context.Context, w Whisper)
	// ReadByMembers tells the customer that members have read up to a public seq.
	ReadByMembers(ctx context.Context, c Conversation, public uint64)
	// CustomerTypes tells members that the customer writes, now.
	CustomerTypes(ctx context.Context, c Conversation)
}
