package testhost

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

type tickets struct {
	pluginv1.UnimplementedHostTicketServiceServer
	*desk
}

// AddTicket adds a ticket and returns its id. Without a type it is of the first
// one, without a status new. Its fields are taken as they are.
func (h *Host) AddTicket(t *pluginv1.Ticket) (string, error) {
	fields, err := objectOf("fields", t.GetFields())
	if err != nil {
		return "", err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	typ, err := h.ticketType(t.GetType())
	if err != nil {
		return "", err
	}
	w := &work{Ticket: proto.CloneOf(t), typ: typ, fields: fields}
	if c := h.records.conversations[t.GetConversationId()]; c != nil {
		w.inbox, w.ContactId = c.GetInboxId(), c.GetContactId()
	}
	return h.start(w).GetId(), nil
}

// start gives a ticket what the core gives it.
func (h *Host) start(w *work) *work {
	h.records.numbers++
	w.Id, w.Number, w.Revision = h.id("tkt"), h.records.numbers, 1
	if w.GetStatus() == "" {
		w.Status = "new"
	}
	if w.GetPriority() == "" {
		w.Priority = "normal"
	}
	w.CreatedAt = timestamppb.New(h.now())
	w.UpdatedAt = w.GetCreatedAt()
	h.records.tickets[w.GetId()] = w
	return w
}

// worded is a ticket as plugins see it.
func (w *work) worded() *pluginv1.Ticket {
	out := proto.CloneOf(w.Ticket)
	out.Type, out.Fields = w.typ.Name, nil
	if len(w.fields) > 0 {
		if raw, err := json.Marshal(w.fields); err == nil { // it was JSON
			out.Fields = raw
		}
	}
	return out
}

// touch notes a change.
func (h *Host) touch(w *work) {
	w.Revision++
	w.UpdatedAt = timestamppb.New(h.now())
}

// ticketType finds a type by its id or name; "" = the default.
func (h *Host) ticketType(wanted string) (*TicketType, error) {
	if wanted == "" {
		return h.records.types[0], nil
	}
	for _, t := range h.records.types {
		if t.ID == wanted || !t.Archived && strings.EqualFold(t.Name, wanted) {
			return t, nil
		}
	}
	return nil, unknown("type", "there is no such type of tickets")
}

// GetTicket returns a ticket that the instance sees.
func (h *tickets) GetTicket(_ context.Context, req *pluginv1.GetTicketRequest) (*pluginv1.GetTicketResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.ticket(req.GetInstanceId(), req.GetTicketId())
	if w == nil {
		return nil, absent()
	}
	return &pluginv1.GetTicketResponse{Ticket: w.worded()}, nil
}

// CreateTicket makes a ticket. An inbox makes it of one of its conversations.
func (h *tickets) CreateTicket(_ context.Context, req *pluginv1.CreateTicketRequest) (*pluginv1.CreateTicketResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.CreateTicketResponse, error) {
		w, err := h.draft(req)
		if err != nil {
			return nil, err
		}
		fields := w.fields
		if w.fields, err = checked(w.typ.Fields, "/fields", fields); err != nil {
			return nil, err
		}
		maps.DeleteFunc(w.fields, func(_ string, v any) bool { return v == nil })
		return &pluginv1.CreateTicketResponse{Ticket: h.start(w).worded()}, nil
	})
}

// Limits of tickets, in characters.
const (
	maxTitle       = 200
	maxDescription = 10_000
	maxComment     = 10_000
)

// draft reads what is wanted; what it names is what the instance sees.
func (h *tickets) draft(req *pluginv1.CreateTicketRequest) (*work, error) {
	w, err := h.draftOf(req)
	if err != nil {
		return nil, err
	}
	if w.fields, err = objectOf("fields", req.GetFields()); err != nil {
		return nil, err
	}
	if req.GetTeam() != "" {
		if w.TeamId, err = h.team(req.GetTeam()); err != nil {
			return nil, err
		}
	}
	if w.typ, err = h.ticketType(req.GetType()); err != nil {
		return nil, err
	}
	bad := append(checkTitle(req.GetTitle()), checkText("/description", req.GetText(), maxDescription)...)
	if req.GetPriority() != "" {
		bad = append(bad, checkPriority(req.GetPriority())...)
	}
	if len(bad) > 0 {
		return nil, invalid("ticket.invalid", "Some values are not accepted.", bad...)
	}
	if w.typ.Archived {
		return nil, conflict("ticket_type.archived", "This type takes no new tickets. Choose another one.", [2]string{"/type_id", "takes no new tickets"})
	}
	w.Title, w.Priority = strings.TrimSpace(req.GetTitle()), req.GetPriority()
	return w, nil
}

