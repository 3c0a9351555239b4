package extension

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/lru"
)

// Bounds of lookups.
const (
	lookupWithin  = 1500 * time.Millisecond
	lookupsAtOnce = 16
	lookupFresh   = 30 * time.Second
	maxLookups    = 5000
	maxSummary    = 20_000 // bytes of a text that is written back
)

// ConnectorDeps is what ConnectorService needs.
type ConnectorDeps struct {
	Connectors Connectors
	Connected  Connected
	Allowances Allowances
	Circle     Circle
	Mirror     Mirror
	Audit      Recorder
	// Email and Phone write an address as contacts have it; false when it is none.
	Email, Phone func(string) (string, bool)
	// Place is where a person reads a conversation in the console.
	Place func(w identity.WorkspaceID, conversation string) string
	Now   func() time.Time
	Log   *slog.Logger
}

// ConnectorService brings members the records of systems of record, and takes
// theirs there. It is safe for concurrent use.
type ConnectorService struct {
	ConnectorDeps
	mu    sync.Mutex
	found *lru.Map[string, looked]
	age   atomic.Uint64 // raised when something was written: what was found is looked up again
}

type looked struct {
	records []Far
	at      time.Time
}

// NewConnectorService returns a ConnectorService.
func NewConnectorService(d ConnectorDeps) *ConnectorService {
	return &ConnectorService{ConnectorDeps: d, found: lru.New[string, looked](maxLookups)}
}

// LookupState is how the lookup of one connection went.
type LookupState string

// The states. In all but LookupOK the records are copies of earlier, if there are
// any.
const (
	LookupOK         LookupState = "ok"
	LookupLate       LookupState = "late"        // no answer in time
	LookupDown       LookupState = "unavailable" // its plugin does not run, or failed
	LookupNotAllowed LookupState = "not_allowed" // the workspace does not let it know who its customers are
)

// Lookup is what one connection knows of a contact.
type Lookup struct {
	Connection Connection
	State      LookupState
	Detail     string // a sentence; "" with LookupOK
	RetryAfter time.Duration
	Records    []Far
	SeenAt     time.Time // of the oldest record
	kept       bool      // it was found before
}

// connector returns a connection to a system of record.
func (s *ConnectorService) connector(ctx context.Context, scope identity.Scope, id ConnectionID) (Connection, error) {
	c, err := s.Connected.InUse(ctx, scope.Workspace, id)
	if err == nil && !s.Connectors.Connects(c.Plugin) {
		err = errs.Absent()
	}
	return c, err
}

// Objects returns which kinds of records there are.
func (s *ConnectorService) Objects(ctx context.Context, scope identity.Scope, id ConnectionID, locale string) ([]ObjectType, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return nil, err
	}
	c, err := s.connector(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.Connectors.Describe(ctx, c, locale)
}

// Lookups asks every connector of the workspace what it knows of a contact, all
// at once, each within 1.5 seconds.
func (s *ConnectorService) Lookups(ctx context.Context, scope identity.Scope, contact string) ([]Lookup, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return nil, err
	}
	who, err := s.Circle.Customer(ctx, scope, contact)
	if err != nil {
		return nil, err
	}
	all, err := s.Connected.AllInUse(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c Connection) bool { return !s.Connectors.Connects(c.Plugin) })
	copies, err := s.Mirror.Of(ctx, scope.Workspace, who.ID)
	if err != nil {
		return nil, err
	}
	out := make([]Lookup, len(all))
	places := make(chan struct{}, lookupsAtOnce)
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			out[i] = s.lookup(ctx, c, who)
			if out[i].State == LookupOK {
				s.remember(ctx, out[i], who.ID)
			} else {
				out[i].Records, out[i].SeenAt = ofMirror(copies[c.ID])
			}
		})
	}
	wg.Wait()
	return out, nil
}

// remember keeps what a lookup found, for when the next one gets no answer.
func (s *ConnectorService) remember(ctx context.Context, l Lookup, contact string) {
	if l.kept {
		return
	}
	if err := s.Mirror.Remember(ctx, l.Connection, contact, l.Records, l.SeenAt); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "what a lookup found could not be kept", "connection", string(l.Connection.ID), "error", err)
	}
}

func ofMirror(all []Mirrored) (out []Far, oldest time.Time) {
	for _, m := range all {
		out = append(out, m.Far)
		if oldest.IsZero() || m.SeenAt.Before(oldest) {
			oldest = m.SeenAt
		}
	}
	return out, oldest
}

