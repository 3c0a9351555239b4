package ticket

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
)

// Turn is what an aggregate needs to record a change: who, when, and ids.
// All changes of one transaction share its clock reading.
type Turn struct {
	Actor identity.Actor
	At    time.Time
	IDs   id.Source
}

// Start returns a new ticket with its first change pending. What the caller
// set in t stays; whoever is assigned already makes it open.
func Start(turn Turn, t Ticket) *Ticket {
	out := &t
	out.ID, out.isNew, out.pending = ID(turn.IDs.New("tkt")), true, nil
	out.Status, out.CreatedBy, out.CreatedAt = New, turn.Actor, turn.At
	out.CreatedBy.Role = ""
	if out.Assignee != "" {
		out.Status = Open
	}
	if out.Priority == "" {
		out.Priority = Normal
	}
	data := map[string]any{"title": out.Title, "status": out.Status}
	for key, value := range map[string]string{
		"assignee_id": string(out.Assignee), "team_id": string(out.Team), "conversation_id": string(out.Conversation),
	} {
		if value != "" {
			data[key] = value
		}
	}
	out.record(turn, Created, data)
	return out
}

// Loaded is called by a store on a row it has read, before it hands it out for
// a change.
func (t *Ticket) Loaded() *Ticket {
	t.isNew, t.pending, t.released = false, nil, false
	return t
}

// Unsaved is what a store must write.
type Unsaved struct {
	Changes []Change
	New     bool
}

// Unsaved returns what must be written.
func (t *Ticket) Unsaved() Unsaved { return Unsaved{Changes: t.pending, New: t.isNew} }

// Saved is called by a store after it wrote everything.
func (t *Ticket) Saved() { t.Loaded() }

func (t *Ticket) record(turn Turn, typ ChangeType, data any) {
	t.add(turn, Change{Type: typ}, data, typ.public())
}

func (t *Ticket) add(turn Turn, ch Change, data any, public bool) *Change {
	t.LastSeq++
	ch.Workspace, ch.ID, ch.Ticket = t.Workspace, ChangeID(turn.IDs.New("chg")), t.ID
	ch.Seq, ch.At, ch.Actor = t.LastSeq, turn.At, turn.Actor
	if public {
		t.LastPublicSeq++
		ch.PublicSeq = t.LastPublicSeq
	}
	if data != nil {
		if b, err := json.Marshal(data); err == nil { // maps of strings, numbers and booleans always marshal
			ch.Data = b
		}
	}
	t.UpdatedAt = turn.At
	t.pending = append(t.pending, ch)
	return &t.pending[len(t.pending)-1]
}

// writable is an error when the ticket takes no more changes.
func (t *Ticket) writable() error {
	switch {
	case t.MergedInto != "":
		return errs.New(errs.Conflict, "ticket.merged", "This ticket is merged into another one. Go on there, or undo the merge.").
			WithFields(errs.Field{Pointer: "", Code: "merged", Detail: string(t.MergedInto)})
	case t.Status == Closed:
		return errs.New(errs.Conflict, "ticket.closed", "The ticket is closed. Make a follow-up.")
	default:
		return nil
	}
}

// SetStatus moves the ticket. What is closed stays closed, and nothing becomes
// new again. A type asks for its required fields before its tickets are solved
// or closed.
func (t *Ticket) SetStatus(turn Turn, to Status, of Type) error {
	switch {
	case !slices.Contains(Statuses(), to):
		return errs.New(errs.Invalid, "ticket.status", "status must be open, pending, solved or closed.").
			WithFields(errs.Field{Pointer: "/status", Code: "enum", Detail: "must be open, pending, solved or closed"})
	case t.Status == to && t.MergedInto == "":
		return nil
	}
	if err := t.writable(); err != nil {
		return err
	}
	if to == New {
		return errs.New(errs.Conflict, "ticket.not_new", "A ticket that somebody has touched is not new any more.").
			WithFields(errs.Field{Pointer: "/status", Code: "enum", Detail: "cannot be new again"})
	}
	if to.Done() {
		if err := of.complete(t.Fields); err != nil {
			return err
		}
	}
	t.move(turn, to)
	return nil
}

// move changes the status and records it.
func (t *Ticket) move(turn Turn, to Status) {
	from := t.Status
	t.Status = to
	switch to {
	case Solved:
		t.SolvedAt = turn.At
	case Closed:
		t.ClosedAt = turn.At
		if t.SolvedAt.IsZero() {
			t.SolvedAt = turn.At
		}
	case New, Open, Pending:
		t.SolvedAt = time.Time{}
	}
	t.record(turn, StatusChanged, map[string]any{"status": to, "from": from, "by": turn.Actor.Kind})
}

