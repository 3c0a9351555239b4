package pluginhost

import (
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// outboundsOf puts a batch on the wire; few allocations for all of it.
func outboundsOf(items []delivery.Delivery) []*pluginv1.Outbound {
	type parts struct {
		out     pluginv1.Outbound
		content pluginv1.Content
		text    pluginv1.Content_Text
	}
	all, outs := make([]parts, len(items)), make([]*pluginv1.Outbound, len(items))
	for i := range items {
		d, p := &items[i], &all[i]
		p.text.Text = d.Content.Text
		p.content.Body = &p.text
		addContent(&p.content, &d.Content)
		out := &p.out
		out.Id, out.InstanceId, out.ConversationId, out.Seq = string(d.ID), string(d.Inbox), d.Conversation, d.Seq
		out.RecipientExternalId, out.Content = d.Recipient, &p.content
		out.Attempt, out.Suspect = uint32(max(d.Attempts, 0)), d.Suspect //nolint:gosec // a small number
		out.Thread, out.ReplyTo, out.References = d.Thread, d.ReplyTo, d.References
		out.Author, out.AuthorName, out.Automatic = writerTo(d.Author.Kind), valid(d.Author.Name), d.Automatic
		out.Act, out.Target, out.Template = actTo(d.Act), d.Target, templateUseTo(d.Template)
		outs[i] = out
	}
	return outs
}

// addContent adds what a content has beside its text.
func addContent(out *pluginv1.Content, c *channel.Content) {
	out.Html, out.Quoted, out.Mentions = c.HTML, c.Quoted, mentionsTo(c.Mentions)
	if e := c.Envelope; e != nil {
		out.Envelope = &pluginv1.Envelope{
			Subject: e.Subject, From: partyTo(e.From), ReplyTo: partyTo(e.ReplyTo), To: partiesTo(e.To), Cc: partiesTo(e.CC), Bcc: partiesTo(e.BCC),
		}
	}
	if l := c.Location; l != nil {
		out.Body = &pluginv1.Content_Location{Location: &pluginv1.Location{Latitude: l.Latitude, Longitude: l.Longitude, Name: l.Name, Address: l.Address}}
	}
	for _, f := range c.Files {
		out.Attachments = append(out.Attachments, &pluginv1.Attachment{
			BlobId: string(f.ID), MediaType: f.Type, Filename: valid(f.Name), Size: uint64(max(f.Size, 0)), ContentId: f.ContentID, Voice: f.Voice,
		})
	}
}

func mentionsTo(all []channel.Member) []*pluginv1.Mention {
	var out []*pluginv1.Mention
	for _, m := range all {
		out = append(out, &pluginv1.Mention{ExternalId: m.External, Name: valid(m.Name)})
	}
	return out
}

func partyTo(p channel.Party) *pluginv1.Party {
	if p == (channel.Party{}) {
		return nil
	}
	return &pluginv1.Party{Address: p.Address, Name: p.Name}
}

func partiesTo(list []channel.Party) []*pluginv1.Party {
	var out []*pluginv1.Party
	for _, p := range list {
		out = append(out, &pluginv1.Party{Address: p.Address, Name: p.Name})
	}
	return out
}

func actTo(a delivery.Act) pluginv1.Act {
	switch a {
	case delivery.Edit:
		return pluginv1.Act_ACT_EDIT
	case delivery.Recall:
		return pluginv1.Act_ACT_RECALL
	case delivery.Post:
		return pluginv1.Act_ACT_UNSPECIFIED
	default:
		return pluginv1.Act_ACT_UNSPECIFIED
	}
}

// receiptOf is resultOf for a receipt, which may say that nobody knows.
func receiptOf(r *pluginv1.Result) channel.Result {
	out := resultOf(r)
	if r.GetOutcome() == pluginv1.Outcome_OUTCOME_UNKNOWN {
		out.Outcome = channel.OutcomeUnknown
	}
	return out
}

// writerTo is who wrote a message. Other plugins than bots are the system to it.
func writerTo(k identity.ActorKind) pluginv1.Author {
	switch k {
	case identity.ActorMember:
		return pluginv1.Author_AUTHOR_AGENT
	case identity.ActorContact:
		return pluginv1.Author_AUTHOR_CUSTOMER
	case identity.ActorBot:
		return pluginv1.Author_AUTHOR_BOT
	case "":
		return pluginv1.Author_AUTHOR_UNSPECIFIED
	default:
		return pluginv1.Author_AUTHOR_SYSTEM
	}
}
