package pluginhost

import (
	"slices"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/media"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of what comes in. Bytes where nothing else is said.
const (
	maxHTML       = 1 << 20
	maxQuoted     = 1 << 20
	maxSubject    = 2000
	maxParties    = 500 // of each list of an envelope; more are left out
	maxAddress    = 320
	maxFiles      = 50
	maxFetch      = 2048
	maxReferences = 100 // the nearest
	maxTrigger    = 40
	maxReason     = 500
	maxRun        = 100 // of the name of a backfill
)

// inboundOf reads what a plugin brings in; false with the reason when it must
// not pass. What is only shown is cut; what names something is refused.
func inboundOf(in *pluginv1.Inbound) (channel.Inbound, channel.Result, bool) {
	kind, known := inboundKindOf(in.GetKind())
	if !known {
		return channel.Inbound{}, rejected("unknown_kind", "this server does not know this kind of inbound item"), false
	}
	out := channel.Inbound{
		Inbox: channel.InboxID(in.GetInstanceId()), External: in.GetExternalId(), Kind: kind, Sender: personOf(in.GetSender()),
		Content: inboundContentOf(in.GetContent()),
		Echo:    in.GetEcho(), Recipient: in.GetRecipientExternalId(), Automatic: in.GetAutomatic(), NoReply: in.GetNoReply(), Trust: trustOf(in.GetTrust()),
		Trigger: cut(in.GetTrigger(), maxTrigger), Thread: in.GetThread(), References: referencesOf(in.GetReferences()),
		Answers: in.GetAnswers(), Target: in.GetTarget(), Delivery: in.GetDeliveryId(), Status: statusOf(in.GetStatus()),
		Backfill: cut(in.GetBackfill(), maxRun),
	}
	if who := in.GetMember(); who != nil {
		out.Member = &channel.Member{External: who.GetExternalId(), Name: cut(who.GetName(), maxName)}
	}
	if at := in.GetSentAt(); at.IsValid() {
		out.SentAt = at.AsTime()
	}
	if fault, bad := faultOf(&out, in); bad {
		return out, fault, false
	}
	return out, channel.Result{}, true
}

// faultOf says why an item must not pass.
func faultOf(out *channel.Inbound, in *pluginv1.Inbound) (channel.Result, bool) {
	about := out.Target != "" || out.Delivery != ""
	switch {
	case out.Kind != channel.KindTyping && !external(out.External):
		return rejected("invalid_external_id", "external_id must have 1 to 512 bytes and no control characters"), true
	case needsSender(out) && !external(out.Sender.External):
		return rejected("invalid_sender", "sender.external_id must have 1 to 512 bytes and no control characters"), true
	case out.Echo && !external(out.Recipient):
		return rejected("invalid_recipient", "an echo needs recipient_external_id: 1 to 512 bytes without control characters"), true
	case !externalOrNone(out.Thread) || !externalOrNone(out.Target) || !externalOrNone(out.Answers) || !externalOrNone(out.Delivery):
		return rejected("invalid_reference", "thread, target, answers and delivery_id have at most 512 bytes and no control characters"), true
	case out.Member != nil && (!out.Sender.Group || !external(out.Member.External) || out.Echo):
		return rejected("invalid_member", "a member is one of a sender that is a group, with an external_id of 1 to 512 bytes without control characters"), true
	case len(out.Sender.Attributes) > maxAttributes:
		return rejected("too_many_attributes", "a person has at most 50 attributes"), true
	case out.Kind == channel.KindStatus && (out.Status.State == "" || !about):
		return rejected("invalid_status", "a status needs a state, and target or delivery_id"), true
	case (out.Kind == channel.KindEdit || out.Kind == channel.KindRecall) && !about:
		return rejected("invalid_target", "an edit and a recall need target or delivery_id"), true
	case out.Kind == channel.KindMessage || out.Kind == channel.KindEdit:
		return contentFault(in.GetContent())
	default:
		return channel.Result{}, false
	}
}

// needsSender reports whether somebody must be named: of a status the message
// says who.
func needsSender(in *channel.Inbound) bool {
	return !in.Echo && (in.Kind == channel.KindMessage || in.Kind == channel.KindEvent || in.Kind == channel.KindTyping)
}

func contentFault(c *pluginv1.Content) (channel.Result, bool) {
	files := c.GetAttachments()
	switch {
	case c.GetBody() == nil && c.GetHtml() == "" && len(files) == 0:
		return rejected("unknown_content", "the content is of a kind this server does not know"), true
	case len(c.GetHtml()) > maxHTML || len(c.GetQuoted()) > maxQuoted:
		return rejected("too_large", "html and quoted have at most 1 MiB each; bring the rest as a file"), true
	case len(files) > maxFiles:
		return rejected("too_many_files", "a message has at most 50 files"), true
	}
	for _, f := range files {
		if (f.GetBlobId() == "") == (f.GetFetch() == "") || len(f.GetFetch()) > maxFetch || !utf8.ValidString(f.GetFetch()) {
			return rejected("invalid_attachment", "an attachment has either blob_id or fetch, which has at most 2,048 bytes"), true
		}
	}
	return channel.Result{}, false
}

func externalOrNone(s string) bool { return s == "" || external(s) }

func inboundKindOf(k pluginv1.InboundKind) (channel.InboundKind, bool) {
	switch k {
	case pluginv1.InboundKind_INBOUND_KIND_UNSPECIFIED:
		return channel.KindMessage, true
	case pluginv1.InboundKind_INBOUND_KIND_STATUS:
		return channel.KindStatus, true
	case pluginv1.InboundKind_INBOUND_KIND_EDIT:
		return channel.KindEdit, true
	case pluginv1.InboundKind_INBOUND_KIND_RECALL:
		return channel.KindRecall, true
	case pluginv1.InboundKind_INBOUND_KIND_EVENT:
		return channel.KindEvent, true
	case pluginv1.InboundKind_INBOUND_KIND_TYPING:
		return channel.KindTyping, true
	default:
		return "", false
	}
}

func personOf(p *pluginv1.Person) channel.Person {
	return channel.Person{
		External: p.GetExternalId(), Name: cut(p.GetName(), maxName), Attributes: p.GetAttributes(),
		Email: cut(p.GetEmail(), maxAddress), Phone: cut(p.GetPhone(), maxAddress), Group: p.GetGroup(),
	}
}

func inboundContentOf(c *pluginv1.Content) channel.Content {
	out := channel.Content{Text: c.GetText(), HTML: c.GetHtml(), Quoted: c.GetQuoted()}
	if e := c.GetEnvelope(); e != nil {
		out.Envelope = &channel.Envelope{
			Subject: cut(e.GetSubject(), maxSubject), From: partyOf(e.GetFrom()), ReplyTo: partyOf(e.GetReplyTo()),
			To: partiesOf(e.GetTo()), CC: partiesOf(e.GetCc()), BCC: partiesOf(e.GetBcc()),
		}
	}
	if l := c.GetLocation(); l != nil {
		out.Location = &channel.Location{
			Latitude: l.GetLatitude(), Longitude: l.GetLongitude(), Name: cut(l.GetName(), maxName), Address: cut(l.GetAddress(), maxDetail),
		}
	}
	if u := c.GetUnsupported(); u != nil {
		out.Unsupported = &channel.Unsupported{Kind: cut(u.GetKind(), maxCode), Summary: cut(u.GetSummary(), maxDetail)}
	}
	for _, f := range c.GetAttachments() {
		out.Files = append(out.Files, channel.File{
			ID: media.ID(f.GetBlobId()), Fetch: f.GetFetch(), Name: cut(f.GetFilename(), maxDetail), Type: cut(f.GetMediaType(), maxName),
			Size: int64(min(f.GetSize(), 1<<50)), ContentID: cut(f.GetContentId(), maxExternalID), Voice: f.GetVoice(), Original: f.GetOriginal(),
		})
	}
	return out
}

func partyOf(p *pluginv1.Party) channel.Party {
	return channel.Party{Address: cut(p.GetAddress(), maxAddress), Name: cut(p.GetName(), maxName)}
}

func partiesOf(list []*pluginv1.Party) []channel.Party {
	var out []channel.Party
	for _, p := range list[:min(len(list), maxParties)] {
		out = append(out, partyOf(p))
	}
	return out
}

// referencesOf keeps what can name something, the nearest.
func referencesOf(list []string) []string {
	list = list[max(0, len(list)-maxReferences):]
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !external(s) })
}

