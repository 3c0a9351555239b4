package retention

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Store keeps policies and deletes rows.
type Store interface {
	// Policy returns a workspace's; one without rules when nobody set one.
	Policy(ctx context.Context, w identity.WorkspaceID) (Policy, error)
	// SetPolicy changes the policy as change says, in a transaction with the
	// events that it returns.
	SetPolicy(ctx context.Context, w identity.WorkspaceID, change func(*Policy) ([]event.Event, error)) (Policy, error)
	// Forecast counts what is older than a time.
	Forecast(ctx context.Context, w identity.WorkspaceID, k Kind, before time.Time) (Forecast, error)
	// Delete deletes at most Limit things that are older, in one transaction
	// with the events that say so, and adds them to the tally. It returns how
	// many; fewer than Limit: nothing is left.
	Delete(ctx context.Context, s Sweep) (int, error)
	// Settle ends a run at a time, if the policy is still the one: what the tally
	// holds goes, with the events that say makes of it. A zero time: it did not
	// come to its end.
	Settle(ctx context.Context, p Policy, at time.Time, say func([]Tally) []event.Event) error
	Graves
}

// Graves lists files whose rows are gone, or say that they are.
type Graves interface {
	// Files lists files that are still to be removed, of any workspace.
	Files(ctx context.Context, limit int) ([]media.ID, error)
	// Removed notes that files are gone.
	Removed(ctx context.Context, files []media.ID) error
}

// Bin removes attachments.
type Bin interface {
	Remove(id media.ID) error
}

// Deps is what the service needs.
type Deps struct {
	Store Store
	Bin   Bin
	// Rest waits, unless the context ends.
	Rest func(ctx context.Context, d time.Duration)
	Now  func() time.Time
	Log  *slog.Logger
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Policy returns the rules.
func (s *Service) Policy(ctx context.Context, scope identity.Scope) (Policy, error) {
	if err := scope.Require(identity.RetentionManage); err != nil {
		return Policy{}, err
	}
	return s.Store.Policy(ctx, scope.Workspace)
}

// Days is how long a workspace keeps a kind; 0 = for ever. It is for the core.
func (s *Service) Days(ctx context.Context, w identity.WorkspaceID, k Kind) (int, error) {
	p, err := s.Store.Policy(ctx, w)
	return p.Days(k), err
}

// Update changes rules. What they delete begins to go within a minute.
func (s *Service) Update(ctx context.Context, scope identity.Scope, patch Patch) (Policy, error) {
	if err := scope.Require(identity.RetentionManage); err != nil {
		return Policy{}, err
	}
	if err := patch.check(); err != nil {
		return Policy{}, err
	}
	return s.Store.SetPolicy(ctx, scope.Workspace, func(p *Policy) ([]event.Event, error) {
		rules, changes := patch.apply(p.Rules)
		if len(changes) == 0 {
			return nil, nil
		}
		p.Rules, p.UpdatedAt, p.UpdatedBy = rules, s.Now(), scope.Actor
		p.RunAt = time.Time{} // they are carried out anew
		said := identity.Record(ctx, scope, Updated, event.Party{Kind: "retention"}).Say(changes)
		return []event.Event{s.event(scope.Workspace, "", "", said)}, nil
	})
}

func (s *Service) event(w identity.WorkspaceID, typ, subject string, said *event.Record) event.Event {
	return event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: typ, Subject: subject, At: s.Now(), Audit: said}
}

// Preview says what rules would delete now, in the order of Limits. Kinds
// without a time are left out.
func (s *Service) Preview(ctx context.Context, scope identity.Scope, patch Patch) ([]Forecast, error) {
	if err := scope.Require(identity.RetentionManage); err != nil {
		return nil, err
	}
	if err := patch.check(); err != nil {
		return nil, err
	}
	var out []Forecast
	for _, l := range Limits() {
		if patch[l.Kind] == 0 {
			continue
		}
		f, err := s.Store.Forecast(ctx, scope.Workspace, l.Kind, s.before(patch[l.Kind]))
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (s *Service) before(days int) time.Time { return s.Now().AddDate(0, 0, -days) }

// Every is how often rules are carried out.
const Every = time.Hour

// batch is how many things one transaction deletes. A conversation has rows in
// some twenty tables.
func batch(k Kind) int {
	switch k {
	case Conversations:
		return 10
	case Contacts:
		return 25
	default:
		return 500
	}
}

// Run carries out a workspace's rules if it is time, and reports whether it was.
// It may take long, and holds nobody up; what it has done stays when ctx ends.
func (s *Service) Run(ctx context.Context, w identity.WorkspaceID) (bool, error) {
	p, err := s.Store.Policy(ctx, w)
	if err != nil || len(p.Rules) == 0 || s.Now().Sub(p.RunAt) < Every {
		return false, err
	}
	for _, l := range Limits() {
		days, ok := p.Rules[l.Kind]
		if !ok || l.Kind == Exports || l.Kind == Requests { // those carry the day they end, these are trimmed every minute
			continue
		}
		if err := s.sweep(ctx, w, l.Kind, days); err != nil {
			return true, errors.Join(err, s.settle(context.WithoutCancel(ctx), p, time.Time{}))
		}
	}
	return true, s.settle(ctx, p, s.Now())
}

// sweep deletes what is older than a rule allows, a batch at a time, and rests
// as long as each took twice over.
func (s *Service) sweep(ctx context.Context, w identity.WorkspaceID, k Kind, days int) error {
	q := Sweep{Workspace: w, Kind: k, Days: days, Before: s.before(days), Limit: batch(k), Event: func(typ, subject string, data []byte) event.Event {
		e := s.event(w, typ, subject, nil)
		e.Data = data
		return e
	}}
	for {
		q.At = s.Now()
		n, err := s.Store.Delete(ctx, q)
		if err != nil {
			return err
		}
		if n < q.Limit {
			return nil
		}
		s.Rest(ctx, 2*s.Now().Sub(q.At))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// settle records what was deleted.
func (s *Service) settle(ctx context.Context, p Policy, at time.Time) error {
	return s.Store.Settle(ctx, p, at, func(all []Tally) []event.Event {
		if len(all) == 0 {
			return nil
		}
		detail := make(map[string]any, len(all))
		for _, t := range all {
			detail[string(t.Kind)] = map[string]int64{"deleted": t.Deleted, "days": int64(t.Days)}
			s.Log.InfoContext(ctx, "retention deleted what is kept no longer", "workspace", string(p.Workspace), "kind", string(t.Kind), "deleted", t.Deleted, "days", t.Days)
		}
		by := identity.Actor{Kind: identity.ActorSystem}
		said := &event.Record{Action: Applied, Actor: event.Party{Kind: string(by.Kind)}, Target: event.Party{Kind: "retention"}}
		return []event.Event{s.event(p.Workspace, "", "", said.Say(detail))}
	})
}

// fileBatch is how many files are removed between two looks.
const fileBatch = 200

// Bury removes files whose rows are gone. What a backup holds waits.
func (s *Service) Bury(ctx context.Context) error {
	for {
		files, err := s.Store.Files(ctx, fileBatch)
		if err != nil || len(files) == 0 {
			return err
		}
		var gone []media.ID
		for _, f := range files {
			if err = s.Bin.Remove(f); err != nil {
				break
			}
			gone = append(gone, f)
		}
		if noted := s.Store.Removed(ctx, gone); noted != nil {
			return noted
		}
		if errors.Is(err, media.ErrHeld) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
