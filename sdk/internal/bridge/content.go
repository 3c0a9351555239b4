package bridge

import (
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func contentOf(c *pluginv1.Content) message.Content {
	out := message.Content{Text: c.GetText(), HTML: c.GetHtml(), Quoted: c.GetQuoted()}
	if e := c.GetEnvelope(); e != nil {
		out.Envelope = &message.Envelope{
			Subject: e.GetSubject(), From: partyOf(e.GetFrom()), ReplyTo: partyOf(e.GetReplyTo()),
			To: partiesOf(e.GetTo()), CC: partiesOf(e.GetCc()), BCC: partiesOf(e.GetBcc()),
		}
	}
	if l := c.GetLocation(); l != nil {
		out.Location = &message.Location{Latitude: l.GetLatitude(), Longitude: l.GetLongitude(), Name: l.GetName(), Address: l.GetAddress()}
	}
	if u := c.GetUnsupported(); u != nil {
		out.Unsupported = &message.Unsupported{Kind: u.GetKind(), Summary: u.GetSummary()}
	}
	for _, a := range c.GetAttachments() {
		out.Attachments = append(out.Attachments, attachmentOf(a))
	}
	for _, m := range c.GetMentions() {
		out.Mentions = append(out.Mentions, message.Mention{ID: m.GetExternalId(), Name: m.GetName()})
	}
	return out
}

func contentTo(c message.Content) *pluginv1.Content {
	out := &pluginv1.Content{Html: c.HTML, Quoted: c.Quoted}
	switch {
	case c.Location != nil:
		out.Body = &pluginv1.Content_Location{Location: &pluginv1.Location{
			Latitude: c.Location.Latitude, Longitude: c.Location.Longitude, Name: c.Location.Name, Address: c.Location.Address,
		}}
	case c.Unsupported != nil:
		out.Body = &pluginv1.Content_Unsupported{Unsupported: &pluginv1.Unsupported{Kind: c.Unsupported.Kind, Summary: c.Unsupported.Summary}}
	default:
		out.Body = &pluginv1.Content_Text{Text: c.Text}
	}
	if e := c.Envelope; e != nil {
		out.Envelope = &pluginv1.Envelope{
			Subject: e.Subject, From: partyTo(e.From), ReplyTo: partyTo(e.ReplyTo), To: partiesTo(e.To), Cc: partiesTo(e.CC), Bcc: partiesTo(e.BCC),
		}
	}
	for _, a := range c.Attachments {
		out.Attachments = append(out.Attachments, &pluginv1.Attachment{
			BlobId: a.BlobID, MediaType: a.MediaType, Filename: a.Filename, Size: uint64(max(a.Size, 0)),
			Fetch: a.Fetch, ContentId: a.ContentID, Voice: a.Voice, Original: a.Original,
		})
	}
	for _, m := range c.Mentions {
		out.Mentions = append(out.Mentions, &pluginv1.Mention{ExternalId: m.ID, Name: m.Name})
	}
	return out
}

func attachmentOf(a *pluginv1.Attachment) message.Attachment {
	return message.Attachment{
		BlobID: a.GetBlobId(), MediaType: a.GetMediaType(), Filename: a.GetFilename(), Size: int64(a.GetSize()), //nolint:gosec // of a file
		Fetch: a.GetFetch(), ContentID: a.GetContentId(), Voice: a.GetVoice(), Original: a.GetOriginal(),
	}
}

func partyOf(p *pluginv1.Party) message.Party {
	return message.Party{Address: p.GetAddress(), Name: p.GetName()}
}

func partiesOf(list []*pluginv1.Party) []message.Party {
	var out []message.Party
	for _, p := range list {
		out = append(out, partyOf(p))
	}
	return out
}

// partyTo leaves the zero party absent.
func partyTo(p message.Party) *pluginv1.Party {
	if p == (message.Party{}) {
		return nil
	}
	return &pluginv1.Party{Address: p.Address, Name: p.Name}
}

func partiesTo(list []message.Party) []*pluginv1.Party {
	var out []*pluginv1.Party
	for _, p := range list {
		out = append(out, &pluginv1.Party{Address: p.Address, Name: p.Name})
	}
	return out
}
