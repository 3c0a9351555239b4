package plugintest

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// AddContact adds a customer and returns their id. inboxes are the instances that
// know them: an inbox sees no others, a connection sees all.
func (h *Host) AddContact(c message.Contact, inboxes ...string) string {
	return h.engine.AddContact(bridge.ContactTo(c), inboxes...)
}

// MergeContact merges a customer into another, as message.Contact.MergedInto
// tells; into "" undoes it. The plugin hears of it when the test tells it.
func (h *Host) MergeContact(id, into string) { h.engine.MergeContact(id, into) }

// EraseContact erases a customer, with their conversations.
func (h *Host) EraseContact(id string) { h.engine.EraseContact(id) }

// AddConversation adds a conversation and returns its id. InboxID says whose it
// is; an inbox that is not connected is another's. Without a contact it gets one;
// without a state it is open and waits in the queue.
func (h *Host) AddConversation(c host.Conversation) string {
	return h.engine.AddConversation(bridge.ConversationTo(c))
}

// AddMessage adds a message to a conversation and returns its id. Without an
// author it is the customer's.
func (h *Host) AddMessage(conversation string, m message.Message) string {
	h.tb.Helper()
	id := h.engine.AddMessage(conversation, bridge.MessageTo(m))
	if id == "" {
		h.tb.Fatalf("there is no conversation %q", conversation)
	}
	return id
}

// AddTicket adds a ticket and returns its id. Without a type it is of the first
// one, which is called General.
func (h *Host) AddTicket(t host.Ticket) string {
	h.tb.Helper()
	id, err := h.engine.AddTicket(bridge.TicketTo(t))
	if err != nil {
		h.tb.Fatal(err)
	}
	return id
}

// AddFile puts a file into a conversation or a ticket, as one of its messages has
// it.
func (h *Host) AddFile(in, filename string, data []byte) message.Attachment {
	return bridge.Attachment(h.engine.AddFile(in, filename, data))
}

// FieldType is what a field holds.
type FieldType = testhost.FieldType

// The types.
const (
	FieldText    = testhost.FieldText
	FieldNumber  = testhost.FieldNumber
	FieldBoolean = testhost.FieldBoolean
	FieldDate    = testhost.FieldDate // 2026-11-21
	FieldList    = testhost.FieldList // one of Options
	FieldLink    = testhost.FieldLink // an address on the web
)

// Field is a custom field of tickets, or an attribute of contacts.
type Field = testhost.Field

// TicketType is a type of tickets.
type TicketType = testhost.TicketType

// AddTicketType adds a type of tickets and returns its id.
func (h *Host) AddTicketType(t TicketType) string { return h.engine.AddTicketType(t) }

// AddAttribute defines an attribute of contacts: only defined ones can be set.
func (h *Host) AddAttribute(f Field) { h.engine.AddAttribute(f) }

// AddLabel adds labels to the workspace.
func (h *Host) AddLabel(names ...string) { h.engine.AddLabel(names...) }

// AddTeam adds a team and returns its id.
func (h *Host) AddTeam(name string) string { return h.engine.AddTeam(name) }

// SignIn signs an instance in at its far side: the field with x-oauth at a JSON
// pointer has the first token, and the next one each time that the one before is
// refused or over. After the last an administrator must sign in again, and so
// they must before the first SignIn.
func (h *Host) SignIn(instance, pointer string, tokens ...host.Token) {
	all := make([]testhost.Token, len(tokens))
	for i, t := range tokens {
		all[i] = testhost.Token{Value: t.Value, ExpiresAt: t.ExpiresAt}
	}
	h.engine.SetToken(instance, pointer, all...)
}

// Entitle says what the plugin's license is. At first there is none.
func (h *Host) Entitle(e host.Entitlement) { h.engine.SetEntitlement(bridge.EntitlementTo(e)) }

// Tool is a tool of another plugin.
type Tool struct {
	host.Tool
	// Do does it. An error of the source FarSide is tried again when the plugin
	// asks again, any other one is for good.
	Do func(ctx context.Context, use ToolUse) (output json.RawMessage, err error)
}

// ToolUse is a use of a tool.
type ToolUse = testhost.ToolUse

// AddTool lets instances use a tool of another plugin. One with NeedsApproval
// waits for Decide.
func (h *Host) AddTool(t Tool) {
	h.tb.Helper()
	err := h.engine.AddTool(testhost.Tool{
		Tool: &pluginv1.Tool{
			Name: t.Name, Title: t.Title, Description: t.Description, ArgsSchema: t.ArgsSchema, OutputSchema: t.OutputSchema,
			Writes: t.Writes, NeedsApproval: t.NeedsApproval,
		},
		Do: func(ctx context.Context, use ToolUse) (*pluginv1.Result, []byte) {
			output, err := t.Do(ctx, use)
			if e := errs.As(err); e != nil && e.Source == errs.Own {
				err = errs.Reject(e.Code, e.Detail)
			}
			return bridge.ResultOf(err), output
		},
	})
	if err != nil {
		h.tb.Fatal(err)
	}
}

// Decide agrees to a use of a tool, or does not: the one that an instance asked
// for under a key.
func (h *Host) Decide(instance, key string, agree bool) {
	h.tb.Helper()
	if !h.engine.Decide(instance, key, agree) {
		h.tb.Fatalf("no use of a tool under the key %q waits for anybody", key)
	}
}

// RefuseNext makes the next call of a method fail; the method is named as in the
// protocol: "PutState", "SendMessage". code is one of package host, or the core's
// own, as "ticket.closed".
func (h *Host) RefuseNext(method, code string) {
	h.tb.Helper()
	if !known(method) {
		h.tb.Fatalf("the host has no method %q", method)
	}
	kinds := map[string]codes.Code{
		host.CodeDenied: codes.PermissionDenied, host.CodeAbsent: codes.NotFound, host.CodeInvalid: codes.InvalidArgument,
		host.CodeConflict: codes.FailedPrecondition, host.CodeUnavailable: codes.Unavailable, host.CodeBusy: codes.ResourceExhausted,
	}
	err := status.Error(codes.FailedPrecondition, code+": the test wants it so")
	if kind, ok := kinds[code]; ok {
		err = status.Error(kind, "the test wants it so")
	}
	h.engine.Refuse(method, 1, err)
}

func known(method string) bool {
	for _, s := range pluginv1.HostServices() {
		for i := range s.Methods().Len() {
			if string(s.Methods().Get(i).Name()) == method {
				return true
			}
		}
	}
	return false
}
