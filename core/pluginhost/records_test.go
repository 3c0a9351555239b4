package pluginhost_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// files is the desks over a real database, with a conversation in each of two
// inboxes, of which the plugin has one.
type files struct {
	*office
	t           *testing.T
	world       *conversationtest.World
	mine, other conversation.Conversation
	desks       pluginhost.Desks
}

func newFiles(t *testing.T) *files {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{
		Driver: store.SQLite, Source: filepath.Join(t.TempDir(), "patchbay.db"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	c := s.Conversations()
	w := conversationtest.NewWorld(t, conversationtest.Fixture{
		Store: c, Reader: c, Marks: c, Visitors: c, Writing: c, Log: s.Events(),
		Identities: s.Identities(), Inboxes: s.Channels(), Contacts: s.Contacts(), Teams: s.Teams(), Catalog: s.Catalog(),
	})
	f := &files{t: t, world: w, office: &office{workspace: w.WS, granted: manifest.Scopes()}}
	a, b := w.NewInbox(w.WS, false), w.NewInbox(w.WS, false)
	f.mine, f.other = w.Receive(a, "alice", "m1", "hello"), w.Receive(b, "bob", "m2", "hi")
	in := a
	in.Plugin, in.Enabled = asker, true
	f.more = []channel.Inbox{in}
	states := s.PluginStates()
	f.desks = pluginhost.Desks{
		Memory: extension.NewMemory(states, states, time.Now), Leases: extension.NewLeases(states, time.Now),
		Scheduler: extension.NewScheduler(s.PluginSchedules(), time.Now, slog.New(slog.DiscardHandler)),
		Once:      idempotency.NewService(s.Claims(), idempotencytest.Sealer{}, time.Now),
		Records: pluginhost.Records{
			Conversations: conversation.NewService(conversation.Deps{
				Store: c, Reader: c, Marks: c, Visitors: c, Writing: c, Inboxes: s.Channels(), Contacts: s.Contacts(),
				Plugins: &channeltest.Plugins{T: t, Installed: []channel.Type{{Plugin: a.Plugin}}}, Teams: s.Teams(), Catalog: s.Catalog(), Now: time.Now,
			}),
			Contacts: contact.NewService(contact.Deps{Store: s.Contacts(), Organisations: s.Contacts(), Now: time.Now}),
			Labels:   s.Catalog(), Teams: s.Teams(),
		},
	}
	return f
}

// as is a client of the conversations for a plugin with these grants.
func (f *files) as(granted []string) pluginv1.HostConversationServiceClient {
	o := *f.office
	o.granted = granted
	ports := o.ports()
	ports.Desks = f.desks
	return pluginv1.NewHostConversationServiceClient(dial(f.t, asking(manifest.Scopes()...), ports, "p"))
}

func (f *files) inbox() string { return string(f.more[0].ID) }

func TestAnInboxSeesItsOwn(t *testing.T) {
	f := newFiles(t)
	client := f.as(manifest.Scopes())
	for _, tt := range []struct {
		instance string
		of       conversation.Conversation
		want     codes.Code
	}{
		{f.inbox(), f.mine, codes.OK},
		{f.inbox(), f.other, codes.NotFound},
		{"pin_mine", f.mine, codes.OK},
		{"pin_mine", f.other, codes.OK},
	} {
		got, err := client.GetConversation(t.Context(), &pluginv1.GetConversationRequest{InstanceId: tt.instance, ConversationId: string(tt.of.ID)})
		if status.Code(err) != tt.want || err == nil && got.GetConversation().GetInboxId() != string(tt.of.Inbox) {
			t.Errorf("%s reads %s: %v %v", tt.instance, tt.of.ID, got, err)
		}
		_, err = client.ListMessages(t.Context(), &pluginv1.ListMessagesRequest{InstanceId: tt.instance, ConversationId: string(tt.of.ID)})
		if status.Code(err) != tt.want {
			t.Errorf("%s lists %s: %v", tt.instance, tt.of.ID, err)
		}
		_, err = client.AddNote(t.Context(), &pluginv1.AddNoteRequest{InstanceId: tt.instance, ConversationId: string(tt.of.ID), IdempotencyKey: "n" + string(tt.of.ID), Text: "noted"})
		if status.Code(err) != tt.want {
			t.Errorf("%s writes into %s: %v", tt.instance, tt.of.ID, err)
		}
	}
}

func TestWritesAreDoneOnce(t *testing.T) {
	f := newFiles(t)
	client := f.as(manifest.Scopes())
	send := func(key, text string) (string, error) {
		answer, err := client.SendMessage(t.Context(), &pluginv1.SendMessageRequest{
			InstanceId: f.inbox(), IdempotencyKey: key, ConversationId: string(f.mine.ID), Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}},
		})
		return answer.GetMessageId(), err
	}
	first, err := send("k1", "Your parcel is on its way.")
	if err != nil || first == "" {
		t.Fatalf("send: %q %v", first, err)
	}
	if again, err := send("k1", "Your parcel is on its way."); err != nil || again != first {
		t.Errorf("the same again: %q %v, want %q", again, err, first)
	}
	if _, err := send("k1", "Something else."); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "idempotency.mismatch") {
		t.Errorf("other content under the key: %v", err)
	}
	if _, err := send("", "x"); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no key: %v", err)
	}
	if _, err := send("k2", strings.Repeat("x", conversation.MaxText+1)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a text that is too long: %v", err)
	}
	if _, err := send("k2", "After a refusal the key is free."); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	listed, err := client.ListMessages(t.Context(), &pluginv1.ListMessagesRequest{InstanceId: f.inbox(), ConversationId: string(f.mine.ID)})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, m := range listed.GetMessages() {
		said = append(said, m.GetAuthor().String()+" "+m.GetContent().GetText())
	}
	want := []string{"AUTHOR_CUSTOMER hello", "AUTHOR_SYSTEM Your parcel is on its way.", "AUTHOR_SYSTEM After a refusal the key is free."}
	if !slices.Equal(said, want) || listed.GetMore() {
		t.Errorf("said: %q", said)
	}
	page, err := client.ListMessages(t.Context(), &pluginv1.ListMessagesRequest{InstanceId: f.inbox(), ConversationId: string(f.mine.ID), Limit: 1})
	if err != nil || len(page.GetMessages()) != 1 || !page.GetMore() || page.GetMessages()[0].GetContent().GetText() != "After a refusal the key is free." {
		t.Errorf("a page: %v %v", page, err)
	}
}

