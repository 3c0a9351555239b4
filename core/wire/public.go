package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// PublicSender is who wrote, as the customer may know it.
type PublicSender struct {
	Kind string `json:"kind" enum:"visitor,agent,bot,system"`
	Name string `json:"name,omitempty"`
}

// PublicMessage is a message as the customer sees it.
type PublicMessage struct {
	ID          string       `json:"id"`
	ClientMsgID string       `json:"client_msg_id,omitempty" doc:"Only of the visitor's own messages."`
	Sender      PublicSender `json:"sender"`
	Text        string       `json:"text" doc:"May be empty beside attachments."`
	Attachments []Attachment `json:"attachments,omitempty"`
	ReplyTo     *PublicQuote `json:"reply_to,omitempty"`
	Edited      bool         `json:"edited,omitempty" doc:"Its sender changed it since."`
	Recalled    bool         `json:"recalled,omitempty" doc:"Its sender took it back: it says nothing any more."`
}

// PublicChange is a change as the customer sees it. It carries the public
// sequence alone, so nothing can be inferred about notes and internal events.
type PublicChange struct {
	Seq      uint64         `json:"seq" doc:"1, 2, 3, ... of what the customer may see, without a gap."`
	Type     string         `json:"type" enum:"message,edited,recalled,agent_joined,resolved,reopened,rating_requested,rated"`
	At       time.Time      `json:"at"`
	Message  *PublicMessage `json:"message,omitempty" doc:"Of message, edited and recalled: as it is now."`
	Name     string         `json:"name,omitempty" doc:"Of the agent who joined."`
	RatingID string         `json:"rating_id,omitempty" doc:"Of rating_requested and rated."`
	Score    int            `json:"score,omitempty" doc:"Of rated: 1 to 5."`
}

// PublicChangeOf returns the customer's view; false when there is none.
func PublicChangeOf(c conversation.Change) (PublicChange, bool) {
	if c.PublicSeq == 0 {
		return PublicChange{}, false
	}
	out := PublicChange{Seq: c.PublicSeq, At: Stamp(c.At)}
	switch c.Type {
	case conversation.MessageCreated:
		if c.Message == nil || c.Message.Kind == conversation.Note {
			return PublicChange{}, false
		}
		out.Type, out.Message = "message", publicMessage(*c.Message)
	case conversation.MessageEdited, conversation.MessageRecalled:
		if c.Message == nil || c.Message.Kind == conversation.Note {
			return PublicChange{}, false
		}
		out.Type, out.Message = "edited", publicMessage(*c.Message)
		if c.Type == conversation.MessageRecalled {
			out.Type = "recalled"
		}
	case conversation.Assigned:
		name, _ := object(c.Data)["assignee_name"].(string)
		out.Type, out.Name = "agent_joined", name
	case conversation.ResolvedChange:
		out.Type = "resolved"
	case conversation.Reopened:
		out.Type = "reopened"
	case conversation.RatingRequested, conversation.RatingGiven:
		d := conversation.RatingOf(c)
		out.Type, out.RatingID, out.Score = "rating_requested", string(d.Rating), d.Score
		if c.Type == conversation.RatingGiven {
			out.Type = "rated"
		}
	default:
		return PublicChange{}, false
	}
	return out, true
}

func publicMessage(m conversation.Message) *PublicMessage {
	out := &PublicMessage{
		ID: string(m.ID), Sender: publicSender(m.Sender), Text: m.Text,
		Attachments: publicFiles(m.Attachments), ReplyTo: publicQuote(m.ReplyTo),
		Edited: !m.EditedAt.IsZero() && m.RecalledAt.IsZero(), Recalled: !m.RecalledAt.IsZero(),
	}
	if m.Sender.Kind == identity.ActorContact {
		out.ClientMsgID = m.ClientID
	}
	return out
}

func publicSender(a identity.Actor) PublicSender {
	switch a.Kind {
	case identity.ActorContact:
		return PublicSender{Kind: "visitor"}
	case identity.ActorMember:
		return PublicSender{Kind: "agent", Name: a.Name}
	case identity.ActorBot:
		return PublicSender{Kind: "bot", Name: a.Name}
	default:
		return PublicSender{Kind: "system"}
	}
}
