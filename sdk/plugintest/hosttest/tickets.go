package hosttest

import (
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/host"
)

func (s *suite) ticket(key string, t host.NewTicket) host.Ticket {
	s.Helper()
	t.Key = key
	made, err := s.on(s.Connection).Tickets.Create(s.Context(), t)
	s.ok(err)
	return made
}

func tickets(s *suite) {
	ctx, tk := s.Context(), s.on(s.Connection).Tickets
	made := s.ticket("t1", host.NewTicket{
		Title: " A refund ", Text: "For order 17.", Type: strings.ToLower(TicketType), Priority: "high", ContactID: s.Contact, Team: Team,
		Fields: json.RawMessage(`{"size":"M"}`),
	})
	if made.ID == "" || made.Number == 0 || made.Title != "A refund" || made.Type != TicketType || made.Priority != "high" || made.Status != "new" ||
		made.ContactID != s.Contact || made.TeamID == "" || string(made.Fields) != `{"size":"M"}` || made.Revision != 1 {
		s.Errorf("made: %+v", made)
	}
	again := s.ticket("t1", host.NewTicket{
		Title: " A refund ", Text: "For order 17.", Type: strings.ToLower(TicketType), Priority: "high", ContactID: s.Contact, Team: Team,
		Fields: json.RawMessage(`{"size":"M"}`),
	})
	if again.ID != made.ID {
		s.Errorf("made twice: %s and %s", made.ID, again.ID)
	}
	if got, err := tk.Get(ctx, made.ID); err != nil || got.ID != made.ID || got.Number != made.Number {
		s.Errorf("read: %+v %v", got, err)
	}
	plain := s.ticket("t2", host.NewTicket{Title: "x", ConversationID: s.Conversation})
	if plain.Priority != "normal" || plain.ContactID != s.Contact || plain.ConversationID != s.Conversation || plain.Number != made.Number+1 || plain.Type == "" {
		s.Errorf("of a conversation: %+v", plain)
	}
	for what, tt := range map[string]struct {
		t    host.NewTicket
		code string
	}{
		"no title":                 {host.NewTicket{}, "ticket.invalid"},
		"a long title":             {host.NewTicket{Title: strings.Repeat("长", 201)}, "ticket.invalid"},
		"a long text":              {host.NewTicket{Title: "x", Text: strings.Repeat("长", 10_001)}, "ticket.invalid"},
		"no priority":              {host.NewTicket{Title: "x", Priority: "very"}, "ticket.invalid"},
		"no type":                  {host.NewTicket{Title: "x", Type: "no such"}, invalid},
		"no team":                  {host.NewTicket{Title: "x", Team: "no such"}, invalid},
		"no field":                 {host.NewTicket{Title: "x", Fields: json.RawMessage(`{"none":1}`)}, "attribute.invalid"},
		"no option":                {host.NewTicket{Title: "x", Type: TicketType, Fields: json.RawMessage(`{"size":"XL"}`)}, "attribute.invalid"},
		"no object":                {host.NewTicket{Title: "x", Fields: json.RawMessage(`3`)}, invalid},
		"no contact":               {host.NewTicket{Title: "x", ContactID: "con_none"}, "not_found"},
		"no conversation":          {host.NewTicket{Title: "x", ConversationID: "cnv_none"}, "not_found"},
		"another's conversation":   {host.NewTicket{Title: "x", ConversationID: s.Conversation, ContactID: s.Stranger}, invalid},
		"a title with a direction": {host.NewTicket{Title: "a\u202eb"}, "ticket.invalid"},
	} {
		tt.t.Key = "t/" + what
		_, err := tk.Create(ctx, tt.t)
		s.refused(what, err, tt.code)
	}
}

