package ticket

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// data is a link as the changes that tell of it carry it.
func (l Link) data() map[string]any {
	return map[string]any{"id": l.ID, "kind": l.Kind, "ticket_id": l.Ticket, "number": l.Number, "title": l.Title, "status": l.Status}
}

// of is a link to a ticket.
func (t *Ticket) asLink(id LinkID, kind LinkKind) Link {
	return Link{ID: id, Kind: kind, Ticket: t.ID, Number: t.Number, Title: t.Title, Status: t.Status}
}

// Link links two tickets; the mirror appears on the other. Two tickets have one
// link of a kind. Closed tickets can be linked: a follow-up is.
func (t *Ticket) Link(turn Turn, kind LinkKind, other *Ticket) (Link, error) {
	switch {
	case !slices.Contains(LinkKinds(), kind):
		return Link{}, errs.New(errs.Invalid, "ticket.link", "There is no such kind of link.").
			WithFields(errs.Field{Pointer: "/kind", Code: "enum", Detail: "is none of the kinds there are"})
	case t.ID == other.ID:
		return Link{}, errs.New(errs.Invalid, "ticket.link_self", "A ticket cannot be linked to itself.").
			WithFields(errs.Field{Pointer: "/ticket_id", Code: "self", Detail: "is the same ticket"})
	case len(t.Links) >= MaxLinks || len(other.Links) >= MaxLinks:
		return Link{}, tooMany("/ticket_id")
	}
	if i := slices.IndexFunc(t.Links, func(l Link) bool { return l.Ticket == other.ID && l.Kind == kind }); i >= 0 {
		return t.Links[i], nil
	}
	id := LinkID(turn.IDs.New("tlk"))
	out := other.asLink(id, kind)
	t.addLink(turn, out)
	other.addLink(turn, t.asLink(id, kind.Mirror()))
	return out, nil
}

func (t *Ticket) addLink(turn Turn, l Link) {
	t.Links = append(slices.Clip(t.Links), l)
	t.record(turn, Linked, l.data())
}

// Unlink takes a link away, from both ends.
func (t *Ticket) Unlink(turn Turn, id LinkID, other *Ticket) error {
	for _, end := range []*Ticket{t, other} {
		i := slices.IndexFunc(end.Links, func(l Link) bool { return l.ID == id })
		if i < 0 {
			return errs.Absent()
		}
		gone := end.Links[i]
		if end.Links = slices.Delete(slices.Clone(end.Links), i, i+1); len(end.Links) == 0 {
			end.Links = nil
		}
		end.record(turn, Unlinked, gone.data())
	}
	return nil
}

// MergeInto lets the ticket go on in another one. It is closed for its own part
// and leaves all lists. One that is merged already, or into which others are
// (absorbs), does not merge, and nothing merges into what is merged or closed:
// so there is no chain and no cycle.
func (t *Ticket) MergeInto(turn Turn, target *Ticket, absorbs bool) error {
	switch {
	case t.ID == target.ID:
		return errs.New(errs.Invalid, "ticket.merge_self", "A ticket cannot be merged into itself.").
			WithFields(errs.Field{Pointer: "/into", Code: "self", Detail: "is the same ticket"})
	case target.MergedInto != "" || target.Status == Closed:
		return errs.New(errs.Conflict, "ticket.merge_target", Label(target.Number)+" is closed or merged itself. Choose another ticket.").
			WithFields(errs.Field{Pointer: "/into", Code: "closed", Detail: string(target.MergedInto)})
	case absorbs:
		return errs.New(errs.Conflict, "ticket.merge_absorbs", "Other tickets are merged into "+Label(t.Number)+". Undo that first, or merge the other way round.")
	}
	if err := t.writable(); err != nil {
		return err
	}
	t.Before = &Standing{Status: t.Status, SolvedAt: t.SolvedAt}
	t.MergedInto, t.Status, t.ClosedAt = target.ID, Closed, turn.At
	t.record(turn, Merged, map[string]any{"into": target.ID, "number": target.Number})
	target.record(turn, Absorbed, map[string]any{"from_id": t.ID, "number": t.Number, "title": t.Title})
	return nil
}

// Unmerge undoes a merge: the ticket stands as it did before. target is the one
// it was merged into.
func (t *Ticket) Unmerge(turn Turn, target *Ticket) error {
	if t.MergedInto == "" || t.MergedInto != target.ID || t.Before == nil {
		return errNotMerged()
	}
	was := *t.Before
	t.MergedInto, t.Before = "", nil
	t.Status, t.SolvedAt, t.ClosedAt = was.Status, was.SolvedAt, time.Time{}
	by := "member"
	if turn.Actor.Kind == identity.ActorContact {
		by = "contact"
	}
	data := map[string]any{"by": by, "number": target.Number, "into": target.ID, "status": was.Status}
	if !was.SolvedAt.IsZero() {
		data["solved_at"] = stamp(was.SolvedAt)
	}
	t.record(turn, Unmerged, data)
	target.record(turn, Unmerged, map[string]any{"by": by, "number": t.Number, "from_id": t.ID})
	return nil
}

func errNotMerged() error {
	return errs.New(errs.Conflict, "ticket.not_merged", "The ticket is not merged.")
}

// LinkOf reads the link that a change tells of; false when it tells of none.
func LinkOf(ch Change) (Link, bool) {
	if ch.Type != Linked && ch.Type != Unlinked {
		return Link{}, false
	}
	var d struct {
		ID     LinkID   `json:"id"`
		Kind   LinkKind `json:"kind"`
		Ticket ID       `json:"ticket_id"`
		Number uint64   `json:"number"`
		Title  string   `json:"title"`
		Status Status   `json:"status"`
	}
	if json.Unmarshal(ch.Data, &d) != nil {
		return Link{}, false
	}
	return Link(d), true
}
