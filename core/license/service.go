package license

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Store keeps licenses. The rows are the installation's, and no workspace's.
type Store interface {
	// Licenses lists what is kept, the oldest first.
	Licenses(ctx context.Context) ([]Kept, error)
	// AddLicense keeps one. errs.Conflict: the same token is kept already
	// ("license.known"), or there are MaxLicenses ("license.too_many").
	AddLicense(ctx context.Context, k Kept, events ...event.Event) error
	// RemoveLicense forgets one, or answers errs.Absent.
	RemoveLicense(ctx context.Context, id string, events ...event.Event) error
	// Trials returns when the trials of plugins began.
	Trials(ctx context.Context) (map[PluginID]time.Time, error)
	// BeginTrial notes when a trial began; what was noted before stays.
	BeginTrial(ctx context.Context, plugin PluginID, at time.Time) error
	// Seen notes a time, unless it is zero, and returns the highest that was ever
	// noted.
	Seen(ctx context.Context, now time.Time) (time.Time, error)
}

// Vendors knows the installed plugins that are sold.
type Vendors interface {
	// Paid lists them by id.
	Paid() []Terms
	// TermsOf returns those of one; false: it is free, or not installed.
	TermsOf(plugin PluginID) (Terms, bool)
	// ReadLicense verifies a token with the keys of the plugin's manifest, and
	// says in a sentence why it is refused (errs.Invalid).
	ReadLicense(plugin PluginID, token string) (Document, error)
	// Serves reports whether the plugin has an inbox or a connection.
	Serves(ctx context.Context, plugin PluginID) (bool, error)
	// ProductOf returns the product that a token names, unverified; "" = it is
	// no token.
	ProductOf(token string) string
}

// Sealer seals tokens: a license is a bearer document. seal.Box is one.
type Sealer interface {
	Seal(secret []byte, about string) string
	Open(sealed, about string) ([]byte, error)
}

// recheck is how often the time is noted. A clock that is turned back by less
// gains nothing but that.
const recheck = 6 * time.Hour

// leap is too far for a clock to go at once: the time is not noted then, so that
// a clock that was wrong for a day does not end every license for good.
const leap = 400 * 24 * time.Hour

// Deps are what a Service stands on.
type Deps struct {
	Store   Store
	Vendors Vendors
	Sealer  Sealer
	Now     func() time.Time
	Log     *slog.Logger
}

// Service holds the use cases of licenses and knows where each paid plugin
// stands. What it says of a plugin is computed from memory, at the moment it is
// asked; Refresh brings the memory up to date.
//
// Concurrency: safe for concurrent use.
type Service struct {
	Deps
	ids id.Source

	mu      sync.Mutex
	held    []held
	trials  map[PluginID]time.Time
	highest time.Time // the highest time that any node has seen
	noted   time.Time // when it was last written
	said    map[PluginID]State
}

// held is a license that is kept, opened and read.
type held struct {
	kept     Kept
	token    string
	plugin   PluginID // "" = no installed plugin takes it
	document Document
	problem  error
}

// New returns a Service that knows nothing yet: call Refresh.
func New(d Deps) *Service {
	return &Service{Deps: d, ids: id.NewSource(d.Now), trials: make(map[PluginID]time.Time), said: make(map[PluginID]State)}
}

// now is the time, or the highest that was ever seen when the clock was turned
// back since.
func (s *Service) now() time.Time {
	if now := s.Now(); now.After(s.highest) {
		return now
	}
	return s.highest
}

func about(id string) string { return "license " + id }

