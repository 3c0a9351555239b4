package testhost

import (
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Bounds of what comes in.
const (
	maxExternalID = 512 // bytes
	maxAttributes = 50
	maxText       = 10_000  // characters of what is written here; of what comes in the core keeps the rest apart
	maxHTML       = 1 << 20 // bytes
	maxAttached   = 50
	maxFetch      = 2048 // bytes
)

// checkInbound says why an item must not pass; nil when it may. groups: the
// channel says that it can groups.
func checkInbound(in *pluginv1.Inbound, groups bool) *pluginv1.Result {
	about := in.GetTarget() != "" || in.GetDeliveryId() != ""
	kind := in.GetKind()
	switch {
	case kind < 0 || kind > pluginv1.InboundKind_INBOUND_KIND_TYPING:
		return rejected("unknown_kind", "this server does not know this kind of inbound item")
	case kind != pluginv1.InboundKind_INBOUND_KIND_TYPING && !external(in.GetExternalId()):
		return rejected("invalid_external_id", "external_id must have 1 to 512 bytes and no control characters")
	case needsSender(in) && !external(in.GetSender().GetExternalId()):
		return rejected("invalid_sender", "sender.external_id must have 1 to 512 bytes and no control characters")
	case in.GetEcho() && !external(in.GetRecipientExternalId()):
		return rejected("invalid_recipient", "an echo needs recipient_external_id: 1 to 512 bytes without control characters")
	case !externalOrNone(in.GetThread(), in.GetTarget(), in.GetAnswers(), in.GetDeliveryId()):
		return rejected("invalid_reference", "thread, target, answers and delivery_id have at most 512 bytes and no control characters")
	case len(in.GetSender().GetAttributes()) > maxAttributes:
		return rejected("too_many_attributes", "a person has at most 50 attributes")
	case in.GetMember() != nil && (!in.GetSender().GetGroup() || !external(in.GetMember().GetExternalId()) || in.GetEcho()):
		return rejected("invalid_member", "a member is one of a sender that is a group, with an external_id of 1 to 512 bytes without control characters")
	case in.GetSender().GetGroup() && !groups:
		return rejected("groups", "the manifest does not say that the channel can groups")
	case kind == pluginv1.InboundKind_INBOUND_KIND_STATUS && (in.GetStatus().GetState() == pluginv1.Status_STATE_UNSPECIFIED || !about):
		return rejected("invalid_status", "a status needs a state, and target or delivery_id")
	case (kind == pluginv1.InboundKind_INBOUND_KIND_EDIT || kind == pluginv1.InboundKind_INBOUND_KIND_RECALL) && !about:
		return rejected("invalid_target", "an edit and a recall need target or delivery_id")
	case kind == pluginv1.InboundKind_INBOUND_KIND_UNSPECIFIED || kind == pluginv1.InboundKind_INBOUND_KIND_EDIT:
		return checkContent(in.GetContent())
	}
	return nil
}

func needsSender(in *pluginv1.Inbound) bool {
	switch in.GetKind() {
	case pluginv1.InboundKind_INBOUND_KIND_UNSPECIFIED, pluginv1.InboundKind_INBOUND_KIND_EVENT, pluginv1.InboundKind_INBOUND_KIND_TYPING:
		return !in.GetEcho()
	case pluginv1.InboundKind_INBOUND_KIND_STATUS, pluginv1.InboundKind_INBOUND_KIND_EDIT, pluginv1.InboundKind_INBOUND_KIND_RECALL:
	}
	return false
}

func checkContent(c *pluginv1.Content) *pluginv1.Result {
	files, text := c.GetAttachments(), c.GetText()
	switch {
	case c.GetBody() == nil && c.GetHtml() == "" && len(files) == 0:
		return rejected("unknown_content", "the content is of a kind this server does not know")
	case len(c.GetHtml()) > maxHTML || len(c.GetQuoted()) > maxHTML:
		return rejected("too_large", "html and quoted have at most 1 MiB each; bring the rest as a file")
	case len(files) > maxAttached:
		return rejected("too_many_files", "a message has at most 50 files")
	case text == "" && c.GetHtml() == "" && len(files) == 0 && c.GetLocation() == nil && c.GetUnsupported() == nil:
		return rejected("empty", "an inbound message needs text")
	}
	for _, f := range files {
		if (f.GetBlobId() == "") == (f.GetFetch() == "") || len(f.GetFetch()) > maxFetch {
			return rejected("invalid_attachment", "an attachment has either blob_id or fetch, which has at most 2,048 bytes")
		}
	}
	return nil
}

func externalOrNone(all ...string) bool {
	for _, s := range all {
		if s != "" && !external(s) {
			return false
		}
	}
	return true
}
