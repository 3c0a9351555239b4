package conversation

import (
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Standing is what a merge takes from a conversation and its undoing gives
// back. Assignee, team and labels stay where they are meanwhile.
type Standing struct {
	State        State
	SnoozedUntil time.Time
	WaitingSince time.Time
}

// Extent is how much there is of a conversation.
type Extent struct {
	Messages uint64 // that customers and members sent; no notes
	Absorbs  bool   // another one is merged into it
}

// Who ended a merge: the data of Unmerged.
const (
	unmergedByContact = "contact" // by writing in the source again
	unmergedByMember  = "member"
)

// MergeInto lets the conversation go on in another one. It is resolved for its
// own part and leaves all lists; its customer notices nothing. One that is
// merged already, or into which others are, does not merge, and nothing merges
// into what is merged: so there is no chain and no cycle.
func (c *Conversation) MergeInto(t Turn, target *Conversation, of Extent) error {
	switch {
	case c.ID == target.ID:
		return errs.New(errs.Invalid, "conversation.merge_self", "A conversation cannot be merged into itself.").
			WithFields(errs.Field{Pointer: "/into", Code: "self", Detail: "is the same conversation"})
	case c.MergedInto != "":
		return errMerged(c)
	case target.MergedInto != "":
		return errs.New(errs.Conflict, "conversation.merge_target",
			fmt.Sprintf("Conversation #%d is merged into another one itself. Merge into that one.", target.Number)).
			WithFields(errs.Field{Pointer: "/into", Code: "merged", Detail: string(target.MergedInto)})
	case of.Absorbs:
		return errs.New(errs.Conflict, "conversation.merge_absorbs",
			fmt.Sprintf("Other conversations are merged into #%d. Undo that first, or merge the other way round.", c.Number))
	}
	c.endOffer(t, OfferWithdrawn, "")
	c.Before = &Standing{State: c.State, SnoozedUntil: c.SnoozedUntil, WaitingSince: c.WaitingSince}
	c.MergedInto, c.Unrouted = target.ID, 0
	c.State, c.SnoozedUntil, c.WaitingSince, c.QueuedAt = Resolved, time.Time{}, time.Time{}, time.Time{}
	c.record(t, Merged, nil, map[string]any{"into": target.ID, "number": target.Number})
	target.record(t, Absorbed, nil, map[string]any{
		"from_id": c.ID, "number": c.Number, "inbox_id": c.Inbox, "contact_id": c.Contact, "contact_name": c.ContactName, "messages": of.Messages,
	})
	return nil
}

// Unmerge undoes a merge: the conversation stands as it did before, with its
// assignee unless that member cannot take work (able); then it waits in its
// queue, as it does when it waited there. target is the one it was merged into.
func (c *Conversation) Unmerge(t Turn, target *Conversation, able bool) error {
	if c.MergedInto == "" || c.MergedInto != target.ID || c.Before == nil {
		return errs.New(errs.Conflict, "conversation.not_merged", "The conversation is not merged.")
	}
	by := unmergedByMember
	if t.Actor.Kind == identity.ActorContact {
		by = unmergedByContact
	}
	was := *c.Before
	c.MergedInto, c.Before = "", nil
	c.State, c.SnoozedUntil, c.WaitingSince = was.State, was.SnoozedUntil, was.WaitingSince
	data := map[string]any{"by": by, "number": target.Number, "into": target.ID, "state": was.State}
	for key, at := range map[string]time.Time{"snoozed_until": was.SnoozedUntil, "waiting_since": was.WaitingSince} {
		if !at.IsZero() {
			data[key] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	c.record(t, Unmerged, nil, data)
	target.record(t, Unmerged, nil, map[string]any{"by": by, "number": c.Number, "from_id": c.ID})
	switch {
	case c.State != Open:
	case c.Responder != ResponderAgent:
		c.enqueue(t, QueuedReopened)
	case !able:
		c.enqueue(t, QueuedAgentLost)
	}
	return nil
}

// errMerged says where a merged conversation goes on.
func errMerged(c *Conversation) error {
	return errs.New(errs.Conflict, "conversation.merged", "This conversation is merged into another one. Go on there, or undo the merge.").
		WithFields(errs.Field{Pointer: "", Code: "merged", Detail: string(c.MergedInto)})
}
