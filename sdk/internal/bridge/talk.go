package bridge

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func authorOf(a pluginv1.Author) message.Author {
	switch a {
	case pluginv1.Author_AUTHOR_CUSTOMER:
		return message.AuthorCustomer
	case pluginv1.Author_AUTHOR_AGENT:
		return message.AuthorAgent
	case pluginv1.Author_AUTHOR_BOT:
		return message.AuthorBot
	case pluginv1.Author_AUTHOR_SYSTEM:
		return message.AuthorSystem
	case pluginv1.Author_AUTHOR_UNSPECIFIED:
		return message.AuthorUnknown
	default:
		return message.AuthorUnknown
	}
}

func messageOf(m *pluginv1.Message) message.Message {
	return message.Message{
		ID: m.GetId(), ConversationID: m.GetConversationId(), Seq: m.GetSeq(), Author: authorOf(m.GetAuthor()),
		AuthorID: m.GetAuthorId(), AuthorName: m.GetAuthorName(), Content: contentOf(m.GetContent()), At: timeOf(m.GetAt()), Note: m.GetNote(),
	}
}

func messagesOf(list []*pluginv1.Message) []message.Message {
	out := make([]message.Message, len(list))
	for i, m := range list {
		out[i] = messageOf(m)
	}
	return out
}

func contactOf(c *pluginv1.Contact) message.Contact {
	return message.Contact{
		ID: c.GetId(), Name: c.GetName(), Emails: c.GetEmails(), Phones: c.GetPhones(), ExternalID: c.GetExternalId(),
		Attributes: c.GetAttributes(), Locale: c.GetLocale(), Blocked: c.GetBlocked(), CreatedAt: timeOf(c.GetCreatedAt()), Revision: c.GetRevision(),
		MergedInto: c.GetMergedInto(),
	}
}

// timeOf returns the zero time for one that is absent.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// timeTo leaves the zero time absent.
func timeTo(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
