package ticket

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Deps are the ports that Service works on.
type Deps struct {
	Store  Store
	Reader Reader
	// Beside returns the tickets' side of a conversation's transaction: what is
	// saved there is committed with the conversation, or not at all.
	Beside        func(conversation.Tx) Tx
	Conversations Conversations
	Contacts      Contacts
	Members       Members
	Teams         Teams
	Labels        Labels
	Tongues       Tongues
	Houses        Houses
	Key           []byte // signs customers' links; the same on every node and after a restart
	BaseURL       string // as customers reach the server, without a slash at the end
	Now           func() time.Time
	Log           *slog.Logger
}

// Service holds the use cases of tickets. It is safe for concurrent use.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

func (s *Service) turn(scope identity.Scope) Turn {
	return Turn{Actor: scope.Actor, At: s.Now(), IDs: s.ids}
}

// load loads a ticket for change that is in the caller's reach.
func load(ctx context.Context, tx Tx, scope identity.Scope, id ID) (*Ticket, error) {
	t, err := tx.Ticket(ctx, id)
	if err == nil && !covers(scope, *t) {
		err = errs.Absent()
	}
	return t, err
}

// change runs one change of a ticket and returns the ticket after it.
func (s *Service) change(ctx context.Context, scope identity.Scope, id ID, fn func(ctx context.Context, tx Tx, turn Turn, t *Ticket) error) (Ticket, error) {
	var out Ticket
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		t, err := load(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, s.turn(scope), t); err != nil {
			return err
		}
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		out = *t
		return nil
	})
	return out, err
}

// typeOf finds a type among all.
func typeOf(types []Type, id TypeID) (Type, error) {
	i := slices.IndexFunc(types, func(t Type) bool { return t.ID == id })
	if i < 0 {
		return Type{}, errs.Absent()
	}
	return types[i], nil
}

// Get returns a ticket. Needs TicketRead.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Ticket, error) {
	if err := scope.Require(identity.TicketRead); err != nil {
		return Ticket{}, err
	}
	t, err := s.Reader.Get(ctx, scope.Workspace, id)
	if err == nil && !covers(scope, t) {
		return Ticket{}, errs.Absent()
	}
	return t, err
}

// Timeline returns changes of a ticket with its state now. Needs TicketRead.
func (s *Service) Timeline(ctx context.Context, scope identity.Scope, id ID, r conversation.Range) ([]Change, Ticket, error) {
	t, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, t, err
	}
	r.Public = false
	changes, err := s.Reader.Timeline(ctx, scope.Workspace, id, r)
	return changes, t, err
}

// Hydrate returns the changes that events of a workspace describe, by event id,
// and the tickets they belong to, as they are now, whoever reaches them: what of
// an event is told, wire.Told says.
func (s *Service) Hydrate(ctx context.Context, scope identity.Scope, events []event.Event) (map[string]Change, map[ID]Ticket, error) {
	if !scope.May(identity.TicketRead) || !slices.ContainsFunc(events, func(e event.Event) bool { return Is(e.Type) }) {
		return nil, nil, nil
	}
	return s.Reader.HydrateTickets(ctx, scope.Workspace, events)
}

// Ask chooses tickets. What is given is joined by "and".
type Ask struct {
	Filter       json.RawMessage // nil = everything
	Text         string          // a part of the title, or a number with or without T-
	Sort         Sort            // "" = ByUpdate
	Conversation conversation.ID
	Contact      contact.ID
}

// MaxAskText bounds Ask.Text, in characters.
const MaxAskText = 200

