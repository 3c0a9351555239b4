package testhost

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

type conversations struct {
	pluginv1.UnimplementedHostConversationServiceServer
	*desk
}

// GetConversation returns a conversation that the instance sees.
func (h *conversations) GetConversation(_ context.Context, req *pluginv1.GetConversationRequest) (*pluginv1.GetConversationResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.conversation(req.GetInstanceId(), req.GetConversationId())
	if t == nil {
		return nil, absent()
	}
	return &pluginv1.GetConversationResponse{Conversation: proto.CloneOf(t.Conversation)}, nil
}

// ListMessages returns a page of messages, the oldest first.
func (h *conversations) ListMessages(_ context.Context, req *pluginv1.ListMessagesRequest) (*pluginv1.ListMessagesResponse, error) {
	const otherwise, most = 50, 100
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.conversation(req.GetInstanceId(), req.GetConversationId())
	if t == nil {
		return nil, absent()
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = otherwise
	}
	if limit > most {
		return nil, unknown("limit", "must be 1 to 100")
	}
	out, size := &pluginv1.ListMessagesResponse{}, 0
	for _, m := range slices.Backward(t.messages) {
		if req.GetBeforeSeq() != 0 && m.GetSeq() >= req.GetBeforeSeq() || m.GetNote() && !req.GetNotes() {
			continue
		}
		if size += len(m.GetContent().GetText()); len(out.GetMessages()) == limit || size > maxPage {
			out.More = true
			break
		}
		out.Messages = append(out.Messages, proto.CloneOf(m))
	}
	slices.Reverse(out.GetMessages())
	return out, nil
}

// SendMessage writes to the customer.
func (h *conversations) SendMessage(_ context.Context, req *pluginv1.SendMessageRequest) (*pluginv1.SendMessageResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.SendMessageResponse, error) {
		m := &pluginv1.Message{Content: proto.CloneOf(req.GetContent())}
		id, err := h.post(req.GetInstanceId(), req.GetConversationId(), "send "+req.GetIdempotencyKey(), m)
		return &pluginv1.SendMessageResponse{MessageId: id}, err
	})
}

// AddNote writes to colleagues.
func (h *conversations) AddNote(_ context.Context, req *pluginv1.AddNoteRequest) (*pluginv1.AddNoteResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.AddNoteResponse, error) {
		m := &pluginv1.Message{Note: true, Content: textOf(req.GetText())}
		id, err := h.post(req.GetInstanceId(), req.GetConversationId(), "note "+req.GetIdempotencyKey(), m)
		return &pluginv1.AddNoteResponse{MessageId: id}, err
	})
}

func textOf(s string) *pluginv1.Content {
	return &pluginv1.Content{Body: &pluginv1.Content_Text{Text: s}}
}

// post writes a message or a note as the plugin, once under its name.
func (h *conversations) post(instance, conversation, name string, m *pluginv1.Message) (string, error) {
	t := h.conversation(instance, conversation)
	if t == nil {
		return "", absent()
	}
	if err := h.checkPost(m); err != nil {
		return "", err
	}
	at := place{instance, name}
	if before := h.records.written[at]; before != nil && before.in == conversation {
		if before.text != m.GetContent().GetText() {
			return "", invalid("message.client_id_reused", "This client_msg_id was used for another message. Make a new one for each message.",
				[2]string{"/client_msg_id", "was used for another message"})
		}
		return before.id, nil
	}
	if t.GetState() == "resolved" && !m.GetNote() {
		return "", conflict("conversation.resolved", "The conversation is resolved. Reopen it before you answer.")
	}
	files, err := h.attach(instance, t.GetId(), m.GetContent().GetAttachments())
	if err != nil {
		return "", err
	}
	m.Content = textOf(m.GetContent().GetText())
	m.Content.Attachments = files
	m.Author, m.AuthorId, m.AuthorName = pluginv1.Author_AUTHOR_SYSTEM, h.options.Manifest.ID, h.name()
	id := h.append(t, m).GetId()
	h.records.written[at] = &written{in: conversation, text: m.GetContent().GetText(), id: id}
	return id, nil
}

