package bridge

import (
	"net/http"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// The functions of this file are for the other end of a plugin in tests: they
// word what came over the wire as authors know it, and back.

// Services returns the services of a host for an instance, over a connection.
func Services(conn *grpc.ClientConn, id string) host.Instance {
	return newHost(conn, newInstances()).For(id)
}

// Hosted is the core as a plugin sees it, over a connection.
func Hosted(conn *grpc.ClientConn) *Host { return newHost(conn, newInstances()) }

// Message words a message.
func Message(m *pluginv1.Message) message.Message { return messageOf(m) }

// MessageTo is a message on the wire.
func MessageTo(m message.Message) *pluginv1.Message {
	return &pluginv1.Message{
		Id: m.ID, ConversationId: m.ConversationID, Seq: m.Seq, Author: authorTo(m.Author), AuthorId: m.AuthorID, AuthorName: m.AuthorName,
		Content: contentTo(m.Content), At: timeTo(m.At), Note: m.Note,
	}
}

func authorTo(a message.Author) pluginv1.Author {
	switch a {
	case message.AuthorCustomer:
		return pluginv1.Author_AUTHOR_CUSTOMER
	case message.AuthorAgent:
		return pluginv1.Author_AUTHOR_AGENT
	case message.AuthorBot:
		return pluginv1.Author_AUTHOR_BOT
	case message.AuthorSystem:
		return pluginv1.Author_AUTHOR_SYSTEM
	case message.AuthorUnknown:
		return pluginv1.Author_AUTHOR_UNSPECIFIED
	default:
		return pluginv1.Author_AUTHOR_UNSPECIFIED
	}
}

// Contact words a contact.
func Contact(c *pluginv1.Contact) message.Contact { return contactOf(c) }

// ContactTo is a contact on the wire.
func ContactTo(c message.Contact) *pluginv1.Contact {
	return &pluginv1.Contact{
		Id: c.ID, Name: c.Name, Emails: c.Emails, Phones: c.Phones, ExternalId: c.ExternalID, Attributes: c.Attributes, Locale: c.Locale,
		Blocked: c.Blocked, CreatedAt: timeTo(c.CreatedAt), Revision: c.Revision, MergedInto: c.MergedInto,
	}
}

// Ticket words a ticket.
func Ticket(t *pluginv1.Ticket) host.Ticket { return ticketOf(t) }

// TicketTo is a ticket on the wire.
func TicketTo(t host.Ticket) *pluginv1.Ticket {
	return &pluginv1.Ticket{
		Id: t.ID, Number: t.Number, Title: t.Title, Type: t.Type, Status: t.Status, Priority: t.Priority, ContactId: t.ContactID,
		ConversationId: t.ConversationID, AssigneeId: t.AssigneeID, TeamId: t.TeamID, Fields: t.Fields, Revision: t.Revision,
	}
}

// Conversation words a conversation.
func Conversation(c *pluginv1.Conversation) host.Conversation { return conversationOf(c) }

// ConversationTo is a conversation on the wire.
func ConversationTo(c host.Conversation) *pluginv1.Conversation {
	return &pluginv1.Conversation{
		Id: c.ID, InboxId: c.InboxID, ContactId: c.ContactID, State: c.State, Responder: c.Responder, AssigneeId: c.AssigneeID,
		TeamId: c.TeamID, Labels: c.Labels, CreatedAt: timeTo(c.CreatedAt),
	}
}

// Attachment words a file.
func Attachment(a *pluginv1.Attachment) message.Attachment { return attachmentOf(a) }

// Inbound words what a plugin brought.
func Inbound(in *pluginv1.Inbound) channel.Inbound { return inboundOf(in) }

// InboundTo is what a plugin brings, on the wire.
func InboundTo(m channel.Inbound) *pluginv1.Inbound { return inboundTo(m) }

// OutboundTo is a message that a plugin is to send, on the wire.
func OutboundTo(r channel.SendRequest) *pluginv1.Outbound {
	out := &pluginv1.Outbound{
		Id: r.DeliveryID, InstanceId: r.Instance.ID, ConversationId: r.ConversationID, Seq: r.Seq, RecipientExternalId: r.Recipient,
		Content: contentTo(r.Content), Attempt: uint32(max(r.Attempt, 0)), Suspect: r.Suspect, //nolint:gosec // a small number
		Thread: r.Thread, ReplyTo: r.ReplyTo, References: r.References, Author: authorTo(r.Author), AuthorName: r.AuthorName,
		Automatic: r.Automatic, Target: r.Target, Template: templateUseTo(r.Template),
	}
	switch r.Act {
	case channel.Post:
	case channel.Edit:
		out.Act = pluginv1.Act_ACT_EDIT
	case channel.Recall:
		out.Act = pluginv1.Act_ACT_RECALL
	}
	return out
}

// InstanceTo is an instance on the wire.
func InstanceTo(i instance.Instance) *pluginv1.Instance {
	return &pluginv1.Instance{
		Id: i.ID, Config: i.Config, ConfigRevision: i.Revision, Secrets: i.Secrets, Scopes: i.Scopes, Kind: i.Kind, Name: i.Name,
		Locale: i.Locale, TimeZone: i.TimeZone,
	}
}

// Health words how an instance fares.
func Health(h *pluginv1.InstanceHealth) instance.Health {
	out := instance.Health{Code: h.GetCode(), Detail: h.GetDetail()}
	switch h.GetState() {
	case pluginv1.HealthState_HEALTH_STATE_DEGRADED:
		out.State = instance.Degraded
	case pluginv1.HealthState_HEALTH_STATE_DOWN:
		out.State = instance.Down
	case pluginv1.HealthState_HEALTH_STATE_UNSPECIFIED:
		if h != nil {
			out.State = instance.Unknown
		}
	case pluginv1.HealthState_HEALTH_STATE_OK:
	}
	return out
}

// ErrorOf words what became of a call: nil when its effect happened.
func ErrorOf(r *pluginv1.Result) error {
	if err := errorOf(r); err != nil {
		return err
	}
	return nil
}

// ResultOf says on the wire what became of a call.
func ResultOf(err error) *pluginv1.Result { return resultOf(err) }

// EntitlementTo is what a license says, on the wire.
func EntitlementTo(e host.Entitlement) *pluginv1.GetEntitlementResponse {
	states := map[host.EntitlementState]pluginv1.GetEntitlementResponse_State{
		host.EntitlementTrial: pluginv1.GetEntitlementResponse_STATE_TRIAL, host.EntitlementValid: pluginv1.GetEntitlementResponse_STATE_VALID,
		host.EntitlementGrace: pluginv1.GetEntitlementResponse_STATE_GRACE, host.EntitlementExpired: pluginv1.GetEntitlementResponse_STATE_EXPIRED,
		host.EntitlementNone: pluginv1.GetEntitlementResponse_STATE_NONE,
	}
	return &pluginv1.GetEntitlementResponse{
		State: states[e.State], Edition: e.Edition, Features: e.Features, Limits: e.Limits, Customer: e.Customer, ExpiresAt: timeTo(e.ExpiresAt),
		MaintainedUntil: timeTo(e.MaintainedUntil), GraceUntil: timeTo(e.GraceUntil), Token: e.Token,
	}
}

// HostError words a failure of the host as plugins get it.
func HostError(err error) error { return hostError(err) }

// ReceiveRequestTo puts a request of the far side on the wire.
func ReceiveRequestTo(r channel.ReceiveRequest) *pluginv1.HandleWebhookRequest {
	query := r.RawQuery
	if query == "" {
		query = r.Query.Encode()
	}
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	return &pluginv1.HandleWebhookRequest{
		WebhookId: r.ID, InstanceId: r.Instance.ID, Method: method, Path: r.Path, Query: query,
		Headers: headersTo(r.Header), Body: r.Body, RemoteAddr: r.Remote, Replay: r.Replay,
	}
}

// ReceiveResponse reads what a channel made of one.
func ReceiveResponse(r *pluginv1.HandleWebhookResponse) channel.ReceiveResponse {
	out := channel.ReceiveResponse{Status: int(r.GetStatus()), Header: headersOf(r.GetHeaders()), Body: r.GetBody()}
	for _, in := range r.GetInbound() {
		out.Messages = append(out.Messages, inboundOf(in))
	}
	return out
}
