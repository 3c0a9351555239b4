package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Deps is what a Service stands on.
type Deps struct {
	Store    Store
	Log      Log
	Renderer Renderer
	Filters  Filters
	Poster   Poster
	Sealer   Sealer
	Inboxes  Inboxes
	Now      func() time.Time
}

// Service holds the use cases of administrators. It is safe for concurrent use.
type Service struct {
	Deps
	ids id.Source

	mu      sync.Mutex
	testing map[ID]bool
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	return &Service{Deps: d, ids: id.NewSource(d.Now), testing: make(map[ID]bool)}
}

// List returns the endpoints of a workspace.
func (s *Service) List(ctx context.Context, scope identity.Scope) ([]Endpoint, error) {
	if err := scope.Require(identity.WebhookRead); err != nil {
		return nil, err
	}
	return s.Store.Endpoints(ctx, scope.Workspace)
}

// Get returns one endpoint.
func (s *Service) Get(ctx context.Context, scope identity.Scope, endpoint ID) (Endpoint, error) {
	if err := scope.Require(identity.WebhookRead); err != nil {
		return Endpoint{}, err
	}
	return s.Store.Endpoint(ctx, scope.Workspace, endpoint)
}

// Draft is an endpoint to be made, or (nil fields stay) a change of one.
type Draft struct {
	URL         *string
	Description *string
	Events      *[]string
	Filter      json.RawMessage // nil = stays; null = none
	Inboxes     *[]string
	Active      *bool
}

// Create makes an endpoint, with its first secret, which is shown this once.
// Needs WebhookManage and to read everything (Beyond).
func (s *Service) Create(ctx context.Context, scope identity.Scope, d Draft) (Endpoint, string, error) {
	if err := sends(scope); err != nil {
		return Endpoint{}, "", err
	}
	if d.URL == nil {
		d.URL = new(string)
	}
	if d.Events == nil {
		d.Events = &[]string{}
	}
	if err := s.prepare(ctx, scope, &d); err != nil {
		return Endpoint{}, "", err
	}
	now := s.Now()
	e := Endpoint{
		Workspace: scope.Workspace, ID: ID(s.ids.New("whk")), Active: true, Health: Healthy,
		CreatedBy: scope.Member(), CreatedAt: now, UpdatedAt: now,
	}
	d.apply(&e)
	secret := newSecret()
	e.Secrets = []Secret{s.sealed(e, secret, now)}
	if err := s.Store.Create(ctx, e, e.acted(ctx, scope, changed(s.ids, e, now), ActionCreated, difference(Endpoint{}, e))); err != nil {
		return Endpoint{}, "", err
	}
	return e, secret, nil
}

func (s *Service) sealed(e Endpoint, secret string, now time.Time) Secret {
	kid := newKID()
	return Secret{KID: kid, Sealed: s.Sealer.Seal([]byte(secret), about(e.Workspace, e.ID, kid)), CreatedAt: now}
}

// Update changes an endpoint. Turning it on makes a disabled one healthy. Needs
// what Create needs.
func (s *Service) Update(ctx context.Context, scope identity.Scope, endpoint ID, d Draft) (Endpoint, error) {
	if err := sends(scope); err != nil {
		return Endpoint{}, err
	}
	if _, err := s.Store.Endpoint(ctx, scope.Workspace, endpoint); err != nil {
		return Endpoint{}, err
	}
	if err := s.prepare(ctx, scope, &d); err != nil {
		return Endpoint{}, err
	}
	return s.Store.Change(ctx, scope.Workspace, endpoint, func(e *Endpoint) (Effect, error) {
		before := *e
		d.apply(e)
		e.UpdatedAt = s.Now()
		hurry := false
		if d.Active != nil && *d.Active && e.Health == Disabled {
			e.Health, e.FailingSince, hurry = Healthy, time.Time{}, true
		}
		return Effect{Save: true, Hurry: hurry, At: e.UpdatedAt, Events: []event.Event{e.acted(ctx, scope, changed(s.ids, *e, e.UpdatedAt), ActionUpdated, difference(before, *e))}}, nil
	})
}

// Delete removes an endpoint and what the ledger keeps of it.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, endpoint ID) error {
	if err := scope.Require(identity.WebhookManage); err != nil {
		return err
	}
	e, err := s.Store.Endpoint(ctx, scope.Workspace, endpoint)
	if err != nil {
		return err
	}
	return s.Store.Delete(ctx, scope.Workspace, endpoint, e.acted(ctx, scope, changed(s.ids, e, s.Now()), ActionDeleted, nil))
}

