package conversation

import (
	"fmt"
	"maps"
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Organised is how people keep a conversation in order. Its lists and maps are
// never changed in place: a change replaces them.
type Organised struct {
	Number       uint64 // 1, 2, 3, ... per workspace without a gap, for people to say; the store gives it to a new conversation
	Team         team.ID
	Queue        queue.ID // the stream of work that it stands in; "" = none
	Demand       Demand   `json:"-"` // what a routing rule asks of who is given it; the change by which it was queued says so
	Priority     Priority
	Labels       []catalog.LabelID   // by id; nil = none
	Attributes   map[string]any      // by key: string, float64 or bool; nil = none
	Participants []identity.MemberID // who follows it, by id; nil = nobody
	MergedInto   ID                  // where it goes on; "" unless merged, and then it is in no list
	Before       *Standing           // how it stood before it was merged; nil unless merged
	Unrouted     Unrouted            `json:"-"` // what routing rules may still decide; no client is told
	Ignored      bool                // a rule filed it, and nobody has reopened it: it is resolved, and stays so when the customer writes
}

// Demand is what a conversation asks of who is given it, beside what its queue
// does.
type Demand struct {
	Needs []queue.Need // by skill, each once; nil = nothing
	Value int          // instead of its queue's; 0 = that
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

// SetLabels makes these the labels.
func (c *Conversation) SetLabels(t Turn, ids []catalog.LabelID) error {
	now := id.Sorted(ids)
	if len(now) > MaxLabels {
		return tooMany("/label_ids", MaxLabels)
	}
	if added, removed := id.Difference(c.Labels, now); len(added)+len(removed) > 0 {
		c.Labels = now
		c.record(t, Labeled, nil, map[string]any{"label_ids": id.OrEmpty(now), "added": id.OrEmpty(added), "removed": id.OrEmpty(removed)})
	}
	return nil
}

// AddLabels puts labels on, beside those that are.
func (c *Conversation) AddLabels(t Turn, ids []catalog.LabelID) error {
	return c.SetLabels(t, slices.Concat(c.Labels, ids))
}

// RemoveLabels takes labels off; one that is not on is no error.
func (c *Conversation) RemoveLabels(t Turn, ids []catalog.LabelID) error {
	left := slices.DeleteFunc(slices.Clone(c.Labels), func(id catalog.LabelID) bool { return slices.Contains(ids, id) })
	return c.SetLabels(t, left)
}

// SetAttributes sets values that were checked against their definitions; nil
// takes one away.
func (c *Conversation) SetAttributes(t Turn, set map[string]any) {
	now := maps.Clone(c.Attributes)
	if now == nil {
		now = make(map[string]any, len(set))
	}
	changed := make(map[string]any)
	for key, value := range set {
		before, had := now[key]
		switch {
		case value == nil && had:
			delete(now, key)
			changed[key] = nil
		case value != nil && before != value: // strings, numbers and booleans compare
			now[key], changed[key] = value, value
		}
	}
	if len(changed) == 0 {
		return
	}
	if len(now) == 0 {
		now = nil
	}
	c.Attributes = now
	c.record(t, AttributesChanged, nil, map[string]any{"set": changed})
}

// SetPriority says how urgent the conversation is; "" = not said.
func (c *Conversation) SetPriority(t Turn, p Priority) error {
	if !slices.Contains(Priorities(), p) {
		return errs.New(errs.Invalid, "conversation.priority", "priority must be low, normal, high or urgent, or empty.").
			WithFields(errs.Field{Pointer: "/priority", Code: "enum", Detail: "must be low, normal, high or urgent, or empty"})
	}
	if t.Actor.Kind == identity.ActorMember && c.Unrouted != 0 {
		c.Unrouted |= PriorityChosen
	}
	if c.Priority != p {
		c.Priority = p
		c.record(t, PriorityChanged, nil, map[string]string{"priority": string(p)})
	}
	return nil
}

// SetParticipants makes these members the ones who follow the conversation.
func (c *Conversation) SetParticipants(t Turn, ids []identity.MemberID) error {
	return c.setParticipants(t, ids, nil)
}

// setParticipants is SetParticipants with more to say of the change, by key.
func (c *Conversation) setParticipants(t Turn, ids []identity.MemberID, more map[string]any) error {
	now := id.Sorted(ids)
	if len(now) > MaxParticipants {
		return tooMany("/member_ids", MaxParticipants)
	}
	if added, removed := id.Difference(c.Participants, now); len(added)+len(removed) > 0 {
		c.Participants = now
		data := map[string]any{"member_ids": id.OrEmpty(now), "added": id.OrEmpty(added), "removed": id.OrEmpty(removed)}
		maps.Copy(data, more)
		c.record(t, ParticipantsChanged, nil, data)
	}
	return nil
}

// Follow adds a member to the participants, or takes them out.
func (c *Conversation) Follow(t Turn, member identity.MemberID, on bool) error {
	if on {
		return c.SetParticipants(t, slices.Concat(c.Participants, []identity.MemberID{member}))
	}
	left := slices.DeleteFunc(slices.Clone(c.Participants), func(id identity.MemberID) bool { return id == member })
	return c.SetParticipants(t, left)
}

func tooMany(pointer string, limit int) error {
	detail := fmt.Sprintf("has more than %d entries", limit)
	return errs.New(errs.Invalid, "conversation.too_many", fmt.Sprintf("At most %d are possible.", limit)).
		WithFields(errs.Field{Pointer: pointer, Code: "too_many", Detail: detail})
}
