package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

type conversations struct {
	client pluginv1.HostConversationServiceClient
	id     string
}

// Get implements host.Conversations.
func (s *conversations) Get(ctx context.Context, id string) (host.Conversation, error) {
	answer, err := ask(ctx, pluginv1.HostConversationService_GetConversation_FullMethodName, unary(s.client.GetConversation),
		&pluginv1.GetConversationRequest{InstanceId: s.id, ConversationId: id})
	return conversationOf(answer.GetConversation()), err
}

func conversationOf(c *pluginv1.Conversation) host.Conversation {
	return host.Conversation{
		ID: c.GetId(), InboxID: c.GetInboxId(), ContactID: c.GetContactId(), State: c.GetState(), Responder: c.GetResponder(),
		AssigneeID: c.GetAssigneeId(), TeamID: c.GetTeamId(), Labels: c.GetLabels(), CreatedAt: timeOf(c.GetCreatedAt()), Seq: c.GetSeq(),
	}
}

// Messages implements host.Conversations.
func (s *conversations) Messages(ctx context.Context, req host.MessagesRequest) (host.MessagesResponse, error) {
	answer, err := ask(ctx, pluginv1.HostConversationService_ListMessages_FullMethodName, unary(s.client.ListMessages), &pluginv1.ListMessagesRequest{
		InstanceId: s.id, ConversationId: req.Conversation, BeforeSeq: req.Before, Limit: limit(req.Limit), Notes: req.Notes,
	})
	out := host.MessagesResponse{More: answer.GetMore()}
	for _, m := range answer.GetMessages() {
		out.Messages = append(out.Messages, messageOf(m))
	}
	return out, err
}

// Send implements host.Conversations.
func (s *conversations) Send(ctx context.Context, req host.SendRequest) (string, error) {
	answer, err := ask(ctx, pluginv1.HostConversationService_SendMessage_FullMethodName, unary(s.client.SendMessage), &pluginv1.SendMessageRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, ConversationId: req.Conversation, Content: contentTo(req.Content),
	})
	return answer.GetMessageId(), err
}

// AddNote implements host.Conversations.
func (s *conversations) AddNote(ctx context.Context, req host.NoteRequest) (string, error) {
	answer, err := ask(ctx, pluginv1.HostConversationService_AddNote_FullMethodName, unary(s.client.AddNote), &pluginv1.AddNoteRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, ConversationId: req.Conversation, Text: req.Text,
	})
	return answer.GetMessageId(), err
}

// SetLabels implements host.Conversations.
func (s *conversations) SetLabels(ctx context.Context, req host.LabelsRequest) ([]string, error) {
	answer, err := ask(ctx, pluginv1.HostConversationService_SetLabels_FullMethodName, unary(s.client.SetLabels), &pluginv1.SetLabelsRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, ConversationId: req.Conversation, Add: req.Add, Remove: req.Remove,
	})
	return answer.GetLabels(), err
}

// HandOff implements host.Conversations.
func (s *conversations) HandOff(ctx context.Context, req host.HandOffRequest) error {
	_, err := ask(ctx, pluginv1.HostConversationService_HandOff_FullMethodName, unary(s.client.HandOff), &pluginv1.HandOffRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, ConversationId: req.Conversation, Team: req.Team, Reason: req.Reason, Summary: req.Summary,
	})
	return err
}

// Resolve implements host.Conversations.
func (s *conversations) Resolve(ctx context.Context, id, key string) error {
	_, err := ask(ctx, pluginv1.HostConversationService_ResolveConversation_FullMethodName, unary(s.client.ResolveConversation),
		&pluginv1.ResolveConversationRequest{InstanceId: s.id, IdempotencyKey: key, ConversationId: id})
	return err
}

type contacts struct {
	client pluginv1.HostContactServiceClient
	id     string
}