// Rotate makes a new secret, which is shown this once. The one before signs
// beside it for the overlap; any older one ends now.
func (s *Service) Rotate(ctx context.Context, scope identity.Scope, endpoint ID, overlap time.Duration) (Secret, string, error) {
	if err := scope.Require(identity.WebhookManage); err != nil {
		return Secret{}, "", err
	}
	if overlap < 0 || overlap > MaxOverlap {
		return Secret{}, "", errs.New(errs.Invalid, "webhook.invalid", "Some values are not accepted.").
			WithFields(errs.Field{Pointer: "/overlap_hours", Code: "out_of_range", Detail: "The old secret goes on for 0 to 720 hours."})
	}
	secret, now := newSecret(), s.Now()
	var made Secret
	_, err := s.Store.Change(ctx, scope.Workspace, endpoint, func(e *Endpoint) (Effect, error) {
		made = s.sealed(*e, secret, now)
		keep := slices.DeleteFunc(slices.Clone(e.Secrets), func(k Secret) bool { return !k.Works(now) })
		keep = keep[max(0, len(keep)-maxSecrets+1):]
		for i := range keep {
			if end := now.Add(overlap); keep[i].ExpiresAt.IsZero() || end.Before(keep[i].ExpiresAt) {
				keep[i].ExpiresAt = end
			}
		}
		e.Secrets = append(slices.DeleteFunc(keep, func(k Secret) bool { return !k.Works(now) }), made)
		return Effect{Save: true, Events: []event.Event{e.acted(ctx, scope, changed(s.ids, *e, now), ActionRotated, map[string]string{"kid": made.KID})}}, nil
	})
	return made, secret, err
}

// Expire ends a secret now, but not the last that works.
func (s *Service) Expire(ctx context.Context, scope identity.Scope, endpoint ID, kid string) error {
	if err := scope.Require(identity.WebhookManage); err != nil {
		return err
	}
	now := s.Now()
	_, err := s.Store.Change(ctx, scope.Workspace, endpoint, func(e *Endpoint) (Effect, error) {
		i := slices.IndexFunc(e.Secrets, func(k Secret) bool { return k.KID == kid && k.Works(now) })
		if i < 0 {
			return Effect{}, errs.Absent()
		}
		if e.Secrets[i].ExpiresAt.IsZero() {
			return Effect{}, errs.New(errs.Conflict, "webhook.last_secret", "This is the secret in use. Make a new one first.")
		}
		e.Secrets = slices.Delete(slices.Clone(e.Secrets), i, i+1)
		return Effect{Save: true, Events: []event.Event{e.acted(ctx, scope, changed(s.ids, *e, now), ActionExpired, map[string]string{"kid": kid})}}, nil
	})
	return err
}

// Deliveries lists what an endpoint was or will be told, the newest first.
func (s *Service) Deliveries(ctx context.Context, scope identity.Scope, endpoint ID, state State, p page.Request) (page.Page[Delivery], error) {
	if _, err := s.Get(ctx, scope, endpoint); err != nil {
		return page.Page[Delivery]{}, err
	}
	return s.Log.Deliveries(ctx, scope.Workspace, endpoint, state, p)
}

// Counts counts an endpoint's deliveries by state.
func (s *Service) Counts(ctx context.Context, scope identity.Scope, endpoint ID) (map[State]int, error) {
	if err := scope.Require(identity.WebhookRead); err != nil {
		return nil, err
	}
	return s.Log.Counts(ctx, scope.Workspace, endpoint)
}

// Delivery returns one with its attempts. What customers wrote is left out for
// those who may not read conversations: withheld.
func (s *Service) Delivery(ctx context.Context, scope identity.Scope, delivery DeliveryID) (Traced, error) {
	if err := scope.Require(identity.WebhookRead); err != nil {
		return Traced{}, err
	}
	d, attempts, err := s.Log.Delivery(ctx, scope.Workspace, delivery)
	out := Traced{Delivery: d, Attempts: attempts, Withheld: !scope.ReadsAll()}
	if out.Withheld {
		out.Delivery.Body = nil
		for i := range attempts {
			attempts[i].Body = ""
		}
	}
	return out, err
}