func ticketChanges(s *suite) {
	ctx, tk := s.Context(), s.on(s.Connection).Tickets
	made := s.ticket("c1", host.NewTicket{Title: "change me", Type: TicketType})
	update := func(key string, u host.TicketUpdate) (host.Ticket, error) {
		u.Key, u.Ticket = key, made.ID
		return tk.Update(ctx, u)
	}
	text := func(s string) *string { return &s }
	next, err := update("c2", host.TicketUpdate{IfRevision: made.Revision, Title: text("changed"), Priority: text("low"), Fields: json.RawMessage(`{"size":"S"}`)})
	s.ok(err)
	if next.Title != "changed" || next.Priority != "low" || string(next.Fields) != `{"size":"S"}` || next.Revision <= made.Revision || next.Status != "new" {
		s.Errorf("changed: %+v", next)
	}
	_, err = update("c3", host.TicketUpdate{IfRevision: made.Revision, Title: text("late")})
	s.refused("at an old revision", err, "ticket.outdated")
	for what, tt := range map[string]struct {
		u    host.TicketUpdate
		code string
	}{
		"no status":              {host.TicketUpdate{Status: text("done")}, "ticket.status"},
		"no title":               {host.TicketUpdate{Title: text(" ")}, "ticket.invalid"},
		"no priority":            {host.TicketUpdate{Priority: text("")}, "ticket.invalid"},
		"no field":               {host.TicketUpdate{Fields: json.RawMessage(`{"none":1}`)}, "attribute.invalid"},
		"solved, and incomplete": {host.TicketUpdate{Status: text("solved")}, "ticket.fields_required"},
	} {
		_, err := update("c/"+what, tt.u)
		s.refused(what, err, tt.code)
	}
	if open, err := update("c4", host.TicketUpdate{Status: text("open")}); err != nil || open.Status != "open" {
		s.Errorf("opened: %+v %v", open, err)
	}
	_, err = update("c5", host.TicketUpdate{Status: text("new")})
	s.refused("new again", err, "ticket.not_new")
	solved, err := update("c6", host.TicketUpdate{Status: text("solved"), Fields: json.RawMessage(`{"reason":"broken","size":null}`)})
	s.ok(err)
	if solved.Status != "solved" || string(solved.Fields) != `{"reason":"broken"}` {
		s.Errorf("solved: %+v", solved)
	}
	s.ok(tk.Comment(ctx, host.CommentRequest{Key: "c7", Ticket: made.ID, Text: "Money is on its way.", Public: true}))
	s.ok(tk.Comment(ctx, host.CommentRequest{Key: "c7", Ticket: made.ID, Text: "Money is on its way.", Public: true}))
	now, err := tk.Get(ctx, made.ID)
	s.ok(err)
	if now.Revision != solved.Revision+1 {
		s.Errorf("a comment twice under one key: revision %d, then %d", solved.Revision, now.Revision)
	}
	s.refused("an empty comment", tk.Comment(ctx, host.CommentRequest{Key: "c8", Ticket: made.ID}), "ticket.comment")
	s.refused("a long comment", tk.Comment(ctx, host.CommentRequest{Key: "c9", Ticket: made.ID, Text: strings.Repeat("x", 10_001)}), "ticket.comment")
	_, err = update("c10", host.TicketUpdate{Status: text("closed")})
	s.ok(err)
	_, err = update("c11", host.TicketUpdate{Title: text("too late")})
	s.refused("what is closed", err, "ticket.closed")
	s.refused("a comment on what is closed", tk.Comment(ctx, host.CommentRequest{Key: "c12", Ticket: made.ID, Text: "x"}), "ticket.closed")
	fresh := s.ticket("c13", host.NewTicket{Title: "fresh"})
	s.ok(tk.Comment(ctx, host.CommentRequest{Key: "c14", Ticket: fresh.ID, Text: "an answer", Public: true}))
	if now, err := tk.Get(ctx, fresh.ID); err != nil || now.Status != "open" || now.Revision != fresh.Revision+2 {
		s.Errorf("a public answer opens a new one: %+v %v", now, err)
	}
}

func inboxTickets(s *suite) {
	ctx, tk := s.Context(), s.on(s.Inbox).Tickets
	_, err := tk.Create(ctx, host.NewTicket{Key: "i1", Title: "x"})
	s.refused("without a conversation", err, invalid)
	_, err = tk.Create(ctx, host.NewTicket{Key: "i2", Title: "x", ConversationID: s.Elsewhere})
	s.refused("of another inbox's", err, "not_found")
	mine, err := tk.Create(ctx, host.NewTicket{Key: "i3", Title: "x", ConversationID: s.Conversation})
	s.ok(err)
	if got, err := tk.Get(ctx, mine.ID); err != nil || got.ID != mine.ID {
		s.Errorf("its own: %+v %v", got, err)
	}
	for name, t := range map[string]host.NewTicket{"of no inbox": {Title: "y"}, "of another": {Title: "y", ConversationID: s.Elsewhere}} {
		other := s.ticket("i/"+name, t)
		_, err := tk.Get(ctx, other.ID)
		s.refused(name, err, "not_found")
		s.refused("a comment on one "+name, tk.Comment(ctx, host.CommentRequest{Key: "ic/" + name, Ticket: other.ID, Text: "x"}), "not_found")
	}
}
