package catalog

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Teams tells which teams a member belongs to.
type Teams interface {
	TeamsOf(ctx context.Context, w identity.WorkspaceID, member identity.MemberID) ([]team.ID, error)
}

// Service holds the use cases of the catalogue.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	store Store
	teams Teams
	now   func() time.Time
	ids   id.Source
}

// NewService returns a Service.
func NewService(store Store, teams Teams, now func() time.Time) *Service {
	return &Service{store: store, teams: teams, now: now, ids: id.NewSource(now)}
}

func (s *Service) time() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// record makes the record of what is done to a thing of the catalogue.
func record(ctx context.Context, scope identity.Scope, kind, verb, subject, name string) *event.Record {
	return identity.Record(ctx, scope, kind+"."+verb, event.Party{Kind: kind, ID: subject, Name: name})
}

// audited gives an event its record.
func audited(e event.Event, r *event.Record) event.Event {
	e.Audit = r
	return e
}

func (s *Service) changed(w identity.WorkspaceID, kind, subject string, at time.Time) event.Event {
	data, err := json.Marshal(map[string]string{"id": subject})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: kind, Subject: subject, At: at, Data: data}
}
