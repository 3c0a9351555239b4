package wire

import (
	"github.com/patchbay-im/patchbay/core/conversation"
)

// Quote is the message that another one answers, as it was when it was quoted.
type Quote struct {
	ID             string `json:"id"`
	Seq            uint64 `json:"seq"`
	Kind           string `json:"kind" enum:"text,note"`
	Sender         Actor  `json:"sender"`
	Text           string `json:"text" doc:"At most 140 characters."`
	AttachmentKind string `json:"attachment_kind,omitempty" enum:"image,audio,video,file" doc:"Of its first attachment."`
}

// Mention is a colleague whom a note calls.
type Mention struct {
	MemberID string `json:"member_id"`
	Name     string `json:"name" doc:"As it was then."`
}

// QuoteOf returns the view of a quote; nil for none.
func QuoteOf(q *conversation.Quote) *Quote {
	if q == nil {
		return nil
	}
	return &Quote{
		ID: string(q.ID), Seq: q.Seq, Kind: string(q.Kind), Sender: actorOf(q.Sender), Text: q.Text, AttachmentKind: string(q.Attachment),
	}
}

func mentionsOf(all []conversation.Mention) []Mention {
	var out []Mention
	for _, m := range all {
		out = append(out, Mention{MemberID: string(m.Member), Name: m.Name})
	}
	return out
}

// Altered is what plugins made of a message before it was sent.
type Altered struct {
	By       []Alterer `json:"by" doc:"In the order in which they changed it."`
	Original string    `json:"original" doc:"The text as its author wrote it."`
}

// Alterer is a connection of a plugin that changed a message.
type Alterer struct {
	ConnectionID string `json:"connection_id"`
	Plugin       string `json:"plugin"`
	Name         string `json:"name" doc:"Of the connection, as it was then."`
	Reason       string `json:"reason,omitempty" doc:"A sentence of the plugin."`
}

func alteredOf(a *conversation.Altered) *Altered {
	if a == nil {
		return nil
	}
	out := &Altered{Original: a.Original, By: make([]Alterer, len(a.By))}
	for i, by := range a.By {
		out.By[i] = Alterer{ConnectionID: by.Connection, Plugin: by.Plugin, Name: by.Name, Reason: by.Reason}
	}
	return out
}

// PublicQuote is a quote as the customer sees it.
type PublicQuote struct {
	ID             string       `json:"id"`
	Sender         PublicSender `json:"sender"`
	Text           string       `json:"text"`
	AttachmentKind string       `json:"attachment_kind,omitempty" enum:"image,audio,video,file"`
}

// publicQuote returns the customer's view; nil for none and for a note, which
// no message towards a customer quotes.
func publicQuote(q *conversation.Quote) *PublicQuote {
	if q == nil || q.Kind == conversation.Note {
		return nil
	}
	return &PublicQuote{ID: string(q.ID), Sender: publicSender(q.Sender), Text: q.Text, AttachmentKind: string(q.Attachment)}
}

// IDs types the ids of a request.
func IDs[T ~string](in []string) []T {
	var out []T
	for _, id := range in {
		out = append(out, T(id))
	}
	return out
}
