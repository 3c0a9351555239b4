package hosttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/message"
)

func conversations(s *suite) {
	ctx := s.Context()
	for _, tt := range []struct {
		instance, id string
		seen         bool
	}{{s.Inbox, s.Conversation, true}, {s.Inbox, s.Elsewhere, false}, {s.Connection, s.Conversation, true}, {s.Connection, s.Elsewhere, true}} {
		got, err := s.on(tt.instance).Conversations.Get(ctx, tt.id)
		if !tt.seen {
			s.refused(tt.instance+" reads "+tt.id, err, "not_found")
			_, err = s.on(tt.instance).Conversations.Messages(ctx, host.MessagesRequest{Conversation: tt.id})
			s.refused(tt.instance+" lists "+tt.id, err, "not_found")
			continue
		}
		s.ok(err)
		if got.ID != tt.id || got.State != "open" || got.ContactID == "" || got.CreatedAt.IsZero() || got.Seq == 0 {
			s.Errorf("%s: %+v", tt.id, got)
		}
	}
	_, err := s.on(s.Connection).Conversations.Get(ctx, "nonsense")
	s.refused("no id", err, "not_found")
	page, err := s.on(s.Inbox).Conversations.Messages(ctx, host.MessagesRequest{Conversation: s.Conversation})
	s.ok(err)
	if len(page.Messages) == 0 || page.Messages[0].Author != message.AuthorCustomer || page.Messages[0].Content.Text != Said || page.Messages[0].AuthorID != "" {
		s.Errorf("messages: %+v", page)
	}
	_, err = s.on(s.Inbox).Conversations.Messages(ctx, host.MessagesRequest{Conversation: s.Conversation, Limit: 101})
	s.refused("a page of 101", err, invalid)
}

// said returns who said what, the oldest first.
func (s *suite) said(notes bool) []string {
	s.Helper()
	page, err := s.on(s.Connection).Conversations.Messages(s.Context(), host.MessagesRequest{Conversation: s.Conversation, Notes: notes})
	s.ok(err)
	var out []string
	for _, m := range page.Messages {
		text := m.Author.String() + ": " + m.Content.Text
		if m.Note {
			text = "note of " + text
		}
		out = append(out, text)
	}
	return out
}

func messages(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Conversations
	id, err := c.Send(ctx, host.SendRequest{Key: "m1", Conversation: s.Conversation, Content: message.Text("Your parcel is on its way.")})
	s.ok(err)
	note, err := c.AddNote(ctx, host.NoteRequest{Key: "m2", Conversation: s.Conversation, Text: "The parcel left on Monday."})
	s.ok(err)
	if id == "" || note == "" || id == note {
		s.Errorf("ids: %q %q", id, note)
	}
	public, all := s.said(false), s.said(true)
	if !slices.Contains(public, "system: Your parcel is on its way.") || strings.Contains(fmt.Sprint(public), "Monday") {
		s.Errorf("without notes: %q", public)
	}
	if !slices.Contains(all, "note of system: The parcel left on Monday.") {
		s.Errorf("with notes: %q", all)
	}
	page, err := c.Messages(ctx, host.MessagesRequest{Conversation: s.Conversation, Limit: 1})
	s.ok(err)
	if len(page.Messages) != 1 || !page.More {
		s.Fatalf("a page of one: %+v", page)
	}
	last := page.Messages[0]
	if last.AuthorID != PluginID || last.AuthorName != PluginName || last.ConversationID != s.Conversation || last.At.IsZero() {
		s.Errorf("the last: %+v", last)
	}
	before, err := c.Messages(ctx, host.MessagesRequest{Conversation: s.Conversation, Before: last.Seq, Limit: 1})
	s.ok(err)
	if len(before.Messages) != 1 || before.Messages[0].Seq >= last.Seq {
		s.Errorf("before the last: %+v", before)
	}
	_, err = c.Send(ctx, host.SendRequest{Key: "m3", Conversation: s.Elsewhere, Content: message.Text("x")})
	s.refused("into another inbox's", err, "not_found")
}

func messageLimits(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Conversations
	for what, tt := range map[string]struct{ text, code string }{
		"nothing": {"", "message.text_empty"}, "only spaces": {" \u3000", "message.text_empty"},
		"too much": {strings.Repeat("长", 10_001), "message.text_too_long"}, "NUL": {"a\x00b", "message.text_control"},
	} {
		_, err := c.Send(ctx, host.SendRequest{Key: "l" + what, Conversation: s.Conversation, Content: message.Text(tt.text)})
		s.refused("send "+what, err, tt.code)
		_, err = c.AddNote(ctx, host.NoteRequest{Key: "n" + what, Conversation: s.Conversation, Text: tt.text})
		s.refused("note "+what, err, tt.code)
	}
	_, err := c.AddNote(ctx, host.NoteRequest{Key: "most", Conversation: s.Conversation, Text: strings.Repeat("长", 10_000)})
	s.ok(err)
}

