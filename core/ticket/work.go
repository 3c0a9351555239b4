package ticket

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
)

// Patch is what somebody wants changed; nil leaves a part as it is.
type Patch struct {
	Title       *string
	Description *string
	Type        *TypeID
	Priority    *Priority
	Status      *Status
	Contact     *contact.ID // "" = nobody's
	DueAt       *time.Time  // zero = none
	Fields      map[string]any
	IfSeq       uint64 // only when this is the ticket's LastSeq; 0 = in any case
}

// Update changes a ticket. Fields are set before the status, so that one
// request can fill in what solving asks for. Needs TicketWrite.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id ID, p Patch) (Ticket, error) {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return Ticket{}, err
	}
	e := Edit{Title: p.Title, Description: p.Description, Priority: p.Priority, DueAt: p.DueAt, Fields: p.Fields}
	if p.Contact != nil {
		e.Contact = &contact.Contact{}
		if *p.Contact != "" {
			who, err := s.customer(ctx, scope, *p.Contact)
			if err != nil {
				return Ticket{}, err
			}
			e.Contact = &who
		}
	}
	return s.change(ctx, scope, id, func(ctx context.Context, tx Tx, turn Turn, t *Ticket) error {
		if p.IfSeq != 0 && p.IfSeq != t.LastSeq {
			return errs.New(errs.Conflict, "ticket.outdated", "The ticket was changed meanwhile. Read it again.")
		}
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		return p.apply(turn, t, e, types)
	})
}

// apply changes a ticket: what it says, then its status.
func (p Patch) apply(turn Turn, t *Ticket, e Edit, types []Type) error {
	of, err := typeOf(types, t.Type)
	if err != nil {
		return err
	}
	if p.Type != nil && *p.Type != t.Type {
		if of, err = chosen(types, *p.Type); err != nil {
			return err
		}
		e.Type = &of
	}
	if p.editing() {
		if err := t.Edit(turn, e, of); err != nil {
			return err
		}
	}
	if p.Status == nil {
		return nil
	}
	return t.SetStatus(turn, *p.Status, of)
}

func (p Patch) editing() bool {
	return p.Title != nil || p.Description != nil || p.Type != nil || p.Priority != nil || p.Contact != nil || p.DueAt != nil || p.Fields != nil
}

// Handover says where a ticket goes; nil leaves a part as it is.
type Handover struct {
	Member *identity.MemberID // "" = nobody
	Team   *team.ID           // "" = no team
	Note   string             // for whoever takes it: an internal comment
}

// Assign hands a ticket over. Needs TicketAssign.
func (s *Service) Assign(ctx context.Context, scope identity.Scope, id ID, h Handover) (Ticket, error) {
	to, err := s.destination(ctx, scope, h)
	if err != nil {
		return Ticket{}, err
	}
	return s.change(ctx, scope, id, func(_ context.Context, _ Tx, turn Turn, t *Ticket) error {
		if err := t.Assign(turn, to); err != nil || strings.TrimSpace(h.Note) == "" {
			return err
		}
		_, err := t.Comment(turn, Written{ClientID: turn.IDs.New("tcm"), Text: h.Note})
		return err
	})
}

func (s *Service) destination(ctx context.Context, scope identity.Scope, h Handover) (Destination, error) {
	if err := scope.Require(identity.TicketAssign); err != nil {
		return Destination{}, err
	}
	w := wrong{}
	if h.Member == nil && h.Team == nil {
		w.Refuse("/assignee_id", "required", "is missing, and so is team_id")
	}
	w.Text("/note", h.Note, MaxText, true)
	if err := w.Refused("ticket.assign", "Say who should have it: a member, a team or both."); err != nil {
		return Destination{}, err
	}
	to := Destination{Team: h.Team}
	if h.Team != nil && *h.Team != "" {
		if _, err := s.Teams.Team(ctx, scope.Workspace, *h.Team); err != nil {
			return to, err
		}
	}
	if h.Member == nil {
		return to, nil
	}
	to.Member = &identity.Member{}
	if *h.Member == "" {
		return to, nil
	}
	m, err := s.Members.Member(ctx, scope, *h.Member)
	to.Member = &m
	return to, err
}

// Post is a comment that a member writes.
type Post struct {
	Ticket      ID
	ClientID    string
	Text        string // may be empty beside attachments
	Public      bool
	Attachments []media.ID
	Mentions    []identity.MemberID // of an internal one
	Status      *Status             // what the ticket becomes with it
}

// Posted is the answer to a post.
type Posted struct {
	Change   Change
	Ticket   Ticket
	Replayed bool // the comment had been accepted before; Change is the one it made then
}

