package extension

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// FollowUse is what a connection follows the feed for.
type FollowUse string

// The uses.
const (
	FollowForFindings FollowUse = "analyzer" // an analyzer reads messages
	FollowForHooks    FollowUse = "hook"     // a hook is told of events
)

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
	Gap      Gap    // what it was not told, and does not know of yet
}

// Gap is a part of the feed that a connection was not told. The zero value is none.
type Gap struct {
	After  uint64 // the last event before it
	Until  uint64 // its last event
	Reason string // GapNotAllowed or GapFailed
}

// Why there are gaps.
const (
	GapNotAllowed = "not_allowed" // the workspace did not let the plugin be told
	GapFailed     = "failed"      // the plugin failed at an event over and over
)

// TypeGap is the type of the event by which a hook is told of a Gap.
const TypeGap = "feed.gap"

// Wider returns the gap with another one added to it.
func (g Gap) Wider(by Gap) Gap {
	if g.Reason != "" {
		by.After, by.Until = min(g.After, by.After), max(g.Until, by.Until)
	}
	return by
}

// Skip is an event that a connection was not told: it refused it, or failed at
// it over and over.
type Skip struct {
	Use          FollowUse
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
	// Unclaim gives every claim back: for a process that knows that no other one
	// is at work.
	Unclaim(ctx context.Context) error
	// Skipped lists what a connection was not told, the newest first.
	Skipped(ctx context.Context, w identity.WorkspaceID, id ConnectionID, limit int) ([]Skip, error)
}

// MaxSkips is how many skipped events are kept of a following.
const MaxSkips = 200