func keys(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Conversations
	note := func(key, text string) (string, error) {
		return c.AddNote(ctx, host.NoteRequest{Key: key, Conversation: s.Conversation, Text: text})
	}
	first, err := note("k1", "once")
	s.ok(err)
	if again, err := note("k1", "once"); err != nil || again != first {
		s.Errorf("the same again: %q %v, want %q", again, err, first)
	}
	_, err = note("k1", "something else")
	s.refused("other content under the key", err, "idempotency.mismatch")
	s.refused("another method under the key", c.Resolve(ctx, s.Conversation, "k1"), "idempotency.mismatch")
	_, err = note("", "x")
	s.refused("no key", err, "idempotency.key")
	_, err = note(strings.Repeat("k", maxName+1), "x")
	s.refused("a long key", err, "idempotency.key")
	_, err = note("k2", "")
	s.refused("an empty note", err, "message.text_empty")
	if _, err := note("k2", "after a refusal the key is free"); err != nil {
		s.Errorf("after a refusal: %v", err)
	}
	if mine, err := s.on(s.Connection).Conversations.AddNote(ctx, host.NoteRequest{Key: "k1", Conversation: s.Conversation, Text: "another's"}); err != nil || mine == first {
		s.Errorf("the key of another instance: %q %v", mine, err)
	}
	// A message is known by its key for good, also when its answer is not.
	other, err := note("k3", "twice")
	s.ok(err)
	s.Advance(25 * time.Hour)
	if again, err := note("k3", "twice"); err != nil || again != other {
		s.Errorf("after a day: %q %v, before %q", again, err, other)
	}
	s.Advance(25 * time.Hour)
	_, err = note("k3", "other words")
	s.refused("other words after a day", err, "message.client_id_reused")
	s.Advance(25 * time.Hour)
	set := host.LabelsRequest{Key: "k1", Conversation: s.Conversation, Add: []string{Label}}
	if _, err := c.SetLabels(ctx, set); err != nil {
		s.Errorf("a key is free for something else after a day: %v", err)
	}
}

func labels(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Conversations
	set := func(key string, add, remove []string) ([]string, error) {
		return c.SetLabels(ctx, host.LabelsRequest{Key: key, Conversation: s.Conversation, Add: add, Remove: remove})
	}
	got, err := set("a1", []string{strings.ToLower(Label), OtherLabel, Label}, nil)
	s.ok(err)
	if want := []string{OtherLabel, Label}; !slices.Equal(got, want) {
		s.Errorf("added: %q", got)
	}
	got, err = set("a2", nil, []string{OtherLabel})
	s.ok(err)
	if !slices.Equal(got, []string{Label}) {
		s.Errorf("removed: %q", got)
	}
	now, err := c.Get(ctx, s.Conversation)
	s.ok(err)
	if !slices.Equal(now.Labels, []string{Label}) {
		s.Errorf("the conversation has %q", now.Labels)
	}
	_, err = set("a3", []string{"no such"}, nil)
	s.refused("a label that is not there", err, invalid)
	_, err = set("a4", slices.Repeat([]string{Label}, 51), nil)
	s.refused("51 names", err, invalid)
}

func handOff(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Conversations
	s.refused("to a team that is not there", c.HandOff(ctx, host.HandOffRequest{Key: "h0", Conversation: s.Conversation, Team: "no such"}), invalid)
	s.ok(c.HandOff(ctx, host.HandOffRequest{
		Key: "h1", Conversation: s.Conversation, Team: strings.ToUpper(Team), Reason: "asked for a person", Summary: "Wants a refund.",
	}))
	now, err := c.Get(ctx, s.Conversation)
	s.ok(err)
	if now.Responder != "queue" || now.TeamID == "" || now.AssigneeID != "" {
		s.Errorf("handed over: %+v", now)
	}
	if !slices.Contains(s.said(true), "note of system: asked for a person\n\nWants a refund.") {
		s.Errorf("the note: %q", s.said(true))
	}
	for _, key := range []string{"r1", "r2"} {
		s.ok(c.Resolve(ctx, s.Conversation, key))
	}
	if now, err := c.Get(ctx, s.Conversation); err != nil || now.State != "resolved" {
		s.Errorf("resolved: %+v %v", now, err)
	}
	s.refused("hand over what is resolved", c.HandOff(ctx, host.HandOffRequest{Key: "h2", Conversation: s.Conversation}), "conversation.not_open")
	_, err = c.Send(ctx, host.SendRequest{Key: "r3", Conversation: s.Conversation, Content: message.Text("still there?")})
	s.refused("answer what is resolved", err, "conversation.resolved")
	_, err = c.AddNote(ctx, host.NoteRequest{Key: "r4", Conversation: s.Conversation, Text: "a note is taken"})
	s.ok(err)
}