// Comment appends a comment. It is idempotent by (ticket, member, client id).
// Needs TicketWrite.
func (s *Service) Comment(ctx context.Context, scope identity.Scope, p Post) (Posted, error) {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return Posted{}, err
	}
	if err := p.check(); err != nil {
		return Posted{}, err
	}
	mentions, err := s.mentions(ctx, scope, p.Mentions)
	if err != nil {
		return Posted{}, err
	}
	var out Posted
	out.Ticket, err = s.change(ctx, scope, p.Ticket, func(ctx context.Context, tx Tx, turn Turn, t *Ticket) error {
		out.Replayed = false
		before, err := tx.Sent(ctx, t.ID, scope.Actor.ID, p.ClientID)
		if err != nil {
			return err
		}
		if before != nil {
			out.Change, out.Replayed = *before, true
			return p.made(before.Comment)
		}
		out.Change, err = p.write(ctx, tx, turn, t, mentions)
		return err
	})
	return out, err
}

// write appends the comment and moves the ticket with it.
func (p Post) write(ctx context.Context, tx Tx, turn Turn, t *Ticket, mentions []Mention) (Change, error) {
	ch, err := t.Comment(turn, Written{ClientID: p.ClientID, Text: p.Text, Public: p.Public, Mentions: mentions})
	if err != nil {
		return Change{}, err
	}
	if err := p.attach(ctx, tx, media.Uploader{Kind: media.ByMember, ID: turn.Actor.ID}, t, ch); err != nil {
		return Change{}, err
	}
	if p.Status == nil {
		return *ch, nil
	}
	types, err := tx.Types(ctx)
	if err != nil {
		return Change{}, err
	}
	of, err := typeOf(types, t.Type)
	if err != nil {
		return Change{}, err
	}
	return *ch, t.SetStatus(turn, *p.Status, of)
}

// attach gives the comment of a pending change the files that somebody brought.
func (p Post) attach(ctx context.Context, tx Tx, by media.Uploader, t *Ticket, ch *Change) error {
	if len(p.Attachments) == 0 {
		return nil
	}
	files, err := tx.Media().Take(ctx, by, p.Attachments, media.Place{Conversation: string(t.ID), Seq: ch.Seq})
	if err == nil {
		t.Attach(ch, files)
	}
	return err
}

// check checks what can be checked without looking anything up.
func (p Post) check() error {
	w := wrong{}
	w.clientID(p.ClientID)
	if w.Text("/text", p.Text, MaxText, true); strings.TrimSpace(p.Text) == "" && len(p.Attachments) == 0 {
		w.Refuse("/text", "empty", "is empty")
	}
	if p.Public && len(p.Mentions) > 0 {
		w.Refuse("/mentions", "kind", "only an internal comment can mention colleagues")
	}
	if len(p.Mentions) > MaxMentions {
		w.Refuse("/mentions", "too_many", fmt.Sprintf("has more than %d entries", MaxMentions))
	}
	if err := w.Refused("ticket.comment", "The comment is not accepted."); err != nil {
		return err
	}
	if len(p.Attachments) > 0 {
		return media.CheckIDs(p.Attachments)
	}
	return nil
}

func (w *wrong) clientID(id string) {
	const most = 64
	if id == "" || len(id) > most || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		w.Refuse("/client_id", "format", "must be 1 to 64 printable ASCII characters; make a UUID for each comment")
	}
}

// made is an error unless a comment is what this post would make.
func (p Post) made(c *Comment) error {
	same := c != nil && c.Public == p.Public && c.Text == p.Text &&
		slices.EqualFunc(c.Mentions, id.Once(p.Mentions), func(a Mention, b identity.MemberID) bool { return a.Member == b }) &&
		slices.EqualFunc(c.Attachments, p.Attachments, func(a media.Attachment, b media.ID) bool { return a.ID == b })
	if same {
		return nil
	}
	return errs.New(errs.Invalid, "ticket.client_id_reused", "This client_id was used for another comment. Make a new one for each.").
		WithFields(errs.Field{Pointer: "/client_id", Code: "reused", Detail: "was used for another comment"})
}

// mentions finds the colleagues whom a comment calls.
func (s *Service) mentions(ctx context.Context, scope identity.Scope, ids []identity.MemberID) ([]Mention, error) {
	var out []Mention
	for i, named := range id.Once(ids) {
		m, err := s.Members.Member(ctx, scope, named)
		switch {
		case errs.Is(err, errs.NotFound), errs.Is(err, errs.Conflict), errs.Is(err, errs.Invalid):
			const sentence = "A colleague you mention does not work here any more."
			return nil, errs.New(errs.Invalid, "ticket.mentions", sentence).
				WithFields(errs.Field{Pointer: fmt.Sprintf("/mentions/%d", i), Code: "unknown", Detail: sentence})
		case err != nil:
			return nil, err
		}
		out = append(out, Mention{Member: m.ID, Name: m.Name})
	}
	return out, nil
}

// SetLabels makes these the labels of a ticket. Needs TicketWrite.
func (s *Service) SetLabels(ctx context.Context, scope identity.Scope, id ID, labels []catalog.LabelID) (Ticket, error) {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return Ticket{}, err
	}
	known, err := s.Labels.Labels(ctx, scope.Workspace)
	if err != nil {
		return Ticket{}, err
	}
	return s.change(ctx, scope, id, func(_ context.Context, _ Tx, turn Turn, t *Ticket) error {
		for _, l := range labels { // one that is on its way out may stay until it goes
			if !slices.Contains(t.Labels, l) && !slices.ContainsFunc(known, func(k catalog.Label) bool { return k.ID == l }) {
				return errs.Absent()
			}
		}
		return t.SetLabels(turn, labels)
	})
}