// Refresh reads what is kept, begins the trials that are due, and notes the time
// when that is due. Call it at the start, after each change, and now and then:
// other nodes change things, too.
func (s *Service) Refresh(ctx context.Context) error {
	kept, err := s.Store.Licenses(ctx)
	if err != nil {
		return err
	}
	all := make([]held, len(kept))
	paid := s.Vendors.Paid()
	for i, k := range kept {
		all[i] = s.open(k, paid)
	}
	trials, err := s.beginTrials(ctx, paid)
	if err != nil {
		return err
	}
	if err := s.note(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.trials = all, trials
	for _, t := range paid {
		s.report(ctx, s.standing(t))
	}
	return nil
}

// note writes the time down when that is due, and learns the highest.
func (s *Service) note(ctx context.Context) error {
	s.mu.Lock()
	due := s.noted.IsZero() || s.Now().Sub(s.noted) >= recheck || s.Now().Before(s.noted)
	s.mu.Unlock()
	if !due {
		return nil
	}
	highest, err := s.Store.Seen(ctx, time.Time{})
	if err == nil && (highest.IsZero() || s.Now().Sub(highest) < leap) {
		highest, err = s.Store.Seen(ctx, s.Now())
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.highest, s.noted = highest, s.Now()
	if behind := highest.Sub(s.noted); behind > time.Hour {
		s.Log.WarnContext(ctx, "the clock is behind a time that was seen before; licenses count with that one", "behind", behind.Round(time.Minute), "seen", highest)
	}
	return nil
}

// report logs that a plugin stands elsewhere than before. s.mu is held.
func (s *Service) report(ctx context.Context, now Standing) {
	before, known := s.said[now.Plugin]
	s.said[now.Plugin] = now.State
	if known && before == now.State {
		return
	}
	level := slog.LevelInfo
	if known && now.State.worth() < before.worth() {
		level = slog.LevelWarn
	}
	s.Log.Log(ctx, level, "where a paid plugin's license stands", "plugin", string(now.Plugin), "state", string(now.State), "expires_at", now.ExpiresAt, "grace_until", now.GraceUntil)
}

// beginTrials notes when the trials of plugins begin that have an inbox or a
// connection now.
func (s *Service) beginTrials(ctx context.Context, paid []Terms) (map[PluginID]time.Time, error) {
	trials, err := s.Store.Trials(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range paid {
		if _, began := trials[t.Plugin]; began || t.TrialDays == 0 {
			continue
		}
		serves, err := s.Vendors.Serves(ctx, t.Plugin)
		if err != nil || !serves {
			continue // what cannot be told begins later
		}
		now := s.Now()
		if err := s.Store.BeginTrial(ctx, t.Plugin, now); err != nil {
			return nil, err
		}
		trials[t.Plugin] = now
	}
	return trials, nil
}

func (s *Service) open(k Kept, paid []Terms) held {
	out := held{kept: k}
	token, err := s.Sealer.Open(k.Sealed, about(k.ID))
	if err != nil {
		out.problem = errs.Wrap(err, errs.Internal, "license.sealed", "It cannot be opened with this server's key. Add it again.")
		return out
	}
	out.token = string(token)
	out.plugin, out.document, out.problem = s.read(out.token, paid)
	return out
}

// read finds the plugin that takes a token, and what it says. Several plugins
// may be sold as one product.
func (s *Service) read(token string, paid []Terms) (PluginID, Document, error) {
	product := s.Vendors.ProductOf(token)
	if product == "" {
		return "", Document{}, refused("license.malformed", "This is no license: a license is three parts joined by dots, as the vendor sent it.")
	}
	for _, t := range paid {
		if t.Product == product {
			d, err := s.Vendors.ReadLicense(t.Plugin, token)
			return t.Plugin, d, err
		}
	}
	return "", Document{}, refused("license.no_plugin", "No plugin that is installed here takes licenses for "+product+". Install it first.")
}

func refused(code, sentence string) error {
	return errs.New(errs.Invalid, code, sentence).WithFields(errs.Field{Pointer: "/token", Code: code, Detail: sentence})
}

// Standing says where a paid plugin stands now; false for one that is free.
func (s *Service) Standing(plugin PluginID) (Standing, bool) {
	t, paid := s.Vendors.TermsOf(plugin)
	if !paid {
		return Standing{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing(t), true
}

// standing computes where a plugin stands: by the best of its licenses, or by
// its trial. s.mu is held.
func (s *Service) standing(t Terms) Standing {
	out, now := Standing{Terms: t, Entitlement: Entitlement{State: None}}, s.now()
	for _, l := range s.held {
		if l.problem != nil || l.document.Product != t.Product {
			continue
		}
		if e := l.document.At(now); better(e, out.Entitlement) {
			e.Token = l.token
			out.Entitlement = e
		}
	}
	if t.TrialDays > 0 && out.State.worth() < Grace.worth() {
		began, ok := s.trials[t.Plugin]
		if !ok { // it begins with the first connection
			began = now
		}
		end := began.AddDate(0, 0, t.TrialDays)
		switch {
		case now.Before(end):
			out.Entitlement, out.HostTrial = Entitlement{State: Trial, ExpiresAt: end}, true
		case out.State != Expired:
			out.Entitlement, out.HostTrial = Entitlement{State: Expired, ExpiresAt: end}, true
		}
	}
	if out.State == NotYet { // it entitles to nothing so far
		out.Entitlement = Entitlement{State: None}
	}
	return out
}

// better reports whether a says more than b.
func better(a, b Entitlement) bool {
	if c := cmp.Compare(a.State.worth(), b.State.worth()); c != 0 {
		return c > 0
	}
	if a.ExpiresAt.IsZero() || b.ExpiresAt.IsZero() {
		return a.ExpiresAt.IsZero() && !b.ExpiresAt.IsZero()
	}
	return a.ExpiresAt.After(b.ExpiresAt)
}

// Entitlement is what a plugin is told of its license. One that is free has the
// state None.
func (s *Service) Entitlement(_ context.Context, plugin PluginID) (Entitlement, error) {
	standing, paid := s.Standing(plugin)
	if !paid {
		return Entitlement{State: None}, nil
	}
	return standing.Entitlement, nil
}

// Barred says why a plugin does less than it could; nil when it does everything.
func (s *Service) Barred(plugin PluginID) error {
	standing, paid := s.Standing(plugin)
	if !paid {
		return nil
	}
	return standing.Barred()
}

// List lists the licenses that are kept, the oldest first.
func (s *Service) List(ctx context.Context, scope identity.Scope) ([]License, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return nil, err
	}
	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]License, len(s.held))
	for i, l := range s.held {
		out[i] = s.shown(l)
	}
	return out, nil
}

// shown is a license as administrators see it. s.mu is held.
func (s *Service) shown(l held) License {
	out := License{Kept: l.kept, Plugin: l.plugin, Document: l.document}
	out.Sealed = ""
	if l.problem != nil {
		out.Problem = errs.As(l.problem).Message
		return out
	}
	out.Entitlement = l.document.At(s.now())
	return out
}

// Add keeps a license. It is verified first: one that nobody here can read, or
// that has run out, is refused with a sentence that says why.
func (s *Service) Add(ctx context.Context, scope identity.Scope, token string) (License, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return License{}, err
	}
	token = strings.TrimSpace(token)
	plugin, document, err := s.read(token, s.Vendors.Paid())
	if err != nil {
		return License{}, err
	}
	s.mu.Lock()
	now := s.now()
	s.mu.Unlock()
	if e := document.At(now); e.State == Expired && !e.TooNew {
		return License{}, refused("license.over", "This license ran out on "+e.ExpiresAt.UTC().Format(time.DateOnly)+".")
	}
	sum := sha256.Sum256([]byte(token))
	k := Kept{ID: s.ids.New("lic"), Product: document.Product, Digest: hex.EncodeToString(sum[:]), AddedAt: s.Now(), AddedBy: scope.Actor.Name}
	k.Sealed = s.Sealer.Seal([]byte(token), about(k.ID))
	record := identity.Record(ctx, scope, "license.added", event.Party{Kind: "plugin", ID: string(plugin), Name: document.Number}).
		Say(map[string]string{"license": document.Number, "product": document.Product})
	if err := s.Store.AddLicense(ctx, k, s.recorded(scope, record)); err != nil {
		return License{}, err
	}
	if err := s.Refresh(ctx); err != nil {
		return License{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown(held{kept: k, token: token, plugin: plugin, document: document}), nil
}

// Remove forgets a license. What it allowed ends at once; nothing else goes.
func (s *Service) Remove(ctx context.Context, scope identity.Scope, id string) error {
	all, err := s.List(ctx, scope)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(l License) bool { return l.ID == id })
	if i < 0 {
		return errs.Absent()
	}
	record := identity.Record(ctx, scope, "license.removed", event.Party{Kind: "plugin", ID: string(all[i].Plugin), Name: all[i].Document.Number}).
		Say(map[string]string{"license": all[i].Document.Number, "product": all[i].Product})
	if err := s.Store.RemoveLicense(ctx, id, s.recorded(scope, record)); err != nil {
		return err
	}
	return s.Refresh(ctx)
}

// recorded is an event for the audit log alone.
func (s *Service) recorded(scope identity.Scope, r *event.Record) event.Event {
	return event.Event{Workspace: string(scope.Workspace), At: s.Now(), Audit: r}
}