func files(s *suite) {
	ctx := s.Context()
	var got bytes.Buffer
	about, err := s.on(s.Inbox).Blobs.Download(ctx, s.File, &got)
	s.ok(err)
	if got.String() != FileText || about.Filename != FileName || about.Size != int64(len(FileText)) || about.MediaType != "text/plain" {
		s.Errorf("downloaded %q: %+v", got.String(), about)
	}
	_, err = s.on(s.Inbox).Blobs.Download(ctx, s.Hidden, io.Discard)
	s.refused("a file of another inbox", err, "not_found")
	_, err = s.on(s.Connection).Blobs.Download(ctx, s.Hidden, io.Discard)
	s.ok(err)
	_, err = s.on(s.Connection).Blobs.Download(ctx, "nonsense", io.Discard)
	s.refused("no id", err, "not_found")

	large := bytes.Repeat([]byte("0123456789abcdef"), 40<<10) // more than two pieces
	up, err := s.on(s.Connection).Blobs.Upload(ctx, host.UploadRequest{Filename: `C:\Users\me\re<p>ort.txt`, Size: int64(len(large)), Body: bytes.NewReader(large)})
	s.ok(err)
	if up.BlobID == "" || up.Size != int64(len(large)) || up.Filename != "re_p_ort.txt" {
		s.Errorf("uploaded: %+v", up)
	}
	got.Reset()
	if _, err := s.on(s.Connection).Blobs.Download(ctx, up.BlobID, &got); err != nil || !bytes.Equal(got.Bytes(), large) {
		s.Errorf("what came back: %d bytes, %v", got.Len(), err)
	}
	_, err = s.on(s.Inbox).Blobs.Download(ctx, up.BlobID, io.Discard)
	s.refused("another instance's upload", err, "not_found")
	c := s.on(s.Connection).Conversations
	send := func(key string, ids ...string) error {
		content := message.Text("see the file")
		for _, id := range ids {
			content.Attachments = append(content.Attachments, message.Attachment{BlobID: id})
		}
		_, err := c.AddNote(ctx, host.NoteRequest{Key: key + "x", Conversation: s.Elsewhere, Text: "before"})
		s.ok(err)
		_, err = c.Send(ctx, host.SendRequest{Key: key, Conversation: s.Elsewhere, Content: content})
		return err
	}
	s.refused("twice in a message", send("f1", up.BlobID, up.BlobID), "attachment.twice")
	s.refused("another's file", send("f2", s.File), "attachment.unknown")
	s.refused("what is none", send("f3", "nonsense"), "attachment.unknown")
	s.refused("eleven", send("f4", slices.Repeat([]string{up.BlobID}, 11)...), "attachment.too_many")
	s.ok(send("f5", up.BlobID))
	s.refused("once more", send("f6", up.BlobID), "attachment.taken")
	page, err := c.Messages(ctx, host.MessagesRequest{Conversation: s.Elsewhere, Limit: 1})
	s.ok(err)
	if len(page.Messages) != 1 {
		s.Fatalf("messages: %+v", page)
	}
}

func fileLimits(s *suite) {
	b := s.on(s.Connection).Blobs
	upload := func(size int64, body io.Reader) error {
		_, err := b.Upload(s.Context(), host.UploadRequest{Filename: "x.bin", Size: size, Body: body})
		return err
	}
	s.refused("an empty file", upload(0, zeros(0)), "upload.empty")
	s.refused("a large file", upload(1<<40, zeros(1)), "upload.too_large")
	s.refused("less than announced", upload(10, zeros(9)), "upload.short")
	s.refused("more than announced", upload(10, zeros(11)), "upload.overrun")
	if err := upload(10, io.MultiReader(zeros(5), broken{})); err == nil {
		s.Error("a body that breaks off was taken")
	}
}

// broken is a body that cannot be read.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func contacts(s *suite) {
	ctx := s.Context()
	got, err := s.on(s.Inbox).Contacts.Get(ctx, s.Contact)
	s.ok(err)
	if got.ID != s.Contact || got.Name != Customer || got.Revision == 0 || got.CreatedAt.IsZero() || !slices.Equal(got.Emails, []string{Email}) {
		s.Errorf("got %+v", got)
	}
	_, err = s.on(s.Inbox).Contacts.Get(ctx, s.Stranger)
	s.refused("whom the inbox does not know", err, "not_found")
	_, err = s.on(s.Connection).Contacts.Get(ctx, s.Stranger)
	s.ok(err)
	for _, email := range []string{Email, " ALICE@example.com"} {
		found, err := s.on(s.Inbox).Contacts.Find(ctx, host.FindRequest{Email: email})
		if err != nil || len(found) != 1 || found[0].ID != s.Contact {
			s.Errorf("found by %q: %+v %v", email, found, err)
		}
	}
	for what, req := range map[string]host.FindRequest{
		"nothing": {}, "two things": {Email: Email, Phone: "+15550100"}, "no address": {Email: "alice"}, "no number": {Phone: "call me"},
	} {
		_, err := s.on(s.Connection).Contacts.Find(ctx, req)
		s.refused("by "+what, err, invalid)
	}
	if none, err := s.on(s.Connection).Contacts.Find(ctx, host.FindRequest{ExternalID: "nobody"}); err != nil || len(none) > 0 {
		s.Errorf("nobody: %+v %v", none, err)
	}
}

