package routing

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Deps are the ports that Service works on.
type Deps struct {
	Store     Store
	Talks     conversation.Reader
	Contacts  contact.Store
	Pages     contact.PageStore
	Calendars calendar.Directory
	Queues    queue.Directory
	Skills    Skills
	People    queue.People
	Hours     Hours
	Teams     Teams
	Inboxes   Inboxes
	Catalog   Definitions
	Plugins   Types
	Now       func() time.Time
}

// Skills tells of skills.
type Skills interface {
	// Skill returns a skill, or errs.Absent.
	Skill(ctx context.Context, w identity.WorkspaceID, id queue.SkillID) (queue.Skill, error)
}

// Hours tells when queues are open; *queue.Hours does.
type Hours interface {
	Standing(ctx context.Context, w identity.WorkspaceID, id queue.ID, at time.Time) (queue.Standing, error)
	Entering(ctx context.Context, w identity.WorkspaceID, id queue.ID, at time.Time) (queue.Standing, error)
}

// Teams tells which team takes an inbox's conversations.
type Teams interface {
	TeamOfInbox(ctx context.Context, w identity.WorkspaceID, inbox string) (team.ID, error)
}

// Inboxes tells of inboxes.
type Inboxes interface {
	// Inbox returns an inbox of any workspace, or errs.Absent.
	Inbox(ctx context.Context, id channel.InboxID) (channel.Inbox, error)
}

// Definitions tells of custom attributes.
type Definitions interface {
	Attributes(ctx context.Context, w identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error)
}

// Types tells of installed channels.
type Types interface{ Types() []channel.Type }

// Service holds the use cases of routing rules, and routes. It implements
// conversation.Router. It is safe for concurrent use; there are no goroutines.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Book is the rules as whoever manages them sees them.
type Book struct {
	Document
	Fields   filter.Registry
	Faults   map[string][]errs.Field // by rule: what does not work, since it is not there any more; pointers are below the rule
	Warnings []errs.Field            // what is likely not meant; pointers are below the document
}

// Rules returns the workspace's rules. Needs TeamRead.
func (s *Service) Rules(ctx context.Context, scope identity.Scope) (Book, error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return Book{}, err
	}
	d, err := s.Store.Document(ctx, scope.Workspace)
	if err != nil {
		return Book{}, err
	}
	return s.book(ctx, scope.Workspace, d)
}

func (s *Service) book(ctx context.Context, w identity.WorkspaceID, d Document) (Book, error) {
	custom, err := s.Catalog.Attributes(ctx, w, catalog.OfContact)
	if err != nil {
		return Book{}, err
	}
	p, err := s.compile(ctx, w, d, Fields(custom))
	if err != nil {
		return Book{}, err
	}
	for _, r := range p.list {
		_, faults, err := s.possible(ctx, w, r.Then)
		if err != nil {
			return Book{}, err
		}
		for _, f := range faults {
			f.Pointer = "/then" + f.Pointer
			p.faults[r.ID] = append(p.faults[r.ID], f)
		}
	}
	nobody, err := s.impossible(ctx, w, p.list)
	return Book{Document: d, Fields: Fields(custom), Faults: p.faults, Warnings: append(warnings(p.list), nobody...)}, err
}

// Set replaces the workspace's rules, if they are still those of a revision. They
// count from the next conversation on that enters the queue for the first time.
// Needs TeamManage and reach over everything.
func (s *Service) Set(ctx context.Context, scope identity.Scope, revision uint64, zone string, drafts []Draft) (Book, error) {
	if err := queue.Manages(scope); err != nil {
		return Book{}, err
	}
	if _, err := location(zone); err != nil {
		return Book{}, err
	}
	old, err := s.Store.Document(ctx, scope.Workspace)
	if err != nil {
		return Book{}, err
	}
	list, err := s.checked(ctx, scope.Workspace, old, drafts)
	if err != nil {
		return Book{}, err
	}
	before, err := s.book(ctx, scope.Workspace, old)
	if err != nil {
		return Book{}, err
	}
	now := Document{Revision: revision + 1, Zone: zone, At: s.Now().UTC().Truncate(time.Millisecond)}
	for _, r := range list {
		now.List = append(now.List, keep(r))
	}
	d := event.Differences{}
	d.Note("revision", revision, now.Revision)
	d.Note("time_zone", old.Zone, zone)
	rules.Note(d, before.parsed(), list, text)
	data, err := json.Marshal(map[string]string{"id": string(scope.Workspace)})
	if err != nil {
		return Book{}, err //nolint:wrapcheck // strings always marshal
	}
	changed := event.Event{ID: s.ids.New("chg"), Workspace: string(scope.Workspace), Type: identity.WorkspaceChanged, Subject: string(scope.Workspace), At: now.At, Data: data}
	changed.Audit = identity.Record(ctx, scope, "routing.updated", event.Party{Kind: "workspace", ID: string(scope.Workspace)}).Say(d)
	if err := s.Store.Save(ctx, scope.Workspace, now, changed); err != nil {
		return Book{}, err
	}
	return s.book(ctx, scope.Workspace, now)
}
