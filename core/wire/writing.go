package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// Addressed is what a member says of an addressed message, such as a mail.
type Addressed struct {
	Subject string  `json:"subject,omitempty"`
	To      []Party `json:"to,omitempty" maxItems:"50"`
	CC      []Party `json:"cc,omitempty" maxItems:"50"`
	BCC     []Party `json:"bcc,omitempty" maxItems:"50" doc:"Nobody but them learns of them."`
}

// Domain returns the envelope; nil for none.
func (a *Addressed) Domain() *channel.Envelope {
	if a == nil {
		return nil
	}
	list := func(in []Party) []channel.Party {
		var out []channel.Party
		for _, p := range in {
			out = append(out, channel.Party(p))
		}
		return out
	}
	return &channel.Envelope{Subject: a.Subject, To: list(a.To), CC: list(a.CC), BCC: list(a.BCC)}
}

func addressedOf(e *channel.Envelope) *Addressed {
	if e == nil {
		return nil
	}
	return &Addressed{Subject: e.Subject, To: partiesOf(e.To), CC: partiesOf(e.CC), BCC: partiesOf(e.BCC)}
}

// Draft is what a member is writing, in whichever window.
type Draft struct {
	ConversationID string       `json:"conversation_id"`
	Text           string       `json:"text"`
	Kind           string       `json:"kind" enum:"text,note"`
	ReplyTo        *Quote       `json:"reply_to,omitempty"`
	Attachments    []Attachment `json:"attachments,omitempty"`
	Envelope       *Addressed   `json:"envelope,omitempty" doc:"As far as it is written."`
	Rev            uint64       `json:"rev" doc:"Grows by one with each version."`
	UpdatedAt      time.Time    `json:"updated_at"`
}

// DraftOf returns the view of a draft.
func DraftOf(d conversation.Draft) Draft {
	return Draft{
		ConversationID: string(d.Conversation), Text: d.Text, Kind: string(d.Kind), ReplyTo: QuoteOf(d.ReplyTo),
		Attachments: AttachmentsOf(d.Attachments), Envelope: addressedOf(d.Envelope), Rev: d.Rev, UpdatedAt: Stamp(d.UpdatedAt),
	}
}

// Whisper is what a supervisor told whoever had a conversation.
type Whisper struct {
	ID             string    `json:"id"`
	ConversationID string    `json:"conversation_id"`
	Seq            uint64    `json:"seq" doc:"Of the conversation's last change when it was written: it is shown after it."`
	ClientMsgID    string    `json:"client_msg_id"`
	FromID         string    `json:"from_id"`
	FromName       string    `json:"from_name"`
	ToID           string    `json:"to_id" doc:"The member who had the conversation."`
	ToName         string    `json:"to_name"`
	Text           string    `json:"text"`
	At             time.Time `json:"at"`
}

// WhisperOf returns the view of a whisper.
func WhisperOf(w conversation.Whisper) Whisper {
	return Whisper{
		ID: string(w.ID), ConversationID: string(w.Conversation), Seq: w.Seq, ClientMsgID: w.ClientID, FromID: string(w.From), FromName: w.FromName,
		ToID: string(w.To), ToName: w.ToName, Text: w.Text, At: Stamp(w.At),
	}
}

// Scheduled is a message to be sent later.
type Scheduled struct {
	ID             string       `json:"id"`
	ConversationID string       `json:"conversation_id"`
	ClientMsgID    string       `json:"client_msg_id"`
	Text           string       `json:"text"`
	Attachments    []Attachment `json:"attachments,omitempty"`
	ReplyTo        *Quote       `json:"reply_to,omitempty"`
	Envelope       *Addressed   `json:"envelope,omitempty"`
	SendAt         time.Time    `json:"send_at"`
	UnlessReply    bool         `json:"unless_reply" doc:"It is cancelled when the customer writes meanwhile."`
	CreatedBy      Actor        `json:"created_by"`
	CreatedAt      time.Time    `json:"created_at"`
	State          string       `json:"state" enum:"waiting,sent,cancelled,failed"`
	Code           string       `json:"code,omitempty" doc:"Why it failed or was cancelled."`
	Detail         string       `json:"detail,omitempty" doc:"The same as a sentence."`
}

// ScheduledOf returns the view of a scheduled message.
func ScheduledOf(m conversation.Scheduled) Scheduled {
	return Scheduled{
		ID: string(m.ID), ConversationID: string(m.Conversation), ClientMsgID: m.ClientID, Text: m.Text,
		Attachments: AttachmentsOf(m.Attachments), ReplyTo: QuoteOf(m.ReplyTo), Envelope: addressedOf(m.Envelope), SendAt: Stamp(m.SendAt), UnlessReply: m.UnlessReply,
		CreatedBy: actorOf(m.Author), CreatedAt: Stamp(m.CreatedAt), State: string(m.State), Code: m.Code, Detail: m.Detail,
	}
}
