package pluginhost

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// conversationDesk serves HostConversationService.
type conversationDesk struct {
	pluginv1.UnimplementedHostConversationServiceServer
	*desk
}

// GetConversation returns a conversation that the instance sees.
func (d *conversationDesk) GetConversation(ctx context.Context, req *pluginv1.GetConversationRequest) (*pluginv1.GetConversationResponse, error) {
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	c, err := d.conversation(ctx, i, req.GetConversationId())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	names, err := d.labelNames(ctx, i.Workspace, c.Labels)
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.GetConversationResponse{Conversation: conversationWith(c, names)}, nil
}

func conversationWith(c conversation.Conversation, labels []string) *pluginv1.Conversation {
	return &pluginv1.Conversation{
		Id: string(c.ID), InboxId: string(c.Inbox), ContactId: string(c.Contact), State: string(c.State), Responder: string(c.Responder),
		AssigneeId: string(c.Assignee), TeamId: string(c.Team), Labels: labels, CreatedAt: timestamppb.New(c.CreatedAt), Seq: c.LastSeq,
	}
}

// labelNames returns the names of labels, sorted.
func (d *desk) labelNames(ctx context.Context, w identity.WorkspaceID, ids []catalog.LabelID) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := d.ports.Desks.Records.Labels.Labels(ctx, w)
	var out []string
	for _, l := range all {
		if slices.Contains(ids, l.ID) {
			out = append(out, l.Name)
		}
	}
	slices.Sort(out)
	return out, err
}

// Bounds of a page of messages.
const (
	defaultMessages = 50
	maxMessages     = 100
	lookBack        = 200 // changes that are read at a time: not each is a message
)

// ListMessages returns a page of messages, the oldest first.
func (d *conversationDesk) ListMessages(ctx context.Context, req *pluginv1.ListMessagesRequest) (*pluginv1.ListMessagesResponse, error) {
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	c, err := d.conversation(ctx, i, req.GetConversationId())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	want := int(min(req.GetLimit(), maxMessages+1))
	if want == 0 {
		want = defaultMessages
	}
	if want > maxMessages {
		return nil, d.refusal(ctx, unknown("limit", "must be 1 to 100"))
	}
	before := req.GetBeforeSeq()
	if before == 0 {
		before = c.LastSeq + 1
	}
	found, more, err := d.messages(ctx, i, c.ID, messageRange{before: before, want: want, notes: req.GetNotes()})
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.ListMessagesResponse{Messages: found, More: more}, nil
}

type messageRange struct {
	before uint64
	want   int
	notes  bool
}

// messages reads backwards until there are as many as are wanted.
func (d *conversationDesk) messages(ctx context.Context, i instance, id conversation.ID, r messageRange) (out []*pluginv1.Message, more bool, err error) {
	scope := d.acting(i, identity.ConversationRead)
	size := 0
	for before := r.before; before > 1; {
		changes, _, err := d.ports.Desks.Records.Conversations.Timeline(ctx, scope, id, conversation.Range{Before: before, Limit: lookBack})
		if err != nil || len(changes) == 0 {
			return reversed(out), false, err
		}
		for _, ch := range slices.Backward(changes) {
			if ch.Message == nil || !ch.Message.RecalledAt.IsZero() || ch.Type != conversation.MessageCreated && (ch.Type != conversation.NoteCreated || !r.notes) {
				continue
			}
			size += len(ch.Message.Text)
			if len(out) == r.want || size > maxPage {
				return reversed(out), true, nil
			}
			out = append(out, messageTo(ch.Message))
		}
		before = changes[0].Seq
	}
	return reversed(out), false, nil
}

func reversed(all []*pluginv1.Message) []*pluginv1.Message {
	slices.Reverse(all)
	return all
}

