package pluginhost_test

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/ticket"
	sdkerrs "github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	"github.com/patchbay-im/patchbay/sdk/plugintest/hosttest"
)

// The desks of the core keep what every host of plugins must keep: what the host
// in memory keeps that authors test with.
func TestTheDesksOnSQLite(t *testing.T) {
	hosttest.Run(t, newBranch(t, store.Config{Driver: store.SQLite, Source: filepath.Join(t.TempDir(), "patchbay.db")}).suite())
}

func TestTheDesksOnPostgreSQL(t *testing.T) {
	source := pgtest.Start(t).Database(t)
	hosttest.Run(t, newBranch(t, store.Config{Driver: store.Postgres, Source: source}).suite())
}

const signInSchema = `{"type":"object","properties":{
	"account":{"type":"string","x-oauth":{"authorize_url":"https://far.example.com/authorize","token_url":"https://far.example.com/token","scopes":[],"client_id":"/client"}},
	"other":{"type":"string","x-oauth":{"authorize_url":"https://far.example.com/authorize","token_url":"https://far.example.com/token","scopes":[],"client_id":"/client"}},
	"client":{"type":"string"}}}`

// endpoint implements extension.TokenEndpoint: it gives the suite's two tokens.
type endpoint struct{}

// Ask implements extension.TokenEndpoint.
func (*endpoint) Ask(_ context.Context, q extension.TokenRequest) (extension.TokenAnswer, error) {
	switch q.Refresh {
	case "":
		return extension.TokenAnswer{Access: hosttest.FirstToken, Refresh: "r1"}, nil
	case "r1":
		return extension.TokenAnswer{Access: hosttest.NextToken, Refresh: "r2"}, nil
	}
	return extension.TokenAnswer{Refusal: "invalid_grant"}, nil
}

// shop implements extension.Tools: another plugin, with the suite's tools.
type shop struct{}

const lookArgs = `{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}`

// Tools implements extension.Tools.
func (shop) Tools() []extension.Tool {
	tool := func(name string, approval bool) extension.Tool {
		_, name, _ = strings.Cut(name, ":")
		return extension.Tool{
			Plugin: "acme/shop", Name: name, Title: map[string]string{"en": "Look"}, ArgsSchema: json.RawMessage(lookArgs), Approval: approval, Timeout: time.Second,
		}
	}
	return []extension.Tool{tool(hosttest.Tool, false), tool(hosttest.Approved, true)}
}

// CheckArgs implements extension.Tools.
func (shop) CheckArgs(_ extension.PluginID, _ string, args json.RawMessage) []errs.Field {
	compiled, err := schema.Compile([]byte(lookArgs))
	if err != nil {
		return []errs.Field{{Detail: err.Error()}}
	}
	var out []errs.Field
	for _, p := range compiled.Validate(args) {
		out = append(out, errs.Field{Pointer: p.Pointer, Detail: p.Message})
	}
	return out
}

// Invoke implements extension.Tools.
func (shop) Invoke(_ context.Context, _ extension.Connection, i extension.Invocation, _ func(string)) (extension.Result, error) {
	var args struct{ ID string }
	if err := json.Unmarshal(i.Args, &args); err != nil {
		return extension.Result{}, err
	}
	switch args.ID {
	case "no":
		return extension.Result{Outcome: extension.Rejected, Code: "unknown_order"}, nil
	case "later":
		return extension.Result{Outcome: extension.Retry, Code: "shop_closed", RetryAfter: time.Minute}, nil
	}
	return extension.Result{Outcome: extension.Accepted, Output: i.Args}, nil
}

// join connects the plugins and gives the workspace what the suite knows by name.
func (b *branch) join() {
	b.t.Helper()
	ctx, w := b.t.Context(), b.world
	w.Label(w.WS, hosttest.Label)
	w.Label(w.WS, hosttest.OtherLabel)
	w.Team(w.WS, hosttest.Team)
	define := catalog.NewService(b.store.Catalog(), nil, b.clock.now)
	for key, kind := range map[string]catalog.Type{hosttest.Attribute: catalog.Text, hosttest.NumberAttr: catalog.Number} {
		_, err := define.CreateAttribute(ctx, b.owner(), catalog.NewAttribute{Target: catalog.OfContact, Key: key, Name: key, Type: kind})
		b.ok(err)
	}
	name := hosttest.TicketType
	fields := []ticket.Field{
		{Key: hosttest.Required, Name: "Reason", Type: catalog.Text, Required: true},
		{Key: hosttest.List, Name: "Size", Type: catalog.List, Options: []string{"S", "M"}},
	}
	_, err := b.tickets().CreateType(ctx, b.owner(), ticket.TypeDraft{Name: &name, Fields: &fields})
	b.ok(err)
}