// draftOf takes the customer from the conversation.
func (h *tickets) draftOf(req *pluginv1.CreateTicketRequest) (*work, error) {
	w := &work{Ticket: &pluginv1.Ticket{}}
	instance := req.GetInstanceId()
	if h.inbox(instance) != "" && req.GetConversationId() == "" {
		return nil, unknown("conversation_id", "is missing: an inbox makes tickets of its own conversations")
	}
	if req.GetConversationId() != "" {
		c := h.conversation(instance, req.GetConversationId())
		if c == nil {
			return nil, absent()
		}
		if req.GetContactId() != "" && req.GetContactId() != c.GetContactId() {
			return nil, unknown("contact_id", "is not the customer of the conversation")
		}
		w.ConversationId, w.ContactId, w.inbox = c.GetId(), c.GetContactId(), c.GetInboxId()
	} else if req.GetContactId() != "" {
		p := h.contact(instance, req.GetContactId())
		if p == nil {
			return nil, absent()
		}
		w.ContactId = p.GetId()
	}
	return w, nil
}

func checkText(pointer, text string, limit int) [][2]string {
	switch {
	case long(text, limit):
		return [][2]string{{pointer, tooLong(limit)}}
	case control(text, true):
		return [][2]string{{pointer, "holds control characters"}}
	}
	return nil
}

func checkTitle(title string) [][2]string {
	title = strings.TrimSpace(title)
	switch {
	case long(title, maxTitle):
		return [][2]string{{"/title", tooLong(maxTitle)}}
	case deceptive(title):
		return [][2]string{{"/title", "holds control characters"}}
	case !strings.ContainsFunc(title, unicode.IsGraphic):
		return [][2]string{{"/title", "is missing"}}
	}
	return nil
}

func checkPriority(p string) [][2]string {
	if slices.Contains([]string{"low", "normal", "high", "urgent"}, p) {
		return nil
	}
	return [][2]string{{"/priority", "must be low, normal, high or urgent"}}
}

// UpdateTicket changes a ticket: what it says, then its status.
func (h *tickets) UpdateTicket(_ context.Context, req *pluginv1.UpdateTicketRequest) (*pluginv1.UpdateTicketResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.UpdateTicketResponse, error) {
		w := h.ticket(req.GetInstanceId(), req.GetTicketId())
		if w == nil {
			return nil, absent()
		}
		fields, err := objectOf("fields", req.GetFields())
		if err != nil {
			return nil, err
		}
		if req.GetIfRevision() != 0 && req.GetIfRevision() != w.GetRevision() {
			return nil, conflict("ticket.outdated", "The ticket was changed meanwhile. Read it again.")
		}
		next := &work{Ticket: proto.CloneOf(w.Ticket), inbox: w.inbox, typ: w.typ, fields: maps.Clone(w.fields), comments: w.comments}
		if req.Title != nil || req.Priority != nil || fields != nil { //nolint:protogetter // nil is not ""
			if err := h.edit(next, req, fields); err != nil {
				return nil, err
			}
		}
		if req.Status != nil { //nolint:protogetter // as above
			if err := h.move(next, req.GetStatus()); err != nil {
				return nil, err
			}
		}
		h.records.tickets[w.GetId()] = next
		return &pluginv1.UpdateTicketResponse{Ticket: next.worded()}, nil
	})
}

// writable is an error when a ticket takes no more changes.
func (w *work) writable() error {
	if w.GetStatus() == "closed" {
		return conflict("ticket.closed", "The ticket is closed. Make a follow-up.")
	}
	return nil
}