// messageTo is a message as plugins see it.
func messageTo(m *conversation.Message) *pluginv1.Message {
	out := &pluginv1.Message{
		Id: string(m.ID), ConversationId: string(m.Conversation), Seq: m.Seq, Note: m.Kind == conversation.Note, At: timestamppb.New(m.CreatedAt),
		Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: m.Text}},
	}
	for _, a := range m.Attachments {
		out.Content.Attachments = append(out.Content.Attachments, attachmentTo(a))
	}
	if m.Sender.Kind == identity.ActorContact {
		out.Author = pluginv1.Author_AUTHOR_CUSTOMER
		return out
	}
	out.AuthorId, out.AuthorName, out.Author = m.Sender.ID, m.Sender.Name, pluginv1.Author_AUTHOR_SYSTEM
	switch string(m.Sender.Kind) {
	case string(identity.ActorMember):
		out.Author = pluginv1.Author_AUTHOR_AGENT
	case "bot":
		out.Author = pluginv1.Author_AUTHOR_BOT
	}
	return out
}

func attachmentTo(a media.Attachment) *pluginv1.Attachment {
	return &pluginv1.Attachment{BlobId: string(a.ID), MediaType: a.Type, Filename: a.Name, Size: uint64(max(a.Size, 0))}
}

// SendMessage writes to the customer.
func (d *conversationDesk) SendMessage(ctx context.Context, req *pluginv1.SendMessageRequest) (*pluginv1.SendMessageResponse, error) {
	return keyed(ctx, d.desk, "SendMessage", req, &pluginv1.SendMessageResponse{}, func(ctx context.Context, i instance) (*pluginv1.SendMessageResponse, error) {
		p := conversation.Post{Kind: conversation.Text, Text: req.GetContent().GetText(), ClientID: clientID(i, req.GetIdempotencyKey(), "send")}
		for _, a := range req.GetContent().GetAttachments() {
			p.Attachments = append(p.Attachments, media.ID(a.GetBlobId()))
		}
		id, err := d.post(ctx, i, req.GetConversationId(), p)
		return &pluginv1.SendMessageResponse{MessageId: id}, err
	})
}

// AddNote writes to colleagues.
func (d *conversationDesk) AddNote(ctx context.Context, req *pluginv1.AddNoteRequest) (*pluginv1.AddNoteResponse, error) {
	return keyed(ctx, d.desk, "AddNote", req, &pluginv1.AddNoteResponse{}, func(ctx context.Context, i instance) (*pluginv1.AddNoteResponse, error) {
		id, err := d.post(ctx, i, req.GetConversationId(), conversation.Post{
			Kind: conversation.Note, Text: req.GetText(), ClientID: clientID(i, req.GetIdempotencyKey(), "note"),
		})
		return &pluginv1.AddNoteResponse{MessageId: id}, err
	})
}

func (d *conversationDesk) post(ctx context.Context, i instance, id string, p conversation.Post) (string, error) {
	c, err := d.conversation(ctx, i, id)
	if err != nil {
		return "", err
	}
	p.Conversation, p.Bringer = c.ID, i.ID
	posted, err := d.ports.Desks.Records.Conversations.Post(ctx, d.acting(i, identity.ConversationReply), p)
	if err != nil {
		return "", err
	}
	return string(posted.Change.Message.ID), nil
}

// maxLabelNames bounds one request.
const maxLabelNames = 50

