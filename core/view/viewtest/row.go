// Package viewtest is the conformance suite of the view ports and in-memory
// fakes that pass it.
package viewtest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Row is a conversation as a filter sees it: the reference of what every
// store's query must select.
type Row struct {
	Conversation conversation.Conversation
	Contact      contact.Contact
	Mentioned    []identity.MemberID
	Pages        []string // addresses the contact looked at in the inbox
	Read         uint64   // how far the member who asks has read
}

// Values implements filter.Row.
func (r Row) Values(f filter.Field) []filter.Value {
	c := r.Conversation
	switch f.Name {
	case "state":
		return text(string(c.State))
	case "responder":
		return text(string(c.Responder))
	case "assignee":
		return text(string(c.Assignee))
	case "offered":
		return text(string(c.OfferedTo))
	case "team":
		return text(string(c.Team))
	case "queue":
		return text(string(c.Queue))
	case "inbox":
		return text(string(c.Inbox))
	case "contact":
		return text(string(c.Contact))
	case "priority":
		return text(string(c.Priority))
	case "label":
		return each(c.Labels)
	case "participant":
		return each(c.Participants)
	case "mention":
		return each(r.Mentioned)
	case "page_url":
		return each(r.Pages)
	case "rating":
		return score(c.Score)
	case "contact.organisation":
		return text(string(r.Contact.Organisation))
	case "number":
		return []filter.Value{{Number: float64(c.Number)}}
	case "ignored":
		return []filter.Value{{Bool: c.Ignored}}
	case "unread":
		return []filter.Value{{Bool: c.LastInboundSeq > r.Read}}
	case "created_at":
		return moment(c.CreatedAt)
	case "updated_at":
		return moment(c.UpdatedAt)
	case "waiting_since":
		return moment(c.WaitingSince)
	case "last_message_at":
		return moment(c.Last.At)
	case "contact.name":
		return text(r.Contact.Name)
	case "contact.email":
		return text(r.Contact.Email)
	case "attributes":
		return f.Given(c.Attributes[f.Key])
	case "contact.attributes":
		return f.Given(r.Contact.Attributes[f.Key])
	default:
		return nil
	}
}

func text(s string) []filter.Value {
	if s == "" {
		return nil
	}
	return []filter.Value{{Text: s}}
}

func each[T ~string](ids []T) []filter.Value {
	out := make([]filter.Value, len(ids))
	for i, id := range ids {
		out[i].Text = string(id)
	}
	return out
}

func moment(t time.Time) []filter.Value {
	if t.IsZero() {
		return nil
	}
	return []filter.Value{{Time: t}}
}

func score(n int) []filter.Value {
	if n == 0 {
		return nil
	}
	return []filter.Value{{Number: float64(n)}}
}