// Traced is a delivery with its attempts.
type Traced struct {
	Delivery Delivery
	Attempts []Attempt // the oldest first
	Withheld bool      // the bodies are left out
}

// Beyond is returned to who would have more sent out than they may read.
func Beyond() *errs.Error {
	return errs.New(errs.Forbidden, "webhook.beyond_yours",
		"A webhook sends what customers write, so it is for those whose role reads all conversations, tickets and contacts.")
}

// sends reports why the actor may not say what is sent where: an endpoint is
// told of everything, so whoever makes one may read everything.
func sends(scope identity.Scope) error {
	if err := scope.Require(identity.WebhookManage); err != nil {
		return err
	}
	if !scope.ReadsAll() || !scope.May(identity.TicketRead) || !scope.May(identity.ContactRead) {
		return Beyond()
	}
	return nil
}

// Replay sends deliveries again, in order, and returns how many. Needs what
// Create needs.
func (s *Service) Replay(ctx context.Context, scope identity.Scope, endpoint ID, which Selection) (int, error) {
	if err := sends(scope); err != nil {
		return 0, err
	}
	if which.State != "" && which.State != Delivered && which.State != Dead {
		return 0, errs.New(errs.Invalid, "webhook.invalid", "Some values are not accepted.").
			WithFields(errs.Field{Pointer: "/state", Code: "enum", Detail: "What is delivered or dead can be sent again."})
	}
	e, err := s.Store.Endpoint(ctx, scope.Workspace, endpoint)
	if err != nil {
		return 0, err
	}
	if !e.Active || e.Health == Disabled {
		return 0, errs.New(errs.Conflict, "webhook.off", "The endpoint is off. Turn it on, then send again.")
	}
	now := s.Now()
	return s.Log.Replay(ctx, scope.Workspace, endpoint, which, now, func(n int) []event.Event {
		return []event.Event{e.acted(ctx, scope, changed(s.ids, e, now), ActionReplayed, map[string]int{"deliveries": n})}
	})
}

// Tested is a request of the test button and what came of it.
type Tested struct {
	Headers [][2]string
	Body    []byte
	Attempt Attempt
}

// Test sends a test event and waits for the answer, whether the endpoint is
// on or off. It changes nothing.
func (s *Service) Test(ctx context.Context, scope identity.Scope, endpoint ID) (Tested, error) {
	if err := scope.Require(identity.WebhookManage); err != nil {
		return Tested{}, err
	}
	if !s.begin(endpoint) {
		return Tested{}, errs.New(errs.Conflict, "webhook.testing", "A test of this endpoint is under way. Wait for its result.")
	}
	defer s.end(endpoint)
	now := s.Now()
	e, err := s.Store.Change(ctx, scope.Workspace, endpoint, func(e *Endpoint) (Effect, error) {
		record := e.acted(ctx, scope, changed(s.ids, *e, now), ActionTested, nil)
		record.Type, record.Data = "", nil // nothing changed: for the audit log alone
		return Effect{Events: []event.Event{record}}, nil
	})
	if err != nil {
		return Tested{}, err
	}
	ev := event.Event{
		ID: s.ids.New("chg"), Workspace: string(scope.Workspace), Type: Test, Subject: string(endpoint), At: now,
		Data: []byte(`{"message":"This is a test. Nothing happened."}`),
	}
	rendered, err := s.Renderer.Render(ctx, scope.Workspace, []event.Event{ev})
	if err != nil {
		return Tested{}, err
	}
	d := Delivery{Workspace: scope.Workspace, ID: DeliveryID(s.ids.New("whd")), Endpoint: endpoint, Type: Test, Event: ev.ID, Body: rendered[ev.ID].Body}
	keys := openAll(s.Sealer, e, now)
	if len(keys) == 0 {
		return Tested{}, errs.New(errs.Conflict, "webhook.no_secret", "No secret of the endpoint could be opened: the server's master key is another. Make a new secret.")
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return Tested{Headers: Headers(d), Body: d.Body, Attempt: post(ctx, s.Poster, e, d, keys, now)}, nil
}

func (s *Service) begin(endpoint ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.testing[endpoint] {
		return false
	}
	s.testing[endpoint] = true
	return true
}

func (s *Service) end(endpoint ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.testing, endpoint)
}