// suite is the branch as the suite knows it.
func (b *branch) suite() hosttest.World {
	b.t.Helper()
	w := b.world
	mine, theirs := w.NewInbox(w.WS, false), w.NewInbox(w.WS, false)
	in := mine
	in.Plugin, in.Enabled = asker, true
	b.more = []channel.Inbox{in}
	here, there := w.Receive(mine, "alice", "m1", hosttest.Said), w.Receive(theirs, "bob", "m2", hosttest.Said)
	b.rename(here.Contact)
	twin := w.Receive(theirs, "ali", "m3", hosttest.Said)
	b.merge(twin.Contact, here.Contact)
	out := hosttest.World{
		Dial: b.dial, Advance: b.clock.advance, Inbox: string(mine.ID),
		Connection: b.connection(extension.PluginID(asker), true), Spare: b.connection(extension.PluginID(asker), true),
		Conversation: string(here.ID), Elsewhere: string(there.ID), Contact: string(here.Contact), Stranger: string(there.Contact),
		Merged: string(twin.Contact),
		File:   b.file(here), Hidden: b.file(there), Due: b.due, Decide: b.decide,
	}
	out.Others = []string{
		string(theirs.ID), b.connection("acme/other", true), b.connection(extension.PluginID(asker), false), b.connection("acme/shop", true), "inb_off",
	}
	b.signIn(out.Connection)
	return out
}

func (b *branch) connection(plugin extension.PluginID, enabled bool) string {
	b.t.Helper()
	d := extension.Draft{Plugin: plugin, Name: "Test", Disabled: !enabled}
	if plugin == extension.PluginID(asker) {
		d.Config = json.RawMessage(`{"client":"us"}`)
	}
	c, err := b.connect.Create(b.t.Context(), b.owner(), d)
	b.ok(err)
	return string(c.ID)
}

func (b *branch) rename(id contact.ID) {
	b.t.Helper()
	name, email := hosttest.Customer, hosttest.Email
	_, err := contact.NewService(contact.Deps{Store: b.store.Contacts(), Organisations: b.store.Contacts(), Now: b.clock.now}).
		Update(b.t.Context(), b.owner(), id, contact.Edit{Name: &name, Email: &email})
	b.ok(err)
}

func (b *branch) merge(source, into contact.ID) {
	b.t.Helper()
	_, _, err := contact.NewMerging(b.store.Contacts(), b.store.Contacts(), b.clock.now).Merge(b.t.Context(), b.owner(), source, into)
	b.ok(err)
}

// file puts a file into a conversation, by the owner.
func (b *branch) file(c conversation.Conversation) string {
	b.t.Helper()
	ctx, by := b.t.Context(), media.Uploader{Kind: media.ByMember, ID: string(b.world.Owner.ID)}
	u, err := b.files.Begin(ctx, b.world.WS, by, media.Announcement{Name: hosttest.FileName, Size: int64(len(hosttest.FileText))}, 0)
	b.ok(err)
	_, err = b.files.Append(ctx, b.world.WS, by, u.ID, 0, []byte(hosttest.FileText))
	b.ok(err)
	_, err = b.talk.Post(ctx, b.owner(), conversation.Post{
		Conversation: c.ID, ClientID: "file-" + string(u.ID), Kind: conversation.Note, Attachments: []media.ID{u.ID},
	})
	b.ok(err)
	return string(u.ID)
}

// signIn signs a connection in, as a member does.
func (b *branch) signIn(id string) {
	b.t.Helper()
	ctx := b.t.Context()
	address, err := b.signIns.Begin(ctx, b.owner(), id, hosttest.Pointer, "session")
	b.ok(err)
	u, err := url.Parse(address)
	b.ok(err)
	x, err := b.signIns.Take(ctx, u.Query().Get("state"), "session")
	b.ok(err)
	b.ok(b.signIns.Finish(ctx, b.owner(), x, extension.Arrival{Code: "code"}))
}

func (b *branch) decide(t *testing.T, key string, agree bool) {
	t.Helper()
	pending, err := b.store.ToolCalls().Pending(t.Context(), b.world.WS)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range pending {
		if c.Key == key {
			if _, err := b.broker.Decide(t.Context(), b.owner(), c.ID, agree); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("nothing under %q waits", key)
}

// tasks implements extension.Scheduled: the test does the work.
type tasks struct {
	do func(hosttest.Task) error

	mu   sync.Mutex
	done []hosttest.Task
}

// Runners implements extension.Scheduled.
func (*tasks) Runners() []extension.PluginID { return []extension.PluginID{extension.PluginID(asker)} }

// RunScheduled implements extension.Scheduled.
func (r *tasks) RunScheduled(_ context.Context, run extension.Run) (extension.RunOutcome, error) {
	task := hosttest.Task{Instance: run.Instance, Key: run.Key, ID: run.ID, Payload: string(run.Payload)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, task)
	err := r.do(task)
	return extension.RunOutcome{Done: err == nil || sdkerrs.As(err).Source == sdkerrs.Rejected}, nil
}

func (r *tasks) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.done)
}

// due lets a scheduler work until there were n runs.
func (b *branch) due(t *testing.T, n int, do func(hosttest.Task) error) []hosttest.Task {
	t.Helper()
	r := &tasks{do: do}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.desks.Scheduler.Work(ctx, r)
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for r.count() < n && ctx.Err() == nil {
		<-tick.C
	}
	cancel()
	<-ended
	return r.done
}