// Follow makes a member a follower, or no more. For oneself it needs TicketRead,
// for others TicketWrite.
func (s *Service) Follow(ctx context.Context, scope identity.Scope, id ID, member identity.MemberID, on bool) (Ticket, error) {
	need := identity.TicketWrite
	if member == scope.Member() {
		need = identity.TicketRead
	}
	if err := scope.Require(need); err != nil {
		return Ticket{}, err
	}
	if member == "" {
		return Ticket{}, errs.Absent()
	}
	if on {
		if _, err := s.Members.Member(ctx, scope, member); err != nil {
			return Ticket{}, err
		}
	}
	return s.change(ctx, scope, id, func(_ context.Context, _ Tx, turn Turn, t *Ticket) error {
		return t.Follow(turn, member, on)
	})
}

// Link links two tickets. Needs TicketWrite.
func (s *Service) Link(ctx context.Context, scope identity.Scope, id ID, kind LinkKind, other ID) (Ticket, error) {
	return s.both(ctx, scope, identity.TicketWrite, id, other, func(turn Turn, t, o *Ticket) error {
		_, err := t.Link(turn, kind, o)
		return err
	})
}

// Unlink takes a link away. Needs TicketWrite.
func (s *Service) Unlink(ctx context.Context, scope identity.Scope, id ID, link LinkID) (Ticket, error) {
	t, err := s.Get(ctx, scope, id)
	if err != nil {
		return Ticket{}, err
	}
	i := slices.IndexFunc(t.Links, func(l Link) bool { return l.ID == link })
	if i < 0 {
		return Ticket{}, errs.Absent()
	}
	return s.both(ctx, scope, identity.TicketWrite, id, t.Links[i].Ticket, func(turn Turn, t, o *Ticket) error {
		return t.Unlink(turn, link, o)
	})
}

// Merge lets a ticket go on in another one and returns that one. Needs
// TicketMerge; see MergeInto for what does not merge.
func (s *Service) Merge(ctx context.Context, scope identity.Scope, id, into ID) (Ticket, error) {
	if err := scope.Require(identity.TicketMerge); err != nil {
		return Ticket{}, err
	}
	var out Ticket
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		source, target, err := pair(ctx, tx, scope, id, into)
		if err != nil {
			return err
		}
		absorbs, err := tx.Absorbs(ctx, id)
		if err != nil {
			return err
		}
		if err := source.MergeInto(s.turn(scope), target, absorbs); err != nil {
			return err
		}
		return saveBoth(ctx, tx, source, target, &out)
	})
	return out, err
}

// Unmerge undoes a merge and returns the ticket that was merged. Needs
// TicketMerge.
func (s *Service) Unmerge(ctx context.Context, scope identity.Scope, id ID) (Ticket, error) {
	before, err := s.Get(ctx, scope, id)
	if err != nil {
		return Ticket{}, err
	}
	if before.MergedInto == "" {
		return Ticket{}, errNotMerged()
	}
	return s.both(ctx, scope, identity.TicketMerge, id, before.MergedInto, func(turn Turn, t, target *Ticket) error {
		return t.Unmerge(turn, target)
	})
}

// both changes two tickets and returns the first.
func (s *Service) both(ctx context.Context, scope identity.Scope, need identity.Permission, id, other ID, fn func(turn Turn, t, o *Ticket) error) (Ticket, error) {
	if err := scope.Require(need); err != nil {
		return Ticket{}, err
	}
	var out Ticket
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		t, o, err := pair(ctx, tx, scope, id, other)
		if err != nil {
			return err
		}
		if err := fn(s.turn(scope), t, o); err != nil {
			return err
		}
		return saveBoth(ctx, tx, o, t, &out)
	})
	return out, err
}

// pair loads two tickets in the order of their ids, so that transactions that
// want the same two never wait for each other.
func pair(ctx context.Context, tx Tx, scope identity.Scope, first, second ID) (a, b *Ticket, err error) {
	if first == second {
		a, err = load(ctx, tx, scope, first)
		return a, a, err
	}
	if first > second {
		b, a, err = pair(ctx, tx, scope, second, first)
		return a, b, err
	}
	if a, err = load(ctx, tx, scope, first); err != nil {
		return nil, nil, err
	}
	b, err = load(ctx, tx, scope, second)
	return a, b, err
}

// saveBoth saves both and returns the second as it is then.
func saveBoth(ctx context.Context, tx Tx, other, wanted *Ticket, out *Ticket) error {
	if err := tx.Save(ctx, other); err != nil {
		return err
	}
	if err := tx.Save(ctx, wanted); err != nil {
		return err
	}
	*out = *wanted
	return nil
}