// trustOf reads a judgement; what is not understood speaks against the sender.
func trustOf(t *pluginv1.Trust) channel.Trust {
	out := channel.Trust{Reason: cut(t.GetReason(), maxReason)}
	switch t.GetVerdict() {
	case pluginv1.Trust_VERDICT_UNSPECIFIED:
	case pluginv1.Trust_VERDICT_VERIFIED:
		out.Verdict = channel.Verified
	case pluginv1.Trust_VERDICT_UNVERIFIED:
		out.Verdict = channel.Unverified
	case pluginv1.Trust_VERDICT_FAILED:
		out.Verdict = channel.Failed
	default:
		out.Verdict = channel.Failed
	}
	return out
}

func statusOf(s *pluginv1.Status) channel.Status {
	out := channel.Status{Code: cut(s.GetCode(), maxCode), Detail: cut(s.GetDetail(), maxDetail), UpTo: s.GetUpTo()}
	switch s.GetState() {
	case pluginv1.Status_STATE_SENT:
		out.State = channel.StatusSent
	case pluginv1.Status_STATE_DELIVERED:
		out.State = channel.StatusDelivered
	case pluginv1.Status_STATE_READ:
		out.State = channel.StatusRead
	case pluginv1.Status_STATE_FAILED:
		out.State = channel.StatusFailed
	case pluginv1.Status_STATE_UNSPECIFIED:
	default:
	}
	return out
}
