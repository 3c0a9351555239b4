package identity_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
)

const (
	ownerEmail = "owner@example.com"
	password   = "correct horse 电池"
)

// office is the domain over a fake store, on a clock that stands still.
type office struct {
	*testing.T
	*identity.Services

	fake     *identitytest.Fake
	hasher   *identity.Hasher
	client   identity.Client
	provider *provider

	mu        sync.Mutex
	present   time.Time
	published []string
	mute      error // what Publish fails with
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{
		T: t, fake: identitytest.NewFake(), present: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC),
		client:   identity.Client{Address: "192.0.2.10:4711", UserAgent: "Browser/1"},
		provider: &provider{},
		hasher:   identity.NewHasher(identity.HashOptions{MemoryKiB: 8, Iterations: 1, Waiting: 100}),
	}
	o.Services = o.node()
	return o
}

// node returns another node's services on the same storage.
func (o *office) node() *identity.Services { return o.nodeOn(o.fake.Stores()) }

func (o *office) nodeOn(stores identity.Stores) *identity.Services {
	return identity.New(identity.Deps{
		Stores: stores, Hasher: o.hasher, Notifier: o, Sealer: plain{}, OpenID: o.provider, BaseURL: "https://desk.example.com",
		Throttle: identity.NewThrottle(o.now, identity.ThrottleOptions{}),
		Now:      o.now, Log: slog.New(slog.DiscardHandler),
	})
}

// Publish records what sockets are told.
func (o *office) Publish(subject string, data []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mute != nil {
		return o.mute
	}
	o.published = append(o.published, subject+" "+string(data))
	return nil
}

// told returns what was published since it was last called.
func (o *office) told() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	told := o.published
	o.published = nil
	return told
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.present
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.present = o.present.Add(d)
}

// founded makes a workspace owned by email.
func (o *office) founded(email string) identity.Membership {
	o.Helper()
	m, err := o.Setup.Provision(o.Context(), identity.Founder{
		WorkspaceName: "Acme", Name: "Olga Owner", Email: email, Password: password,
	})
	o.ok(err)
	return m
}

// hire adds a member who signs in by password. Its id sorts after those before.
func (o *office) hire(w identity.WorkspaceID, email string, role identity.Role) identity.Member {
	o.Helper()
	o.pass(time.Millisecond)
	m, err := o.Members.Add(o.Context(), identity.SystemScope(w), identity.NewMember{
		Email: email, Name: "小王 " + email, Role: role, Password: password,
	})
	o.ok(err)
	return m
}

// scope returns the scope in which a member acts.
func (o *office) scope(m identity.Member) identity.Scope {
	o.Helper()
	s, err := o.Sessions.ScopeFor(o.Context(), m.Account, m.Workspace)
	o.ok(err)
	return s
}

// signIn signs in with the usual password.
func (o *office) signIn(email string) identity.SignedIn {
	o.Helper()
	in, err := o.Sessions.SignIn(o.Context(), email, password, o.client)
	o.ok(err)
	return in
}

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// fails checks kind and code of a failure.
func (o *office) fails(err error, want *errs.Error) {
	o.Helper()
	if err == nil {
		o.Fatalf("succeeded, want %s", want.Code)
	}
	if got := errs.As(err); got.Kind != want.Kind || got.Code != want.Code {
		o.Fatalf("failed with %v, want %s %s", err, want.Kind, want.Code)
	}
}

// refuses checks that a request is refused for exactly these fields, each
// "pointer code".
func (o *office) refuses(err error, want ...string) {
	o.Helper()
	if !errs.Is(err, errs.Invalid) {
		o.Fatalf("got %v, want it invalid: %v", err, want)
	}
	var got []string
	for _, f := range errs.As(err).Fields {
		got = append(got, f.Pointer+" "+f.Code)
	}
	equal(o, got, want)
}

// events returns the types and subjects of a workspace's events after number after.
func (o *office) events(w identity.WorkspaceID, after uint64) []string {
	o.Helper()
	events, err := o.fake.Since(o.Context(), string(w), after, 100)
	o.ok(err)
	var found []string
	for _, e := range events {
		found = append(found, e.Type+" "+e.Subject)
		equal(o, string(e.Data), `{"id":"`+e.Subject+`"}`)
	}
	return found
}

func (o *office) head(w identity.WorkspaceID) uint64 {
	o.Helper()
	head, err := o.fake.Head(o.Context(), string(w))
	o.ok(err)
	return head
}

// atOnce runs fn n times concurrently and returns the errors.
func atOnce(ctx context.Context, n int, fn func(ctx context.Context, i int) error) []error {
	results := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = fn(ctx, i)
		})
	}
	close(start)
	wg.Wait()
	return results
}

// successes counts the nil errors and checks the kind of the others.
func (o *office) successes(results []error, kind errs.Kind) int {
	o.Helper()
	n := 0
	for _, err := range results {
		if err == nil {
			n++
		} else if !errs.Is(err, kind) {
			o.Fatalf("failed with %v, want kind %s", err, kind)
		}
	}
	return n
}

func absent() *errs.Error    { return errs.Absent() }
func forbidden() *errs.Error { return errs.New(errs.Forbidden, "forbidden", "") }
func throttled() *errs.Error { return errs.New(errs.RateLimited, "session.throttled", "") }
func busy() *errs.Error      { return errs.New(errs.Unavailable, "session.busy", "") }

// plain seals by writing down what a secret belongs to.
type plain struct{}

func (plain) Seal(secret []byte, about string) string {
	return about + "\n" + base64.StdEncoding.EncodeToString(secret)
}

func (plain) Open(sealed, about string) ([]byte, error) {
	text, ok := strings.CutPrefix(sealed, about+"\n")
	if !ok {
		return nil, errs.New(errs.Internal, "seal.damaged", "")
	}
	return base64.StdEncoding.DecodeString(text)
}

// provider says who signs in: the code that a browser brings is the subject,
// the rest is as it was set.
type provider struct {
	claims    identity.Claims
	party     identity.Party
	asked     identity.Question
	discovery error
	failure   error
}

func (p *provider) Discover(context.Context, string) error { return p.discovery }

func (p *provider) Examine(context.Context, string) identity.Examination {
	return identity.Examination{Keys: 1}
}

func (p *provider) AuthURL(_ context.Context, party identity.Party, q identity.Question) (string, error) {
	p.party, p.asked = party, q
	return party.Issuer + "/authorize?state=" + q.State, nil
}

func (p *provider) Exchange(_ context.Context, party identity.Party, q identity.Question, code string) (identity.Claims, error) {
	if p.failure != nil {
		return identity.Claims{}, p.failure
	}
	if party != p.party || q != p.asked {
		return identity.Claims{}, errs.New(errs.Unauthenticated, "openid.token", "another question")
	}
	c := p.claims
	c.Subject = code
	return c, nil
}
