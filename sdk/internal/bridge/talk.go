package bridge

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func contentOf(c *pluginv1.Content) message.Content {
	out := message.Content{Text: c.GetText()}
	for _, a := range c.GetAttachments() {
		out.Attachments = append(out.Attachments, message.Attachment{
			BlobID: a.GetBlobId(), MediaType: a.GetMediaType(), Filename: a.GetFilename(), Size: int64(a.GetSize()), //nolint:gosec // of a file
		})
	}
	return out
}

func contentTo(c message.Content) *pluginv1.Content {
	out := &pluginv1.Content{Body: &pluginv1.Content_Text{Text: c.Text}}
	for _, a := range c.Attachments {
		out.Attachments = append(out.Attachments, &pluginv1.Attachment{
			BlobId: a.BlobID, MediaType: a.MediaType, Filename: a.Filename, Size: uint64(max(a.Size, 0)),
		})
	}
	return out
}

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