// SetLabels adds labels and takes labels away.
func (d *conversationDesk) SetLabels(ctx context.Context, req *pluginv1.SetLabelsRequest) (*pluginv1.SetLabelsResponse, error) {
	return keyed(ctx, d.desk, "SetLabels", req, &pluginv1.SetLabelsResponse{}, func(ctx context.Context, i instance) (*pluginv1.SetLabelsResponse, error) {
		c, err := d.conversation(ctx, i, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		all, err := d.ports.Desks.Records.Labels.Labels(ctx, i.Workspace)
		if err != nil {
			return nil, err
		}
		for _, part := range []struct {
			field  string
			names  []string
			action conversation.Action
		}{{"add", req.GetAdd(), conversation.BulkLabel}, {"remove", req.GetRemove(), conversation.BulkUnlabel}} {
			ids, err := labelled(all, part.field, part.names)
			if err != nil {
				return nil, err
			}
			if len(ids) == 0 {
				continue
			}
			if err := joined(d.ports.Desks.Records.Conversations.Bulk(ctx, d.acting(i, identity.ConversationReply),
				conversation.Bulk{IDs: []conversation.ID{c.ID}, Action: part.action, Labels: ids})); err != nil {
				return nil, err
			}
		}
		if c, err = d.conversation(ctx, i, req.GetConversationId()); err != nil {
			return nil, err
		}
		names, err := d.labelNames(ctx, i.Workspace, c.Labels)
		return &pluginv1.SetLabelsResponse{Labels: names}, err
	})
}

// labelled finds labels by their names, whatever the case.
func labelled(all []catalog.Label, field string, names []string) ([]catalog.LabelID, error) {
	if len(names) > maxLabelNames {
		return nil, unknown(field, "has more than 50 entries")
	}
	var out []catalog.LabelID
	for _, name := range names {
		at := slices.IndexFunc(all, func(l catalog.Label) bool { return strings.EqualFold(l.Name, name) })
		if at < 0 {
			return nil, unknown(field, "the workspace has no label "+cut(valid(name), maxCode))
		}
		out = append(out, all[at].ID)
	}
	return out, nil
}

// HandOff gives a conversation to people. Where an agent has it, it stays theirs.
func (d *conversationDesk) HandOff(ctx context.Context, req *pluginv1.HandOffRequest) (*pluginv1.HandOffResponse, error) {
	return keyed(ctx, d.desk, "HandOff", req, &pluginv1.HandOffResponse{}, func(ctx context.Context, i instance) (*pluginv1.HandOffResponse, error) {
		c, err := d.conversation(ctx, i, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		if c.State != conversation.Open {
			return nil, errs.New(errs.Conflict, "conversation.not_open", "Only an open conversation can be handed to people.")
		}
		nobody := identity.MemberID("")
		to := conversation.Destination{Member: &nobody}
		if req.GetTeam() != "" {
			found, err := d.teamNamed(ctx, i.Workspace, req.GetTeam())
			if err != nil {
				return nil, err
			}
			to.Team = &found
		}
		if note := handoverNote(req); note != "" {
			if _, err := d.post(ctx, i, req.GetConversationId(), conversation.Post{
				Kind: conversation.Note, Text: note, ClientID: clientID(i, req.GetIdempotencyKey(), "hand"),
			}); err != nil {
				return nil, err
			}
		}
		if c.Responder == conversation.ResponderAgent {
			return &pluginv1.HandOffResponse{}, nil
		}
		_, err = d.ports.Desks.Records.Conversations.Transfer(ctx, d.acting(i, identity.ConversationAssign), c.ID, to)
		return &pluginv1.HandOffResponse{}, err
	})
}

// handoverNote is what whoever takes the conversation reads.
func handoverNote(req *pluginv1.HandOffRequest) string {
	return strings.TrimSpace(strings.TrimSpace(req.GetReason()) + "\n\n" + strings.TrimSpace(req.GetSummary()))
}

// ResolveConversation ends a conversation until the customer writes again.
func (d *conversationDesk) ResolveConversation(ctx context.Context, req *pluginv1.ResolveConversationRequest) (*pluginv1.ResolveConversationResponse, error) {
	return keyed(ctx, d.desk, "ResolveConversation", req, &pluginv1.ResolveConversationResponse{}, func(ctx context.Context, i instance) (*pluginv1.ResolveConversationResponse, error) {
		c, err := d.conversation(ctx, i, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		return &pluginv1.ResolveConversationResponse{}, joined(d.ports.Desks.Records.Conversations.Bulk(ctx, d.acting(i, identity.ConversationReply),
			conversation.Bulk{IDs: []conversation.ID{c.ID}, Action: conversation.BulkResolve}))
	})
}
