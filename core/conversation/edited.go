package conversation

import (
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// Version is what a message said before it was edited or taken back. Members
// alone see it.
type Version struct {
	Seq         uint64    // of the change that replaced it
	At          time.Time // when that was
	Text        string
	Quoted      string // of the text, which it follows
	Attachments []media.Attachment
}

// Revises reports whether a change tells of a message that says something else
// since.
func (t ChangeType) Revises() bool { return t == MessageEdited || t == MessageRecalled }

// Edit puts other content in the place of what a message says: its text, and
// what a channel carries beside. Its sender, its place and its state stay. Files
// are those that it has from now on.
func (c *Conversation) Edit(t Turn, m Message, w Written, files []media.Attachment) *Change {
	was := m
	m.Carried = w.Carried
	m.External, m.Trust, m.Automatic, m.Elsewhere = was.External, was.Trust, was.Automatic, was.Elsewhere
	m.Participant, m.Forwards, m.Changing, m.WrittenAt = was.Participant, was.Forwards, was.Changing, was.WrittenAt
	if m.Envelope == nil {
		m.Envelope = was.Envelope
	}
	if was.Member != nil {
		m.Member = was.Member
	}
	m.Template = was.Template
	m.GroupMentions = named(w.Text, was.GroupMentions)
	m.Text, m.Altered, m.EditedAt, m.Attachments = w.Text, w.Altered, t.At, files
	c.markup(&m, w.HTML)
	return c.revise(t, MessageEdited, was, m)
}

// Recall takes away what a message says. That it was there stays.
func (c *Conversation) Recall(t Turn, m Message) *Change {
	was := m
	m.Carried = Carried{
		External: was.External, Trust: was.Trust, Automatic: was.Automatic, Elsewhere: was.Elsewhere, Participant: was.Participant, Member: was.Member,
		WrittenAt: was.WrittenAt, EditedAt: was.EditedAt, RecalledAt: t.At,
	}
	m.Text, m.Altered, m.ReplyTo, m.Mentions, m.GroupMentions, m.Attachments = "", nil, nil, nil, nil, nil
	return c.revise(t, MessageRecalled, was, m)
}

func (c *Conversation) revise(t Turn, typ ChangeType, was, m Message) *Change {
	if c.Last.shows(m) {
		c.Last = PreviewOf(m)
	}
	ch := c.record(t, typ, &m, nil)
	if c.was == nil {
		c.was = make(map[uint64]Message, 1)
	}
	c.was[ch.Seq] = was
	return ch
}

// shows reports whether a preview is of a message, whatever that says by now.
func (p Preview) shows(m Message) bool {
	return p.At.Equal(m.CreatedAt) && p.Sender == m.Sender.Kind && p.Kind == m.Kind
}

// Quoting returns a message with its quote as it is once the quoted message was
// taken back: of what that said nothing is left.
func (m *Message) Quoting(recalled MessageID) (Message, bool) {
	if m.ReplyTo == nil || m.ReplyTo.ID != recalled || m.ReplyTo.Text == "" && m.ReplyTo.Attachment == "" {
		return *m, false
	}
	out, q := *m, *m.ReplyTo
	q.Text, q.Attachment = "", ""
	out.ReplyTo = &q
	return out, true
}