func (h *Host) edit(w *work, req *pluginv1.UpdateTicketRequest, fields map[string]any) error {
	if err := w.writable(); err != nil {
		return err
	}
	before := proto.CloneOf(w.Ticket)
	var bad [][2]string
	if req.Title != nil { //nolint:protogetter // nil is not ""
		bad = append(bad, checkTitle(req.GetTitle())...)
		w.Title = strings.TrimSpace(req.GetTitle())
	}
	if req.Priority != nil { //nolint:protogetter // as above
		bad = append(bad, checkPriority(req.GetPriority())...)
		w.Priority = req.GetPriority()
	}
	if len(bad) > 0 {
		return invalid("ticket.invalid", "Some values are not accepted.", bad...)
	}
	set, err := checked(w.typ.Fields, "/fields", fields)
	if err != nil {
		return err
	}
	was := maps.Clone(w.fields)
	if w.fields == nil {
		w.fields = make(map[string]any)
	}
	for key, value := range set {
		if w.fields[key] = value; value == nil {
			delete(w.fields, key)
		}
	}
	if done(w.GetStatus()) && len(set) > 0 {
		if err := w.complete(); err != nil {
			return err
		}
	}
	if !proto.Equal(before, w.Ticket) || !maps.Equal(was, w.fields) {
		h.touch(w)
	}
	return nil
}

func done(status string) bool { return status == "solved" || status == "closed" }

// complete is an error when a required field is empty.
func (w *work) complete() error {
	var bad [][2]string
	for _, f := range w.typ.Fields {
		if f.Required && w.fields[f.Key] == nil {
			bad = append(bad, [2]string{"/fields/" + f.Key, "is needed before the ticket is solved: " + f.Key})
		}
	}
	if len(bad) > 0 {
		return invalid("ticket.fields_required", "Fill in the required fields before you solve the ticket.", bad...)
	}
	return nil
}

// move changes the status.
func (h *Host) move(w *work, to string) error {
	if !slices.Contains([]string{"new", "open", "pending", "solved", "closed"}, to) {
		const detail = "must be open, pending, solved or closed"
		return invalid("ticket.status", "status "+detail+".", [2]string{"/status", detail})
	}
	if w.GetStatus() == to {
		return nil
	}
	if err := w.writable(); err != nil {
		return err
	}
	if to == "new" {
		return conflict("ticket.not_new", "A ticket that somebody has touched is not new any more.", [2]string{"/status", "cannot be new again"})
	}
	if done(to) {
		if err := w.complete(); err != nil {
			return err
		}
	}
	w.Status = to
	h.touch(w)
	return nil
}

// CommentOnTicket writes a comment.
func (h *tickets) CommentOnTicket(_ context.Context, req *pluginv1.CommentOnTicketRequest) (*pluginv1.CommentOnTicketResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.CommentOnTicketResponse, error) {
		w := h.ticket(req.GetInstanceId(), req.GetTicketId())
		if w == nil {
			return nil, absent()
		}
		bad := checkText("/text", req.GetText(), maxComment)
		if strings.TrimSpace(req.GetText()) == "" {
			bad = append(bad, [2]string{"/text", "is empty"})
		}
		if len(bad) > 0 {
			return nil, invalid("ticket.comment", "The comment is not accepted.", bad...)
		}
		at := place{req.GetInstanceId(), "comment " + req.GetIdempotencyKey()}
		if before := h.records.written[at]; before != nil && before.in == w.GetId() {
			if before.text != req.GetText() {
				return nil, invalid("ticket.client_id_reused", "This client_id was used for another comment. Make a new one for each.",
					[2]string{"/client_id", "was used for another comment"})
			}
			return &pluginv1.CommentOnTicketResponse{}, nil
		}
		if err := w.writable(); err != nil {
			return nil, err
		}
		h.records.written[at] = &written{in: w.GetId(), text: req.GetText()}
		w.comments = append(w.comments, Comment{Text: req.GetText(), Public: req.GetPublic()})
		h.touch(w)
		if req.GetPublic() && w.GetStatus() == "new" {
			w.Status = "open"
			h.touch(w)
		}
		return &pluginv1.CommentOnTicketResponse{}, nil
	})
}