// checkPost checks a message against the rules, and against what the channel of
// the plugin's own manifest carries.
func (h *Host) checkPost(m *pluginv1.Message) error {
	text, files := m.GetContent().GetText(), m.GetContent().GetAttachments()
	limit, carries := maxText, true
	if c := h.options.Manifest.Channel; c != nil && !m.GetNote() {
		if c.TextLimit > 0 {
			limit = min(limit, c.TextLimit)
		}
		carries = c.Files()
	}
	bad := func(code, sentence string) error {
		return invalid("message.text_"+code, sentence, [2]string{"/text", sentence})
	}
	switch {
	case text == "" && len(files) > 0:
	case long(text, limit):
		return bad("too_long", "The text is too long. Send it in parts.")
	case control(text, true):
		return bad("control", "The text holds control characters, such as NUL. Remove them.")
	case strings.TrimSpace(text) == "":
		return bad("empty", "The text is empty.")
	}
	if len(files) > 0 && !carries {
		const sentence = "The channel takes no files."
		return invalid("message.unsupported", sentence, [2]string{"/attachment_ids", sentence})
	}
	return nil
}

// SetLabels adds labels and takes labels away.
func (h *conversations) SetLabels(_ context.Context, req *pluginv1.SetLabelsRequest) (*pluginv1.SetLabelsResponse, error) {
	const maxOfOne = 50
	return keyed(h.desk, req, func() (*pluginv1.SetLabelsResponse, error) {
		t := h.conversation(req.GetInstanceId(), req.GetConversationId())
		if t == nil {
			return nil, absent()
		}
		add, err := h.labelled("add", req.GetAdd())
		if err != nil {
			return nil, err
		}
		remove, err := h.labelled("remove", req.GetRemove())
		if err != nil {
			return nil, err
		}
		now := slices.Concat(t.GetLabels(), add)
		slices.Sort(now)
		if now = slices.Compact(now); len(now) > maxOfOne {
			return nil, invalid("conversation.too_many", "At most 50 are possible.", [2]string{"/label_ids", "has more than 50 entries"})
		}
		now = slices.DeleteFunc(now, func(name string) bool { return slices.Contains(remove, name) })
		if !slices.Equal(now, t.GetLabels()) {
			t.Labels = now
			t.Seq++
		}
		return &pluginv1.SetLabelsResponse{Labels: slices.Clone(now)}, nil
	})
}

// labelled finds labels by their names, whatever the case.
func (h *Host) labelled(field string, names []string) ([]string, error) {
	const maxNames = 50
	if len(names) > maxNames {
		return nil, unknown(field, "has more than 50 entries")
	}
	var out []string
	for _, name := range names {
		i := slices.IndexFunc(h.records.labels, func(l string) bool { return strings.EqualFold(l, name) })
		if i < 0 {
			return nil, unknown(field, "the workspace has no label "+cut(name, 64))
		}
		out = append(out, h.records.labels[i])
	}
	return out, nil
}

// HandOff gives a conversation to people. Where an agent has it, it stays theirs.
func (h *conversations) HandOff(_ context.Context, req *pluginv1.HandOffRequest) (*pluginv1.HandOffResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.HandOffResponse, error) {
		t := h.conversation(req.GetInstanceId(), req.GetConversationId())
		if t == nil {
			return nil, absent()
		}
		if t.GetState() != "open" {
			return nil, conflict("conversation.not_open", "Only an open conversation can be handed to people.")
		}
		team := t.GetTeamId()
		if req.GetTeam() != "" {
			found, err := h.team(req.GetTeam())
			if err != nil {
				return nil, err
			}
			team = found
		}
		note := strings.TrimSpace(strings.TrimSpace(req.GetReason()) + "\n\n" + strings.TrimSpace(req.GetSummary()))
		if note != "" {
			m := &pluginv1.Message{Note: true, Content: textOf(note)}
			if _, err := h.post(req.GetInstanceId(), t.GetId(), "hand "+req.GetIdempotencyKey(), m); err != nil {
				return nil, err
			}
		}
		if t.GetResponder() != "agent" {
			t.TeamId, t.Responder, t.AssigneeId = team, "queue", ""
			t.Seq++
		}
		return &pluginv1.HandOffResponse{}, nil
	})
}

// ResolveConversation ends a conversation until the customer writes again.
func (h *conversations) ResolveConversation(_ context.Context, req *pluginv1.ResolveConversationRequest) (*pluginv1.ResolveConversationResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.ResolveConversationResponse, error) {
		t := h.conversation(req.GetInstanceId(), req.GetConversationId())
		if t == nil {
			return nil, absent()
		}
		if t.GetState() != "resolved" {
			t.State = "resolved"
			t.Seq++
		}
		return &pluginv1.ResolveConversationResponse{}, nil
	})
}
