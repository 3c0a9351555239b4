package conversation

import (
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Written is what somebody wrote: the content of a message before it has a
// number. Its files come by Attach, since they are given to a numbered message.
type Written struct {
	ClientID      string // the sender's own id: the key of idempotency
	Text          string // may be empty when files come
	ReplyTo       *Quote
	Mentions      []Mention // of notes alone
	GroupMentions []channel.Member
	Altered       *Altered // nil = nobody changed the text
	Carried       Carried
	HTML          string // not cleaned; "" = none

	brought []media.Brought // files that a channel brought
	letter  *letter         // nil = it is not addressed
}

// Words is a Written of text alone.
func Words(clientID, text string) Written { return Written{ClientID: clientID, Text: text} }

// Quote is the message that another one answers, as it was when it was quoted.
type Quote struct {
	ID         MessageID
	Seq        uint64 // of the quoted message's change
	Kind       MessageKind
	Sender     identity.Actor
	Text       string     // at most PreviewLength characters
	Attachment media.Kind // of its first attachment; "" = none
}

// Mention is a colleague whom a note calls.
type Mention struct {
	Member identity.MemberID
	Name   string // as it was then
}

// Attach gives the message of a pending change its files.
func (c *Conversation) Attach(ch *Change, files []media.Attachment) {
	ch.Message.Attachments = files
	c.Last = PreviewOf(*ch.Message)
}

// quoteOf is a message as others quote it.
func quoteOf(m *Message) *Quote {
	q := &Quote{ID: m.ID, Seq: m.Seq, Kind: m.Kind, Sender: m.Sender, Text: cut(m.Text, PreviewLength)}
	q.Sender.Role = ""
	q.Attachment = firstKind(m.Attachments)
	return q
}

func firstKind(all []media.Attachment) media.Kind {
	if len(all) == 0 {
		return ""
	}
	return all[0].Kind
}

// PreviewOf is a message as lists show it.
func PreviewOf(m Message) Preview {
	return Preview{
		Text: cut(m.brief(), PreviewLength), Sender: m.Sender.Kind, Kind: m.Kind, Attachment: firstKind(m.Attachments),
		Recalled: !m.RecalledAt.IsZero(), At: m.CreatedAt,
	}
}
