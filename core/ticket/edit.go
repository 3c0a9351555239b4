package ticket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Edit is what somebody wants changed; nil leaves a part as it is.
type Edit struct {
	Title       *string
	Description *string
	Type        *Type
	Priority    *Priority
	Contact     *contact.Contact // with the id "" = nobody's
	DueAt       *time.Time       // zero = none
	Fields      map[string]any   // values by key; nil takes one away
}

// change is a part before and after.
type change struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// Edit changes what the ticket says. of is its type, or the new one. Values of
// fields that the new type does not have, or that do not fit it, go.
func (t *Ticket) Edit(turn Turn, e Edit, of Type) error {
	if err := t.writable(); err != nil {
		return err
	}
	w := wrong{}
	diff := make(map[string]change)
	if e.Title != nil {
		if title := w.Name("/title", *e.Title, MaxTitle); title != t.Title {
			diff["title"] = change{t.Title, title}
			t.Title = title
		}
	}
	if e.Description != nil {
		if text := w.Text("/description", strings.TrimSpace(*e.Description), MaxDescription, true); text != t.Description {
			diff["description"] = change{t.Description, text}
			t.Description = text
		}
	}
	if e.Priority != nil && *e.Priority != t.Priority {
		if !slices.Contains(Priorities(), *e.Priority) {
			w.Refuse("/priority", "enum", "must be low, normal, high or urgent")
		}
		diff["priority"] = change{t.Priority, *e.Priority}
		t.Priority = *e.Priority
	}
	t.editPeople(e, diff)
	if err := w.Refused("ticket.invalid", "Some values are not accepted."); err != nil {
		return err
	}
	if err := t.editFields(e, of, diff); err != nil {
		return err
	}
	if len(diff) > 0 {
		t.record(turn, Edited, map[string]any{"fields": diff})
	}
	return nil
}

func (t *Ticket) editPeople(e Edit, diff map[string]change) {
	if e.Contact != nil && e.Contact.ID != t.Contact {
		diff["contact_id"] = change{t.Contact, e.Contact.ID}
		diff["contact_name"] = change{t.ContactName, e.Contact.Name}
		if e.Contact.Organisation != t.Organisation {
			diff["organisation_id"] = change{t.Organisation, e.Contact.Organisation}
		}
		t.Contact, t.ContactName, t.Organisation = e.Contact.ID, e.Contact.Name, e.Contact.Organisation
		t.LinkEpoch++ // whoever had a link is another one now
	}
	if e.DueAt != nil {
		if due := e.DueAt.UTC().Truncate(time.Millisecond); !due.Equal(t.DueAt) {
			diff["due_at"] = change{stamp(t.DueAt), stamp(due)}
			t.DueAt = due
		}
	}
}

// retyped is the values that stay when the ticket takes a new type.
func (t *Ticket) retyped(e Edit, of Type, diff map[string]change) map[string]any {
	now := t.clonedFields()
	if e.Type == nil || of.ID == t.Type {
		return now
	}
	diff["type_id"] = change{t.Type, of.ID}
	t.Type = of.ID
	for key, value := range now {
		if f, ok := of.Field(key); !ok || !f.fits(value) {
			diff["fields."+key] = change{value, nil}
			delete(now, key)
		}
	}
	return now
}

func (t *Ticket) editFields(e Edit, of Type, diff map[string]change) error {
	now := t.retyped(e, of, diff)
	set, err := of.definitions().Check("/fields", e.Fields)
	if err != nil {
		return err
	}
	for key, value := range set {
		before := t.Fields[key]
		switch {
		case value == nil && now[key] != nil:
			delete(now, key)
			diff["fields."+key] = change{before, nil}
		case value != nil && before != value: // strings, numbers and booleans compare
			now[key] = value
			diff["fields."+key] = change{before, value}
		case value != nil && now[key] == nil: // the type took it away, and it is given again
			now[key] = value
			delete(diff, "fields."+key)
		}
	}
	if len(now) == 0 {
		now = nil
	}
	if t.Status.Done() && (e.Type != nil || len(set) > 0) {
		if err := of.complete(now); err != nil {
			return err
		}
	}
	t.Fields = now
	return nil
}

// SetLabels makes these the labels.
func (t *Ticket) SetLabels(turn Turn, ids []catalog.LabelID) error {
	if err := t.writable(); err != nil {
		return err
	}
	now := id.Sorted(ids)
	if len(now) > MaxLabels {
		return tooMany("/label_ids")
	}
	t.label(turn, now)
	return nil
}

func (t *Ticket) label(turn Turn, now []catalog.LabelID) bool {
	added, removed := id.Difference(t.Labels, now)
	if len(added)+len(removed) == 0 {
		return false
	}
	t.Labels = now
	t.record(turn, Labeled, map[string]any{"label_ids": id.OrEmpty(now), "added": id.OrEmpty(added), "removed": id.OrEmpty(removed)})
	return true
}

// dropLabel takes off a label that is gone, of any ticket.
func (t *Ticket) dropLabel(turn Turn, gone catalog.LabelID) bool {
	return t.label(turn, id.Sorted(slices.DeleteFunc(slices.Clone(t.Labels), func(l catalog.LabelID) bool { return l == gone })))
}

// dropTeam takes off a team that is gone, of any ticket.
func (t *Ticket) dropTeam(turn Turn, id team.ID) bool {
	if t.Team != id {
		return false
	}
	t.Team = ""
	t.record(turn, Assigned, map[string]string{
		"assignee_id": string(t.Assignee), "assignee_name": t.AssigneeName, "team_id": "", "from_id": string(t.Assignee), "from_team_id": string(id),
	})
	return true
}

// AddLabels puts labels on, beside those that are.
func (t *Ticket) AddLabels(turn Turn, ids []catalog.LabelID) error {
	return t.SetLabels(turn, slices.Concat(t.Labels, ids))
}

// RemoveLabels takes labels off; one that is not on is no error.
func (t *Ticket) RemoveLabels(turn Turn, ids []catalog.LabelID) error {
	return t.SetLabels(turn, slices.DeleteFunc(slices.Clone(t.Labels), func(id catalog.LabelID) bool { return slices.Contains(ids, id) }))
}

// Follow adds a member to the followers, or takes them out. A closed ticket can
// be followed, too.
func (t *Ticket) Follow(turn Turn, member identity.MemberID, on bool) error {
	now := slices.DeleteFunc(slices.Clone(t.Followers), func(id identity.MemberID) bool { return id == member })
	if on {
		now = id.Sorted(append(now, member))
	}
	if len(now) > MaxFollowers {
		return tooMany("/member_id")
	}
	if len(now) == 0 {
		now = nil
	}
	if added, removed := id.Difference(t.Followers, now); len(added)+len(removed) > 0 {
		t.Followers = now
		t.record(turn, Followed, map[string]any{"member_ids": id.OrEmpty(now), "added": id.OrEmpty(added), "removed": id.OrEmpty(removed)})
	}
	return nil
}

// VoidLinks makes all links void that the customer was given.
func (t *Ticket) VoidLinks() { t.LinkEpoch++ }

// tooMany refuses a list that is too long: all of a ticket's have one limit.
func tooMany(pointer string) error {
	detail := fmt.Sprintf("has more than %d entries", MaxLabels)
	return errs.New(errs.Invalid, "ticket.too_many", fmt.Sprintf("At most %d are possible.", MaxLabels)).
		WithFields(errs.Field{Pointer: pointer, Code: "too_many", Detail: detail})
}