// Destination is where a ticket goes; nil leaves a part as it is.
type Destination struct {
	Member *identity.Member // with the id "" = nobody
	Team   *team.ID         // "" = no team
}

// Assign hands the ticket over. Whoever gets a new ticket makes it open.
func (t *Ticket) Assign(turn Turn, to Destination) error {
	if err := t.writable(); err != nil {
		return err
	}
	was, wasTeam := t.Assignee, t.Team
	if to.Member != nil {
		t.Assignee, t.AssigneeName = to.Member.ID, to.Member.Name
	}
	if to.Team != nil {
		t.Team = *to.Team
	}
	if t.Assignee == was && t.Team == wasTeam {
		return nil
	}
	t.record(turn, Assigned, map[string]string{
		"assignee_id": string(t.Assignee), "assignee_name": t.AssigneeName, "team_id": string(t.Team),
		"from_id": string(was), "from_team_id": string(wasTeam),
	})
	if t.Status == New && t.Assignee != "" {
		t.move(turn, Open)
	}
	return nil
}

// Written is a comment before it has a number.
type Written struct {
	ClientID string
	Text     string
	Public   bool
	Mentions []Mention
}

// Comment appends a comment. A member's first public answer opens a new ticket;
// whatever the customer writes opens one that waits for them or was solved.
func (t *Ticket) Comment(turn Turn, w Written) (*Change, error) {
	if err := t.writable(); err != nil {
		return nil, err
	}
	c := &Comment{
		Workspace: t.Workspace, ID: CommentID(turn.IDs.New("tcm")), Ticket: t.ID, Seq: t.LastSeq + 1,
		ClientID: w.ClientID, Public: w.Public, Author: turn.Actor, Text: w.Text, Mentions: w.Mentions, CreatedAt: turn.At,
	}
	t.Comments++
	out := *t.add(turn, Change{Type: Commented, Comment: c}, nil, w.Public)
	customer := turn.Actor.Kind == identity.ActorContact
	switch {
	case customer && (t.Status == Pending || t.Status == Solved),
		!customer && w.Public && t.Status == New:
		t.move(turn, Open)
	}
	return &out, nil
}

// Attach gives the comment of a pending change its files.
func (t *Ticket) Attach(ch *Change, files []media.Attachment) { ch.Comment.Attachments = files }

// PassDue records that the due date has passed while there was work to do.
// It does so once for each due date, and reports whether it did.
func (t *Ticket) PassDue(turn Turn) bool {
	if t.DueAt.IsZero() || t.DueAt.After(turn.At) || t.DueAt.Equal(t.Overdue) || t.Status.Done() || t.MergedInto != "" {
		return false
	}
	t.Overdue = t.DueAt
	t.record(turn, WentOverdue, map[string]any{"due_at": stamp(t.DueAt)})
	return true
}

// CloseSolved ends a solved ticket for good, when it has been solved long enough.
func (t *Ticket) CloseSolved(turn Turn, after time.Duration) bool {
	if t.Status != Solved || t.MergedInto != "" || after <= 0 || t.SolvedAt.Add(after).After(turn.At) {
		return false
	}
	t.move(turn, Closed)
	return true
}

// Rate takes the customer's rating of a ticket that is solved or closed, once
// for each time it was solved.
func (t *Ticket) Rate(turn Turn, r Rating) error {
	switch {
	case t.MergedInto != "" || !t.Status.Done():
		return errs.New(errs.Conflict, "ticket.not_solved", "There is nothing to rate yet: the request is not solved.")
	case t.Rating != nil && !t.Rating.At.Before(t.SolvedAt):
		return errs.New(errs.Conflict, "ticket.rated", "This request has been rated. Thank you.")
	}
	r.At = turn.At
	t.Rating = &r
	data := map[string]any{"score": r.Score}
	if r.Comment != "" {
		data["comment"] = r.Comment
	}
	t.record(turn, Rated, data)
	return nil
}

// AwaitsRating reports whether the customer may rate the work now.
func (t *Ticket) AwaitsRating() bool {
	return t.MergedInto == "" && t.Status.Done() && (t.Rating == nil || t.Rating.At.Before(t.SolvedAt))
}

// stamp is a time as the data of changes carries it.
func stamp(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// clonedFields is a map that can be changed.
func (t *Ticket) clonedFields() map[string]any {
	if t.Fields == nil {
		return make(map[string]any)
	}
	return maps.Clone(t.Fields)
}