// query turns what is asked for into a query.
func (s *Service) query(ctx context.Context, scope identity.Scope, a Ask) (Query, error) {
	if err := scope.Require(identity.TicketRead); err != nil {
		return Query{}, err
	}
	if a.Sort == "" {
		a.Sort = ByUpdate
	}
	if !slices.Contains([]Sort{ByUpdate, ByCreation, ByDue, ByPriority}, a.Sort) {
		return Query{}, errs.New(errs.Invalid, "ticket.sort", "There is no such order of tickets.").
			WithFields(errs.Field{Pointer: "sort", Code: "enum", Detail: "must be updated, created, due or priority"})
	}
	w := wrong{}
	a.Text = w.Text("q", a.Text, MaxAskText, false)
	if err := w.Refused("ticket.query", "The search is not accepted."); err != nil {
		return Query{}, err
	}
	types, err := s.Reader.Types(ctx, scope.Workspace)
	if err != nil {
		return Query{}, err
	}
	n, err := filter.Parse(a.Filter, Registry(types))
	if err != nil {
		return Query{}, err
	}
	env := filter.Env{Now: s.Now(), Me: string(scope.Member())}
	if scope.Member() != "" && slices.Contains(n.Fields(), "team") {
		teams, err := s.Teams.TeamsOf(ctx, scope.Workspace, scope.Member())
		if err != nil {
			return Query{}, err
		}
		env.Teams = texts(teams)
	}
	return Query{Where: n.Plan(env), Sort: a.Sort, Text: a.Text, Conversation: a.Conversation, Contact: a.Contact, Reach: reach(scope)}, nil
}

// Find returns a page of tickets. Needs TicketRead.
func (s *Service) Find(ctx context.Context, scope identity.Scope, a Ask, p page.Request) (page.Page[Ticket], error) {
	q, err := s.query(ctx, scope, a)
	if err != nil {
		return page.Page[Ticket]{}, err
	}
	return s.Reader.Find(ctx, scope.Workspace, q, p)
}

// OfConversation lists the tickets made from a conversation, the newest first.
func (s *Service) OfConversation(ctx context.Context, scope identity.Scope, id conversation.ID, p page.Request) (page.Page[Ticket], error) {
	if err := scope.Require(identity.TicketRead); err != nil {
		return page.Page[Ticket]{}, err
	}
	if _, err := s.Conversations.Get(ctx, scope, id); err != nil {
		return page.Page[Ticket]{}, err
	}
	return s.Find(ctx, scope, Ask{Conversation: id, Sort: ByCreation}, p)
}

// OfContact lists the tickets of a contact, the newest first.
func (s *Service) OfContact(ctx context.Context, scope identity.Scope, id contact.ID, p page.Request) (page.Page[Ticket], error) {
	if err := scope.Require(identity.TicketRead); err != nil {
		return page.Page[Ticket]{}, err
	}
	if _, err := s.customer(ctx, scope, id); err != nil {
		return page.Page[Ticket]{}, err
	}
	return s.Find(ctx, scope, Ask{Contact: id, Sort: ByCreation}, p)
}

// MostCounted is where counting stops.
const MostCounted = 1000

// Counts counts tickets by status, each up to MostCounted. Needs TicketRead.
func (s *Service) Counts(ctx context.Context, scope identity.Scope, a Ask) (Counts, error) {
	q, err := s.query(ctx, scope, a)
	if err != nil {
		return Counts{}, err
	}
	return s.Reader.Counts(ctx, scope.Workspace, q, s.Now(), MostCounted)
}

// Column is a column of a board.
type Column struct {
	Status Status
	Count  int // up to MostCounted
	Items  []Ticket
	Next   string // for the rest: a cursor of Find with the status
}

// Board returns the tickets of each status, at most limit of each. Needs
// TicketRead.
func (s *Service) Board(ctx context.Context, scope identity.Scope, a Ask, limit int) ([]Column, error) {
	q, err := s.query(ctx, scope, a)
	if err != nil {
		return nil, err
	}
	counts, err := s.Reader.Counts(ctx, scope.Workspace, q, s.Now(), MostCounted)
	if err != nil {
		return nil, err
	}
	var out []Column
	for _, status := range Statuses() {
		col := Column{Status: status, Count: counts.ByStatus[status]}
		if col.Count > 0 {
			one := q
			one.Where = with(q.Where, status)
			found, err := s.Reader.Find(ctx, scope.Workspace, one, page.Request{Limit: limit})
			if err != nil {
				return nil, err
			}
			col.Items, col.Next = found.Items, found.Next
		}
		out = append(out, col)
	}
	return out, nil
}

// with is a plan that demands a status, too.
func with(p filter.Plan, status Status) filter.Plan {
	test := filter.Test{
		Field:   filter.Field{Name: "status", Kind: filter.Enum, Options: texts(Statuses())},
		Compare: filter.OneOf, Values: []filter.Value{{Text: string(status)}},
	}
	return filter.Plan{Parts: []filter.Plan{{Test: &test}, p}}
}
