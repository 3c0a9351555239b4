package audit

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Actions of this domain.
const (
	Read     = "audit.read" // at most once in readQuiet for each reader
	Exported = "audit.exported"
)

// readQuiet is how long a reader may read on before that is recorded again.
const readQuiet = 10 * time.Minute

// Service holds the use cases of the audit log.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	store Store
	now   func() time.Time
	ids   id.Source

	mu      sync.Mutex
	readers map[string]time.Time // when a member's reading was recorded last
}

// NewService returns a Service.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, ids: id.NewSource(now), readers: make(map[string]time.Time)}
}

// Keep records an action that changes nothing else: an export, a restart.
func (s *Service) Keep(ctx context.Context, scope identity.Scope, r *event.Record) error {
	return s.store.Keep(ctx, s.event(scope.Workspace, r))
}

func (s *Service) event(w identity.WorkspaceID, r *event.Record) event.Event {
	return event.Event{ID: s.ids.New("aud"), Workspace: string(w), At: s.now().UTC().Truncate(time.Millisecond), Audit: r}
}

// List returns a page of rows, the newest first. Needs AuditRead. Reading is
// recorded too.
func (s *Service) List(ctx context.Context, scope identity.Scope, f Filter, p page.Request) (page.Page[Row], error) {
	if err := scope.Require(identity.AuditRead); err != nil {
		return page.Page[Row]{}, err
	}
	if err := f.check(); err != nil {
		return page.Page[Row]{}, err
	}
	if s.firstRead(scope) {
		if err := s.Keep(ctx, scope, identity.Record(ctx, scope, Read, event.Party{Kind: "audit"})); err != nil {
			return page.Page[Row]{}, err
		}
	}
	return s.store.Rows(ctx, scope.Workspace, f, p)
}

// firstRead reports whether a reading is to be recorded.
func (s *Service) firstRead(scope identity.Scope) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := string(scope.Workspace)+" "+scope.Actor.ID, s.now()
	if last, ok := s.readers[key]; ok && now.Sub(last) < readQuiet {
		return false
	}
	for k, at := range s.readers {
		if now.Sub(at) >= readQuiet {
			delete(s.readers, k)
		}
	}
	s.readers[key] = now
	return true
}

// Bounds of a filter, in bytes.
const maxWords = 200

func (f Filter) check() error {
	var r errs.Refusals
	for pointer, text := range map[string]string{"actor": f.Actor, "action": f.Action, "target": f.Target, "q": f.Words} {
		if len(text) > maxWords {
			r.Refuse(pointer, "length", "is too long")
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		r.Refuse("to", "range", "is before from")
	}
	return r.Refused("audit.filter_invalid", "The filter is not right.")
}

// exportPage is how many rows of an export are read at once.
const exportPage = page.MaxLimit

// Export calls each for every row that the filter selects, the newest first.
// Needs AuditExport. That it was done is recorded before the first row.
func (s *Service) Export(ctx context.Context, scope identity.Scope, f Filter, format string) (func(each func(Row) error) error, error) {
	if err := scope.Require(identity.AuditExport); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	record := identity.Record(ctx, scope, Exported, event.Party{Kind: "audit"}).Say(map[string]string{"format": format})
	if err := s.Keep(ctx, scope, record); err != nil {
		return nil, err
	}
	return func(each func(Row) error) error {
		for request := (page.Request{Limit: exportPage}); ; {
			p, err := s.store.Rows(ctx, scope.Workspace, f, request)
			if err != nil {
				return err
			}
			for _, r := range p.Items {
				if err := each(r); err != nil {
					return err
				}
			}
			if p.Next == "" {
				return nil
			}
			request.Cursor = p.Next
		}
	}, nil
}

// Report is what a verification found.
type Report struct {
	Workspace identity.WorkspaceID
	Head      Head
	Rows      uint64 // found right
	Fault     *Fault // nil = the chain is whole
}

// Verify checks the chain of the scope's workspace. Needs AuditRead.
func (s *Service) Verify(ctx context.Context, scope identity.Scope) (Report, error) {
	if err := scope.Require(identity.AuditRead); err != nil {
		return Report{}, err
	}
	return Verify(ctx, s.store, scope.Workspace)
}

// verifyPage is how many rows a verification holds at once.
const verifyPage = 1000

// Verify checks a chain up to the row that was its last when it began.
func Verify(ctx context.Context, r Reader, w identity.WorkspaceID) (Report, error) {
	head, err := r.Head(ctx, w)
	if err != nil {
		return Report{}, err
	}
	out := Report{Workspace: w, Head: head}
	v := NewVerifier(head)
	for after, more := uint64(0), true; more && out.Fault == nil; {
		rows, err := r.Chain(ctx, w, after, verifyPage)
		if err != nil {
			return Report{}, err
		}
		more = len(rows) == verifyPage
		for _, row := range rows {
			if out.Fault = v.Add(row); out.Fault != nil {
				break
			}
			after = row.Seq
		}
	}
	if out.Fault == nil {
		out.Fault = v.Close()
	}
	if out.Fault != nil && out.Fault.Reason == Extra {
		// Written since the head was read? Then a new head knows it.
		if now, err := r.Head(ctx, w); err != nil || now.Seq > head.Seq {
			return Verify(ctx, r, w)
		}
	}
	out.Rows = v.Rows()
	return out, nil
}

// Trim removes the rows before a time, for the retention of the workspace: it
// verifies them first, and leaves a row that says where the chain was cut. It
// returns how many rows went. errs.Conflict (audit.broken) when the chain is
// not whole: then nothing is removed.
func (s *Service) Trim(ctx context.Context, w identity.WorkspaceID, before time.Time) (uint64, error) {
	through, err := s.store.LastBefore(ctx, w, before)
	if err != nil || through == 0 {
		return 0, err
	}
	report, err := Verify(ctx, s.store, w)
	switch {
	case err != nil:
		return 0, err
	case report.Fault != nil:
		return 0, errs.Wrap(report.Fault, errs.Conflict, "audit.broken", "The audit log is not whole: "+report.Fault.Error()+". Nothing was removed from it.")
	}
	last, err := s.store.Chain(ctx, w, through-1, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	a := Anchor{Through: through, Hash: last[0].Hash}
	scope := identity.SystemScope(w)
	record := identity.Record(ctx, scope, Trimmed, event.Party{Kind: "audit"}).Say(a)
	return through - report.Head.Base, s.store.Trim(ctx, w, a, s.event(w, record))
}
