package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Members tells the service of colleagues.
type Members interface {
	// Member returns a member who may take work, or an error that says why not.
	Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error)
}

// Publisher sends news to every node; an event.Bus is one.
type Publisher interface {
	Publish(subject string, data []byte) error
}

// Teams tells the service of teams.
type Teams interface {
	// Team returns a team, or errs.Absent.
	Team(ctx context.Context, w identity.WorkspaceID, id team.ID) (team.Team, error)
	// Teams lists teams, a page at a time.
	Teams(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[team.Team], error)
	// TeamOfInbox returns the team whose queue takes an inbox's new
	// conversations; "" = none.
	TeamOfInbox(ctx context.Context, w identity.WorkspaceID, inbox string) (team.ID, error)
	team.Graveyard
}

// Catalog tells the service of labels and custom attributes.
type Catalog interface {
	Labels(ctx context.Context, w identity.WorkspaceID) ([]catalog.Label, error)
	Attributes(ctx context.Context, w identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error)
	catalog.Graveyard
}

// Deps are the ports that Service works on.
type Deps struct {
	Store    Store
	Reader   Reader
	Marks    ReadMarks
	Visitors VisitorStore
	Writing  WritingStore
	Contacts contact.Store
	Keys     Keys
	Ratings  RatingPolicy // nil = customers are asked for none
	Inboxes  channel.Store
	Plugins  channel.Plugins
	Members  Members
	Teams    Teams
	Queues   queue.Directory // nil = there are none
	Catalog  Catalog
	Bots     Bots  // nil = people answer alone
	Hours    Hours // nil = queues are always open
	Waits    Waits // nil = nobody knows how long anybody waits
	// Interceptor is asked before messages are sent and conversations routed; nil = nobody is.
	Interceptor Interceptor
	Bus         Publisher // nil = sockets find out by themselves
	News        News      // nil = nobody listens
	Houses      Houses    // nil = companies have no names
	// Targets knows what rules of inboxes point at, Tickets makes the tickets that
	// they want; nil = rules are not looked after, and make none.
	Targets channel.Targets
	Tickets Tickets
	// Templates are those of inboxes; nil = there are none.
	Templates Templates
	// FilesNamed is called after a message with files that are to be fetched was
	// committed, so that nobody waits for a look at the list; nil = nobody is.
	FilesNamed func()
	// Router decides where what enters the queue for the first time waits; nil =
	// where its inbox says.
	Router Router
	// Signals shows far sides what members do; nil = nobody does.
	Signals Signals
	Audit   AuditLog // nil = nothing is kept of who watches
	Now     func() time.Time
}

// Service holds the use cases of conversations. It is safe for concurrent use.
type Service struct {
	Deps
	ids  id.Source
	held atomic.Int64 // scheduled messages that waited for an interceptor when they were looked at last

	awaited awaited
	typists typists
	signals signals
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	return &Service{Deps: d, ids: id.NewSource(d.Now)}
}

func (s *Service) turn(scope identity.Scope) Turn {
	return Turn{Actor: scope.Actor, At: s.Now(), IDs: s.ids}
}

// change runs one change of a conversation and returns the conversation after
// it. What is merged is left alone: its work goes on elsewhere.
func (s *Service) change(ctx context.Context, scope identity.Scope, id ID, fn func(Turn, *Conversation) error) (Conversation, error) {
	var out Conversation
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if c.MergedInto != "" {
			return errMerged(c)
		}
		if err := fn(s.turn(scope), c); err != nil {
			return err
		}
		if err := s.save(ctx, tx, c); err != nil {
			return err
		}
		out = *c
		return nil
	})
	return out, err
}