// Get implements host.Contacts.
func (s *contacts) Get(ctx context.Context, id string) (message.Contact, error) {
	answer, err := ask(ctx, pluginv1.HostContactService_GetContact_FullMethodName, unary(s.client.GetContact),
		&pluginv1.GetContactRequest{InstanceId: s.id, ContactId: id})
	return contactOf(answer.GetContact()), err
}

// Find implements host.Contacts.
func (s *contacts) Find(ctx context.Context, req host.FindRequest) ([]message.Contact, error) {
	answer, err := ask(ctx, pluginv1.HostContactService_FindContacts_FullMethodName, unary(s.client.FindContacts), &pluginv1.FindContactsRequest{
		InstanceId: s.id, Email: req.Email, Phone: req.Phone, ExternalId: req.ExternalID,
	})
	var out []message.Contact
	for _, c := range answer.GetContacts() {
		out = append(out, contactOf(c))
	}
	return out, err
}

// Update implements host.Contacts.
func (s *contacts) Update(ctx context.Context, req host.ContactUpdate) (message.Contact, error) {
	answer, err := ask(ctx, pluginv1.HostContactService_UpdateContact_FullMethodName, unary(s.client.UpdateContact), &pluginv1.UpdateContactRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, ContactId: req.Contact, IfRevision: req.IfRevision, Name: req.Name, Locale: req.Locale, Attributes: req.Attributes,
	})
	return contactOf(answer.GetContact()), err
}

type tickets struct {
	client pluginv1.HostTicketServiceClient
	id     string
}

func ticketOf(t *pluginv1.Ticket) host.Ticket {
	return host.Ticket{
		ID: t.GetId(), Number: t.GetNumber(), Title: t.GetTitle(), Type: t.GetType(), Status: t.GetStatus(), Priority: t.GetPriority(),
		ContactID: t.GetContactId(), ConversationID: t.GetConversationId(), AssigneeID: t.GetAssigneeId(), TeamID: t.GetTeamId(),
		Fields: t.GetFields(), Revision: t.GetRevision(), CreatedAt: timeOf(t.GetCreatedAt()), UpdatedAt: timeOf(t.GetUpdatedAt()),
	}
}

// Get implements host.Tickets.
func (s *tickets) Get(ctx context.Context, id string) (host.Ticket, error) {
	answer, err := ask(ctx, pluginv1.HostTicketService_GetTicket_FullMethodName, unary(s.client.GetTicket),
		&pluginv1.GetTicketRequest{InstanceId: s.id, TicketId: id})
	return ticketOf(answer.GetTicket()), err
}

// Create implements host.Tickets.
func (s *tickets) Create(ctx context.Context, req host.NewTicket) (host.Ticket, error) {
	answer, err := ask(ctx, pluginv1.HostTicketService_CreateTicket_FullMethodName, unary(s.client.CreateTicket), &pluginv1.CreateTicketRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, Title: req.Title, Text: req.Text, Type: req.Type, Priority: req.Priority,
		ContactId: req.ContactID, ConversationId: req.ConversationID, Team: req.Team, Fields: req.Fields,
	})
	return ticketOf(answer.GetTicket()), err
}

// Update implements host.Tickets.
func (s *tickets) Update(ctx context.Context, req host.TicketUpdate) (host.Ticket, error) {
	answer, err := ask(ctx, pluginv1.HostTicketService_UpdateTicket_FullMethodName, unary(s.client.UpdateTicket), &pluginv1.UpdateTicketRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, TicketId: req.Ticket, IfRevision: req.IfRevision,
		Title: req.Title, Status: req.Status, Priority: req.Priority, Fields: req.Fields,
	})
	return ticketOf(answer.GetTicket()), err
}

// Comment implements host.Tickets.
func (s *tickets) Comment(ctx context.Context, req host.CommentRequest) error {
	_, err := ask(ctx, pluginv1.HostTicketService_CommentOnTicket_FullMethodName, unary(s.client.CommentOnTicket), &pluginv1.CommentOnTicketRequest{
		InstanceId: s.id, IdempotencyKey: req.Key, TicketId: req.Ticket, Text: req.Text, Public: req.Public,
	})
	return err
}