func pii(s *suite) {
	blind := s.as(Process{Grants: without("contacts:read.pii")}, s.Connection).Contacts
	got, err := blind.Get(s.Context(), s.Contact)
	s.ok(err)
	if got.ID != s.Contact || got.Revision == 0 || got.Name != "" || got.Emails != nil || got.Phones != nil || got.ExternalID != "" || got.Attributes != nil {
		s.Errorf("without contacts:read.pii: %+v", got)
	}
	_, err = blind.Find(s.Context(), host.FindRequest{Email: Email})
	s.refused("find", err, host.CodeDenied)
}

func updates(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Contacts
	before, err := c.Get(ctx, s.Contact)
	s.ok(err)
	name, locale := "  Alice B.  ", "en-GB"
	s.Advance(time.Millisecond)
	after, err := c.Update(ctx, host.ContactUpdate{
		Key: "u1", Contact: s.Contact, IfRevision: before.Revision, Name: &name, Locale: &locale, Attributes: json.RawMessage(`{"plan":" gold ","seats":3}`),
	})
	s.ok(err)
	var attributes map[string]any
	s.ok(after.DecodeAttributes(&attributes))
	if after.Name != "Alice B." || after.Locale != locale || after.Revision <= before.Revision || attributes[Attribute] != "gold" || attributes[NumberAttr] != 3.0 {
		s.Errorf("updated: %+v %v", after, attributes)
	}
	_, err = c.Update(ctx, host.ContactUpdate{Key: "u2", Contact: s.Contact, IfRevision: before.Revision, Name: &name})
	s.refused("at an old revision", err, "contact.outdated")
	update := func(key string, u host.ContactUpdate) error {
		u.Key, u.Contact = key, s.Contact
		_, err := c.Update(ctx, u)
		return err
	}
	long, control := strings.Repeat("长", maxName+1), "a\x07b"
	for what, tt := range map[string]struct {
		u    host.ContactUpdate
		code string
	}{
		"a long name":                {host.ContactUpdate{Name: &long}, "contact.invalid"},
		"a name with a bell":         {host.ContactUpdate{Name: &control}, "contact.invalid"},
		"a long locale":              {host.ContactUpdate{Locale: &long}, "contact.invalid"},
		"an attribute nobody knows":  {host.ContactUpdate{Attributes: json.RawMessage(`{"none":"x"}`)}, "attribute.invalid"},
		"text where a number is due": {host.ContactUpdate{Attributes: json.RawMessage(`{"seats":"three"}`)}, "attribute.invalid"},
		"an empty text":              {host.ContactUpdate{Attributes: json.RawMessage(`{"plan":""}`)}, "attribute.invalid"},
		"no object":                  {host.ContactUpdate{Attributes: json.RawMessage(`[1]`)}, invalid},
		"no JSON":                    {host.ContactUpdate{Attributes: json.RawMessage(`{`)}, invalid},
	} {
		s.refused(what, update("u/"+what, tt.u), tt.code)
	}
	s.ok(update("u3", host.ContactUpdate{Attributes: json.RawMessage(`{"plan":null,"gone":null}`)}))
	now, err := c.Get(ctx, s.Contact)
	s.ok(err)
	attributes = nil
	s.ok(now.DecodeAttributes(&attributes))
	if _, there := attributes[Attribute]; there || attributes[NumberAttr] != 3.0 || now.Name != "Alice B." {
		s.Errorf("after one was taken away: %+v %v", now, attributes)
	}
	_, err = c.Update(ctx, host.ContactUpdate{Key: "u4", Contact: s.Stranger, Name: &name})
	s.refused("whom the inbox does not know", err, "not_found")
	blind := s.as(Process{Grants: without("contacts:read.pii")}, s.Connection).Contacts
	if unseen, err := blind.Update(ctx, host.ContactUpdate{Key: "u5", Contact: s.Contact, Locale: &locale}); err != nil || unseen.Name != "" {
		s.Errorf("the answer without contacts:read.pii: %+v %v", unseen, err)
	}
}

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