func TestResolveAndLabels(t *testing.T) {
	f := newFiles(t)
	client := f.as(manifest.Scopes())
	_, err := client.SetLabels(t.Context(), &pluginv1.SetLabelsRequest{InstanceId: f.inbox(), IdempotencyKey: "l", ConversationId: string(f.mine.ID), Add: []string{"no such"}})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a label that is not there: %v", err)
	}
	if _, err := client.HandOff(t.Context(), &pluginv1.HandOffRequest{InstanceId: f.inbox(), IdempotencyKey: "h", ConversationId: string(f.mine.ID), Reason: "asked for a person", Summary: "Wants a refund."}); err != nil {
		t.Errorf("hand off: %v", err)
	}
	for range 2 {
		if _, err := client.ResolveConversation(t.Context(), &pluginv1.ResolveConversationRequest{InstanceId: f.inbox(), IdempotencyKey: "r", ConversationId: string(f.mine.ID)}); err != nil {
			t.Fatalf("resolve: %v", err)
		}
	}
	if got := f.world.Get(f.mine.ID); got.State != conversation.Resolved {
		t.Errorf("it is %s", got.State)
	}
}

func TestPersonalDataNeedsItsScope(t *testing.T) {
	f := newFiles(t)
	o := *f.office
	full := manifest.Scopes()
	for _, pii := range []bool{true, false} {
		o.granted = full
		if !pii {
			o.granted = slices.DeleteFunc(slices.Clone(full), func(s string) bool { return s == "contacts:read.pii" })
		}
		ports := o.ports()
		ports.Desks = f.desks
		client := pluginv1.NewHostContactServiceClient(dial(t, asking(full...), ports, "p"))
		got, err := client.GetContact(t.Context(), &pluginv1.GetContactRequest{InstanceId: f.inbox(), ContactId: string(f.mine.Contact)})
		if err != nil {
			t.Fatal(err)
		}
		if c := got.GetContact(); c.GetId() != string(f.mine.Contact) || c.GetRevision() == 0 || (c.GetName() != "") != pii {
			t.Errorf("pii %v: %v", pii, c)
		}
		if _, err := client.GetContact(t.Context(), &pluginv1.GetContactRequest{InstanceId: f.inbox(), ContactId: string(f.other.Contact)}); status.Code(err) != codes.NotFound {
			t.Errorf("another inbox's contact: %v", err)
		}
		_, err = client.FindContacts(t.Context(), &pluginv1.FindContactsRequest{InstanceId: f.inbox(), Email: "a@example.com"})
		if want := map[bool]codes.Code{true: codes.OK, false: codes.PermissionDenied}[pii]; status.Code(err) != want {
			t.Errorf("find with pii %v: %v", pii, err)
		}
	}
}

func TestLeasesAreTheProcesss(t *testing.T) {
	f := newFiles(t)
	ports := f.ports()
	ports.Desks = f.desks
	ask := func(holder string) *pluginv1.AcquireLeaseResponse {
		t.Helper()
		req := &pluginv1.AcquireLeaseRequest{InstanceId: "pin_mine", Name: "session", Ttl: durationpb.New(time.Minute)}
		l, err := pluginv1.NewHostLeaseServiceClient(dial(t, asking(manifest.Scopes()...), ports, holder)).AcquireLease(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := ask("a"); !l.GetAcquired() || l.GetFencingToken() != 1 {
		t.Errorf("the first process: %v", l)
	}
	if l := ask("b"); l.GetAcquired() {
		t.Errorf("another process has it too: %v", l)
	}
	if l := ask("a"); !l.GetAcquired() || l.GetFencingToken() != 1 {
		t.Errorf("prolonged: %v", l)
	}
}
