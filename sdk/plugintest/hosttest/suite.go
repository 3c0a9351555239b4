// Package hosttest has what every host of plugins must keep: the core, and the
// host in memory of package plugintest. The same cases run on both, so a plugin
// that passes its author's tests meets the same refusals in the core.
//
// The cases ask as a plugin does, with the SDK's own clients over a connection.
package hosttest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// What a World's workspace has, by name.
const (
	PluginID   = "acme/asker"       // the plugin that asks
	PluginName = "Asker"            // its name
	Label      = "VIP"              // a label
	OtherLabel = "Refund"           // another one
	Team       = "Billing"          // a team
	Attribute  = "plan"             // a text attribute of contacts
	NumberAttr = "seats"            // a number
	TicketType = "Return"           // a type of tickets, beside General
	Required   = "reason"           // a text field of it that a solved one needs
	List       = "size"             // a list of it: S, M
	Tool       = "acme/shop:look"   // answers its arguments; they must have a text "id"; with "later" as the id it asks to try again, with "no" it refuses
	Approved   = "acme/shop:refund" // the same, and a person must agree
	Pointer    = "/account"         // a field that is signed in: tokens FirstToken, then SecondToken, then none
	Unsigned   = "/other"           // a field with x-oauth where nobody signed in
	FirstToken = "one"
	NextToken  = "two"
	FileName   = "hello.txt" // a file of a message in World.Conversation
	FileText   = "hello from a file"
	Said       = "hello" // the customer's first message in World.Conversation
	Customer   = "Alice" // World.Contact's name
	Email      = "alice@example.com"
)

// World is a host with a workspace in it.
type World struct {
	// Dial connects as a process of the plugin.
	Dial func(t *testing.T, p Process) *grpc.ClientConn
	// Instances in use: an inbox, and two connections.
	Inbox, Connection, Spare string
	// Others are instances that are none of the plugin's, or not in use.
	Others []string
	// Conversation is one of Inbox with World.Contact; Elsewhere is in another
	// inbox, with Stranger. Each has one message, of the customer.
	Conversation, Elsewhere string
	Contact, Stranger       string
	// Merged is a contact that was merged into Contact.
	Merged string
	// File is a file of a message in Conversation, Hidden one in Elsewhere.
	File, Hidden string
	// Advance moves the host's clock.
	Advance func(d time.Duration)
	// Due returns the runs that are due now, at least n of them, and answers each
	// with fn. The host's own pauses between them are the caller's to pass.
	Due func(t *testing.T, n int, fn func(Task) error) []Task
	// Decide agrees to a use of a tool by Connection, or does not.
	Decide func(t *testing.T, key string, agree bool)
}

// Process is a process of the plugin: what its manifest asks for, what the
// workspace grants, and the name of the process. nil is everything. Paid is a
// plugin that is sold, for which no license was given.
type Process struct {
	Asks, Grants []string
	Name         string
	Paid         bool
}

// Task is a run of scheduled work.
type Task struct {
	Instance, Key, ID string
	Payload           string
}

// suite is a World with a process that may do everything.
type suite struct {
	*testing.T
	World

	all *bridge.Host
}

// Run runs the cases, each on the same World: they keep apart by the names that
// they use.
func Run(t *testing.T, w World) {
	t.Helper()
	all := bridge.Hosted(w.Dial(t, Process{Name: "all"}))
	for _, c := range []struct {
		name string
		run  func(*suite)
	}{
		{"scopes", scopes},
		{"foreign instances", foreign},
		{"state", state},
		{"compare and swap", swap},
		{"expiry", expiry},
		{"lists", lists},
		{"limits of state", stateLimits},
		{"claims", claims},
		{"limits of claims", claimLimits},
		{"leases", leases},
		{"limits of leases", leaseLimits},
		{"schedules", schedules},
		{"limits of schedules", scheduleLimits},
		{"databases", databases},
		{"metrics", metrics},
		{"health", health},
		{"conversations", conversations},
		{"messages", messages},
		{"limits of messages", messageLimits},
		{"keys", keys},
		{"labels", labels},
		{"hand over", handOff},
		{"files", files},
		{"limits of files", fileLimits},
		{"contacts", contacts},
		{"merged contacts", merges},
		{"personal data", pii},
		{"contacts change", updates},
		{"tickets", tickets},
		{"tickets change", ticketChanges},
		{"tickets of an inbox", inboxTickets},
		{"tools", tools},
		{"approvals", approvals},
		{"tokens", tokens},
		{"licenses", licenses},
		{"ingest", ingest},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(&suite{T: t, World: w, all: all}) })
	}
}

