package extension

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// FollowUse is what a connection follows the feed for.
type FollowUse string

// FollowForFindings is an analyzer reading messages.
const FollowForFindings FollowUse = "analyzer"

// Following is a connection that is told what happens in its workspace.
type Following struct {
	Workspace  identity.WorkspaceID
	Connection ConnectionID
	Use        FollowUse
}

// FollowPlace is how far a connection was told.
type FollowPlace struct {
	Feed     uint64 // of the last event that is done with
	Failures int    // of the one after it, in a row
	Detail   string // of the last failure
}

// Skip is an event that a connection was not told: it refused it, or failed at
// it over and over.
type Skip struct {
	Feed         uint64
	Event, Type  string
	Code, Detail string
	At           time.Time
}

// Followings keeps how far connections were told. A method is one transaction.
type Followings interface {
	// Follow claims a following until a time and returns its place, head for a
	// new one; false when somebody else has it.
	Follow(ctx context.Context, f Following, head uint64, claim string, now, until time.Time) (FollowPlace, bool, error)
	// Advance keeps a place, and what was skipped on the way; false when the
	// claim is lost.
	Advance(ctx context.Context, f Following, claim string, p FollowPlace, until time.Time, skipped ...Skip) (bool, error)
	// Unfollow gives a claim back.
	Unfollow(ctx context.Context, f Following, claim string) error
	// Skipped lists what a connection was not told, the newest first.
	Skipped(ctx context.Context, w identity.WorkspaceID, id ConnectionID, limit int) ([]Skip, error)
}

// MaxSkips is how many skipped events are kept of a following.
const MaxSkips = 200