// Requeue puts an open conversation back into the queue because its agent is
// gone and the customer waits, since the change seq. It does nothing when that is
// no longer so, or when somebody gave it to the agent after that change: they
// knew.
func (s *Service) Requeue(ctx context.Context, workspace identity.WorkspaceID, id ID, lost identity.MemberID, seq uint64) error {
	for {
		given, last, err := s.givenAfter(ctx, workspace, id, seq)
		if err != nil || given {
			return err
		}
		behind := false
		_, err = s.change(ctx, identity.SystemScope(workspace), id, func(t Turn, c *Conversation) error {
			behind = c.LastSeq > last
			if behind || c.State != Open || c.Assignee != lost || c.WaitingSince.IsZero() {
				return nil
			}
			return c.Release(t, QueuedAgentLost)
		})
		if err != nil || !behind {
			return err
		}
		seq = last
	}
}

// givenAfter reports whether a conversation was given to anybody after a change,
// and which change was its last then.
func (s *Service) givenAfter(ctx context.Context, workspace identity.WorkspaceID, id ID, seq uint64) (bool, uint64, error) {
	for {
		changes, err := s.Reader.Timeline(ctx, workspace, id, Range{After: &seq, Limit: 200})
		if err != nil || len(changes) == 0 {
			return false, seq, err
		}
		if slices.ContainsFunc(changes, func(ch Change) bool { return ch.Type == Assigned }) {
			return true, seq, nil
		}
		seq = changes[len(changes)-1].Seq
	}
}

// SetState resolves, reopens or snoozes a conversation.
func (s *Service) SetState(ctx context.Context, scope identity.Scope, id ID, state State, until time.Time) (Conversation, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Conversation{}, err
	}
	if state == Resolved {
		return s.resolve(ctx, scope, id)
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error {
		switch state {
		case Open:
			c.Reopen(t)
		case Snoozed:
			return c.Snooze(t, until)
		default:
			return errs.New(errs.Invalid, "conversation.state", "state must be open, snoozed or resolved.").
				WithFields(errs.Field{Pointer: "/state", Code: "enum", Detail: "must be open, snoozed or resolved"})
		}
		return nil
	})
}

// WakeDue reopens conversations whose sleep is over. It returns how many. One
// that cannot be woken does not hold up the others.
func (s *Service) WakeDue(ctx context.Context) (int, error) {
	const batch = 100
	due, err := s.Reader.SnoozedUntil(ctx, s.Now(), batch)
	if err != nil {
		return 0, err
	}
	woken := 0
	var failed error
	for _, r := range due {
		_, err := s.change(ctx, identity.SystemScope(r.Workspace), r.ID, func(t Turn, c *Conversation) error {
			if c.State == Snoozed && !c.SnoozedUntil.After(t.At) {
				c.Reopen(t)
			}
			return nil
		})
		switch {
		case err == nil:
			woken++
		case errs.Is(err, errs.Unavailable): // the store is down: the others would wait for it, too
			return woken, errors.Join(failed, err)
		default:
			failed = errors.Join(failed, fmt.Errorf("wake %s: %w", r.ID, err))
		}
	}
	return woken, failed
}

// Get returns a conversation that the actor reaches.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return Conversation{}, err
	}
	return s.get(ctx, scope, id)
}

// List returns a page of the conversations that the actor reaches, the last
// changed first.
func (s *Service) List(ctx context.Context, scope identity.Scope, f Filter, p page.Request) (page.Page[Conversation], error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return page.Page[Conversation]{}, err
	}
	f.Reach = scope.Reach()
	return s.Reader.List(ctx, scope.Workspace, f, p)
}

// Timeline returns changes of a conversation with its state now.
func (s *Service) Timeline(ctx context.Context, scope identity.Scope, id ID, r Range) ([]Change, Conversation, error) {
	c, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, c, err
	}
	r.Public = false
	changes, err := s.Reader.Timeline(ctx, scope.Workspace, id, r)
	return changes, c, err
}

// Read returns how far the acting member has read each conversation.
func (s *Service) Read(ctx context.Context, scope identity.Scope, ids []ID) (map[ID]uint64, error) {
	if err := scope.Require(identity.ConversationRead); err != nil || len(ids) == 0 || scope.Member() == "" {
		return nil, err
	}
	return s.Marks.Read(ctx, scope.Workspace, scope.Member(), ids)
}