// on returns the services for an instance.
func (s *suite) on(instance string) host.Instance { return s.all.For(instance) }

// as returns the services of a process that has not all.
func (s *suite) as(p Process, instance string) host.Instance {
	s.Helper()
	return bridge.Services(s.Dial(s.T, p), instance)
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// refused checks the source and the code of an error. An error of the host is
// Rejected, unless it may work later.
func (s *suite) refused(what string, err error, code string) {
	s.Helper()
	e := errs.As(err)
	if err == nil || e.Code != code || e.Source != errs.Rejected {
		s.Errorf("%s: got %v, want a refusal with the code %s", what, err, code)
	}
}

func (s *suite) later(what string, err error, code string) {
	s.Helper()
	e := errs.As(err)
	if err == nil || e.Code != code || e.Source != errs.FarSide {
		s.Errorf("%s: got %v, want to be told to come back, with the code %s", what, err, code)
	}
}

// calls are one call of each service, by scope. All fail with the scope lacking;
// what they do with it is of no matter here.
func calls(i host.Instance) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"state":    func(ctx context.Context) error { _, err := i.State.Get(ctx, "scopes"); return err },
		"schedule": func(ctx context.Context) error { _, err := i.Schedule.Cancel(ctx, "scopes"); return err },
		"lease":    func(ctx context.Context) error { return i.Leases.Release(ctx, "scopes") },
		"database": func(ctx context.Context) error { _, err := i.Database.Open(ctx); return err },
		"metrics": func(ctx context.Context) error {
			return i.Metrics.Record(ctx, host.Figure{Name: "scoped", Kind: host.Gauge})
		},
		"secrets":      func(ctx context.Context) error { _, err := i.Tokens.Access(ctx, "/none", ""); return err },
		"license":      func(ctx context.Context) error { _, err := i.Licenses.Entitlement(ctx); return err },
		"tools:invoke": func(ctx context.Context) error { _, err := i.Tools.List(ctx, "en"); return err },
		"conversations:read": func(ctx context.Context) error {
			_, err := i.Conversations.Messages(ctx, host.MessagesRequest{Conversation: "cnv_none"})
			return err
		},
		"conversations:write": func(ctx context.Context) error { return i.Conversations.Resolve(ctx, "cnv_none", "scopes") },
		"messages:send": func(ctx context.Context) error {
			_, err := i.Conversations.Send(ctx, host.SendRequest{Key: "scopes", Conversation: "cnv_none"})
			return err
		},
		"contacts:read": func(ctx context.Context) error { _, err := i.Contacts.Get(ctx, "con_none"); return err },
		"contacts:write": func(ctx context.Context) error {
			_, err := i.Contacts.Update(ctx, host.ContactUpdate{Key: "scopes", Contact: "con_none"})
			return err
		},
		"tickets:read": func(ctx context.Context) error { _, err := i.Tickets.Get(ctx, "tkt_none"); return err },
		"tickets:write": func(ctx context.Context) error {
			return i.Tickets.Comment(ctx, host.CommentRequest{Key: "scopes", Ticket: "tkt_none"})
		},
		"blobs:read": func(ctx context.Context) error { _, err := i.Blobs.Download(ctx, "att_none", nothing{}); return err },
		"blobs:write": func(ctx context.Context) error {
			_, err := i.Blobs.Upload(ctx, host.UploadRequest{Filename: "x", Size: 1, Body: zeros(1)})
			return err
		},
	}
}

func without(scope string) []string {
	return slices.DeleteFunc(manifest.Scopes(), func(s string) bool { return s == scope })
}

func scopes(s *suite) {
	for scope := range calls(s.on(s.Connection)) {
		for how, p := range map[string]Process{"the manifest does not ask": {Asks: without(scope)}, "the workspace does not grant": {Grants: without(scope)}} {
			s.refused(scope+": "+how, calls(s.as(p, s.Connection))[scope](s.Context()), host.CodeDenied)
		}
		if err := calls(s.on(s.Connection))[scope](s.Context()); errs.As(err) != nil && errs.As(err).Code == host.CodeDenied {
			s.Errorf("%s: it is there, and denied: %v", scope, err)
		}
	}
}

func foreign(s *suite) {
	for _, id := range append(slices.Clone(s.Others), "", "pin_none") {
		for scope, call := range calls(s.on(id)) {
			s.refused(scope+" about "+id, call(s.Context()), host.CodeAbsent)
		}
	}
}

var errBroken = errors.New("the reader broke")

// nothing takes bytes.
type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }
