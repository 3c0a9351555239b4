package hosttest

import (
	"bytes"
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