// lookup asks one connector.
func (s *ConnectorService) lookup(ctx context.Context, c Connection, who Sought) Lookup {
	out := Lookup{Connection: c, State: LookupOK}
	allowed, err := s.Allowances.Allowed(ctx, c.Workspace, c.Plugin)
	switch {
	case err != nil:
		s.Log.ErrorContext(ctx, "what a plugin may know could not be read", "plugin", string(c.Plugin), "error", err)
		out.State, out.Detail = LookupDown, "The server could not look up what the plugin may know."
		return out
	case !slices.Contains(allowed, scopePII):
		out.State, out.Detail = LookupNotAllowed, "The plugin may not know who your customers are. An administrator can allow it: "+scopePII+"."
		return out
	case !slices.Contains(allowed, scopeContacts):
		who.ID = ""
	}
	key := strings.Join([]string{string(c.ID), strconv.FormatUint(c.Revision, 10), strconv.FormatUint(s.age.Load(), 10), who.ID, strings.Join(who.Emails, " "), strings.Join(who.Phones, " "), strings.Join(who.External, " ")}, "\x00")
	s.mu.Lock()
	k, ok := s.found.Get(key)
	s.mu.Unlock()
	if now := s.Now(); ok && now.Sub(k.at) < lookupFresh {
		out.Records, out.SeenAt, out.kept = k.records, k.at, true
		return out
	}
	in, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	out.Records, err = s.Connectors.Lookup(in, c, who)
	out.SeenAt = s.Now()
	if err != nil {
		return failedLookup(out, in.Err() != nil, err)
	}
	s.mu.Lock()
	s.found.Put(key, looked{out.Records, out.SeenAt})
	s.mu.Unlock()
	return out
}

// failedLookup words why there is no answer.
func failedLookup(out Lookup, late bool, err error) Lookup {
	out.State, out.Records = LookupDown, nil
	out.Detail = "The plugin could not answer."
	if e := errs.As(err); e != nil && e.Kind != errs.Internal {
		out.Detail, out.RetryAfter = e.Message, e.RetryAfter
	}
	if late {
		out.State, out.Detail = LookupLate, "There was no answer within 1.5 seconds."
	}
	return out
}

// Search finds records of one kind.
func (s *ConnectorService) Search(ctx context.Context, scope identity.Scope, id ConnectionID, object, query string, limit int) ([]Far, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return nil, err
	}
	c, err := s.connector(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.Connectors.Search(ctx, c, object, query, limit)
}

// Upsert makes a record at the far side, or changes one. With the same key it
// has no further effect.
func (s *ConnectorService) Upsert(ctx context.Context, scope identity.Scope, id ConnectionID, key string, r Far) (Far, error) {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return Far{}, err
	}
	c, err := s.connector(ctx, scope, id)
	if err != nil {
		return Far{}, err
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(r.Fields, &fields) != nil {
		return Far{}, errs.New(errs.Invalid, "record.fields", "The fields of a record are a JSON object.").WithFields(errs.Field{Pointer: "/fields", Code: "invalid", Detail: "This is no JSON object."})
	}
	out, err := s.Connectors.Upsert(ctx, c, personal(scope, key), r)
	s.age.Add(1)
	if err != nil {
		return Far{}, err
	}
	return out, s.Audit.Keep(ctx, scope, identity.Record(ctx, scope, "record.saved", c.target()).Say(map[string]string{"object": out.Object, "record": out.ID}))
}

// personal makes an idempotency key one of its actor's: nobody meets another's.
func personal(scope identity.Scope, key string) string {
	return string(scope.Workspace) + ":" + scope.Actor.ID + ":" + key
}

// Summary is what a member writes back to a record about a conversation.
type Summary struct {
	Conversation string
	Connection   ConnectionID
	Object       string
	Record       string
	Text         string
	Key          string
}

// WriteBack writes a summary of a conversation down at a record.
func (s *ConnectorService) WriteBack(ctx context.Context, scope identity.Scope, x Summary) (string, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return "", err
	}
	if _, err := s.Circle.Subject(ctx, scope, x.Conversation, ""); err != nil {
		return "", err
	}
	c, err := s.connector(ctx, scope, x.Connection)
	if err != nil {
		return "", err
	}
	if x.Text = strings.TrimSpace(x.Text); x.Text == "" || len(x.Text) > maxSummary {
		return "", errs.New(errs.Invalid, "summary.text", "A summary has 1 to 20,000 bytes.").WithFields(errs.Field{Pointer: "/text", Code: "length", Detail: "A summary has 1 to 20,000 bytes."})
	}
	done, err := s.Connectors.AddActivity(ctx, c, Activity{
		Key: personal(scope, x.Key), Object: x.Object, Record: x.Record, Subject: "Patchbay", Text: x.Text,
		URL: s.Place(scope.Workspace, x.Conversation), At: s.Now(),
	})
	if err != nil {
		return "", err
	}
	return done, s.Audit.Keep(ctx, scope, identity.Record(ctx, scope, "summary.written", c.target()).Say(map[string]string{
		"conversation": x.Conversation, "object": x.Object, "record": x.Record,
	}))
}