// PieceSize is how many bytes of a file one message carries at most.
const PieceSize = 256 << 10

type blobs struct {
	client pluginv1.HostBlobServiceClient
	id     string
}

// Download implements host.Blobs.
func (b *blobs) Download(ctx context.Context, id string, w io.Writer) (message.Attachment, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the stream when w fails
	defer cancel()
	stream, err := b.client.DownloadBlob(ctx, &pluginv1.DownloadBlobRequest{InstanceId: b.id, BlobId: id})
	if err != nil {
		return message.Attachment{}, hostError(err)
	}
	var about message.Attachment
	got := int64(0)
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if got != about.Size {
				return about, errs.Unavailable(nil, fmt.Sprintf("%d of %d bytes came", got, about.Size)).WithCode(host.CodeUnavailable)
			}
			return about, nil
		}
		if err != nil {
			return about, hostError(err)
		}
		if a := answer.GetAbout(); a != nil {
			about = attachmentOf(a)
		}
		n, err := w.Write(answer.GetPiece())
		if got += int64(n); err != nil {
			return about, fmt.Errorf("write the file: %w", err)
		}
	}
}

// Upload implements host.Blobs.
func (b *blobs) Upload(ctx context.Context, req host.UploadRequest) (message.Attachment, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the stream when Body fails
	defer cancel()
	stream, err := b.client.UploadBlob(ctx)
	if err != nil {
		return message.Attachment{}, hostError(err)
	}
	next := &pluginv1.UploadBlobRequest{InstanceId: b.id, Filename: req.Filename, Size: uint64(max(req.Size, 0))}
	piece := make([]byte, PieceSize)
	for {
		n, readErr := io.ReadFull(req.Body, piece)
		if readErr != nil && !errors.Is(readErr, io.EOF) && !errors.Is(readErr, io.ErrUnexpectedEOF) {
			return message.Attachment{}, fmt.Errorf("read the file: %w", readErr)
		}
		next.Piece = piece[:n]
		if n > 0 || next.GetInstanceId() != "" {
			if sendErr := stream.Send(next); sendErr != nil {
				break // CloseAndRecv says why
			}
		}
		if readErr != nil {
			break
		}
		next = &pluginv1.UploadBlobRequest{}
	}
	answer, err := stream.CloseAndRecv()
	return attachmentOf(answer.GetBlob()), hostError(err)
}

// hostError words a failure of the host for authors: what the host refused is
// Rejected, the rest may work later.
func hostError(err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	own, detail := coded(s.Message())
	reject := func(code string) error {
		if own != "" {
			code = own
		}
		return errs.Reject(code, detail).WithCause(err)
	}
	switch s.Code() { //nolint:exhaustive // the rest may work later
	case codes.PermissionDenied, codes.Unimplemented:
		return reject(host.CodeDenied)
	case codes.NotFound:
		return reject(host.CodeAbsent)
	case codes.InvalidArgument, codes.OutOfRange:
		return reject(host.CodeInvalid)
	case codes.FailedPrecondition, codes.AlreadyExists:
		return reject(host.CodeConflict)
	case codes.ResourceExhausted:
		return errs.Unavailable(err, detail).WithCode(host.CodeBusy)
	}
	return errs.Unavailable(err, "the host did not do it: "+detail).WithCode(host.CodeUnavailable)
}

// coded splits the text of a refusal into the core's code and the rest.
func coded(text string) (code, rest string) {
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c == '_', c == '.', c >= '0' && c <= '9' && i > 0:
		case c == ':' && i > 0 && i+1 < len(text) && text[i+1] == ' ':
			return text[:i], text[i+2:]
		default:
			return "", text
		}
	}
	return "", text
}
