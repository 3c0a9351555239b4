package system

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// BundleDownloaded is the action of the audit log.
const BundleDownloaded = "system.bundle_downloaded"

// Examiner gathers what is known of the installation.
type Examiner interface {
	// Examine looks at everything. It is not cheap.
	Examine(ctx context.Context) Facts
}

// Packer makes the support bundle.
type Packer interface {
	// Contents lists what a bundle would hold now.
	Contents(ctx context.Context, report Report) ([]Item, error)
	// Pack returns a bundle as a zip file.
	Pack(ctx context.Context, report Report) ([]byte, error)
}

// Item is a file of a support bundle.
type Item struct {
	Name string
	Size int
	Text string // what is in it
}

// Tenants lists the workspaces, the oldest first.
type Tenants interface {
	All(ctx context.Context, request page.Request) (page.Page[identity.Workspace], error)
}

// Recorder keeps a record of what an administrator did.
type Recorder interface {
	Keep(ctx context.Context, scope identity.Scope, r *event.Record) error
}

// Deps is what a Service works with.
type Deps struct {
	Examiner Examiner
	Packer   Packer
	Tenants  Tenants
	Audit    Recorder
	Now      func() time.Time
}

// restFor is how long a report serves: examining is not cheap.
const restFor = 10 * time.Second

// Service holds the use cases of whoever runs the installation.
//
// Concurrency: safe for concurrent use; of several who ask at once, one
// examines and all are answered.
type Service struct {
	Deps

	mu   sync.Mutex
	last Report
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d} }

// Report examines the installation. Needs SystemRead. Who is not of the first
// workspace, whose founder set the installation up, learns how each area is and
// no more.
func (s *Service) Report(ctx context.Context, scope identity.Scope) (Report, error) {
	if err := scope.Require(identity.SystemRead); err != nil {
		return Report{}, err
	}
	home, err := s.home(ctx, scope)
	if err != nil {
		return Report{}, err
	}
	r := s.examine(ctx)
	if !home {
		return r.partial(), nil
	}
	return r, nil
}

// home reports whether the scope's workspace runs the installation: the oldest
// one does, which the set-up made.
func (s *Service) home(ctx context.Context, scope identity.Scope) (bool, error) {
	first, err := s.Tenants.All(ctx, page.Request{Limit: 1})
	if err != nil {
		return false, err
	}
	return len(first.Items) == 1 && first.Items[0].ID == scope.Workspace, nil
}

func (s *Service) examine(ctx context.Context) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := s.Now().Sub(s.last.At); age >= 0 && age < restFor {
		return s.last
	}
	r := Examined(s.Examiner.Examine(ctx))
	if ctx.Err() == nil { // who went away in the middle leaves half a report
		s.last = r
	}
	return r
}

// Examined makes a report of facts.
func Examined(f Facts) Report { return Report{At: f.At, Version: f.Version, Findings: Judge(f)} }

// Contents lists what a support bundle would hold. Needs SystemRead, in the
// first workspace.
func (s *Service) Contents(ctx context.Context, scope identity.Scope) ([]Item, error) {
	if err := s.mayPack(ctx, scope); err != nil {
		return nil, err
	}
	return s.Packer.Contents(ctx, s.examine(ctx))
}

// Bundle makes a support bundle. Needs SystemRead, in the first workspace. It
// is recorded.
func (s *Service) Bundle(ctx context.Context, scope identity.Scope) ([]byte, error) {
	if err := s.mayPack(ctx, scope); err != nil {
		return nil, err
	}
	out, err := s.Packer.Pack(ctx, s.examine(ctx))
	if err != nil {
		return nil, err
	}
	return out, s.Audit.Keep(ctx, scope, identity.Record(ctx, scope, BundleDownloaded, event.Party{Kind: "system"}))
}

func (s *Service) mayPack(ctx context.Context, scope identity.Scope) error {
	if err := scope.Require(identity.SystemRead); err != nil {
		return err
	}
	home, err := s.home(ctx, scope)
	if err == nil && !home {
		err = errs.New(errs.Forbidden, "system.elsewhere", "The support bundle is about the whole installation: only administrators of its first workspace may make one.")
	}
	return err
}
