package bridge

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/channel"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func inboundTo(m channel.Inbound) *pluginv1.Inbound {
	out := &pluginv1.Inbound{
		InstanceId: m.Instance, ExternalId: m.ExternalID, Kind: kindTo(m.Kind), Content: contentTo(m.Content),
		Sender: &pluginv1.Person{
			ExternalId: m.Sender.ID, Name: m.Sender.Name, Attributes: m.Sender.Attributes, Email: m.Sender.Email, Phone: m.Sender.Phone, Group: m.Sender.Group,
		},
		Echo: m.Echo, RecipientExternalId: m.Recipient, Automatic: m.Automatic, NoReply: m.NoReply, Trust: trustTo(m.Trust), Trigger: m.Trigger,
		Thread: m.Thread, References: m.References, Answers: m.Answers, Target: m.Target, DeliveryId: m.DeliveryID,
	}
	if !m.SentAt.IsZero() {
		out.SentAt = timestamppb.New(m.SentAt)
	}
	if m.Member != nil {
		out.Member = &pluginv1.Member{ExternalId: m.Member.ID, Name: m.Member.Name}
	}
	if m.Kind == channel.KindStatus {
		out.Status = &pluginv1.Status{State: stateTo(m.Status.State), Code: m.Status.Code, Detail: m.Status.Detail, UpTo: m.Status.UpTo}
	}
	return out
}

// kindTo words a kind; one that is not known is refused by the host.
func kindTo(k channel.Kind) pluginv1.InboundKind {
	switch k {
	case channel.KindMessage:
		return pluginv1.InboundKind_INBOUND_KIND_UNSPECIFIED
	case channel.KindStatus:
		return pluginv1.InboundKind_INBOUND_KIND_STATUS
	case channel.KindEdit:
		return pluginv1.InboundKind_INBOUND_KIND_EDIT
	case channel.KindRecall:
		return pluginv1.InboundKind_INBOUND_KIND_RECALL
	case channel.KindEvent:
		return pluginv1.InboundKind_INBOUND_KIND_EVENT
	case channel.KindTyping:
		return pluginv1.InboundKind_INBOUND_KIND_TYPING
	default:
		return pluginv1.InboundKind(-1)
	}
}

func kindOf(k pluginv1.InboundKind) channel.Kind {
	for known := channel.KindMessage; known <= channel.KindTyping; known++ {
		if kindTo(known) == k {
			return known
		}
	}
	return channel.KindMessage
}

func stateTo(s channel.State) pluginv1.Status_State {
	switch s {
	case channel.Sent:
		return pluginv1.Status_STATE_SENT
	case channel.Delivered:
		return pluginv1.Status_STATE_DELIVERED
	case channel.Read:
		return pluginv1.Status_STATE_READ
	case channel.Failed:
		return pluginv1.Status_STATE_FAILED
	default:
		return pluginv1.Status_STATE_UNSPECIFIED
	}
}

// trustTo leaves out the trust of far sides that know their users.
func trustTo(t channel.Trust) *pluginv1.Trust {
	out := &pluginv1.Trust{Reason: t.Reason}
	switch t.Verdict {
	case channel.Vouched:
		if t.Reason == "" {
			return nil
		}
	case channel.Verified:
		out.Verdict = pluginv1.Trust_VERDICT_VERIFIED
	case channel.Unverified:
		out.Verdict = pluginv1.Trust_VERDICT_UNVERIFIED
	case channel.Refuted:
		out.Verdict = pluginv1.Trust_VERDICT_FAILED
	default: // worse than said is the safe side
		out.Verdict = pluginv1.Trust_VERDICT_FAILED
	}
	return out
}

func trustOf(t *pluginv1.Trust) channel.Trust {
	out := channel.Trust{Reason: t.GetReason()}
	switch t.GetVerdict() {
	case pluginv1.Trust_VERDICT_UNSPECIFIED:
	case pluginv1.Trust_VERDICT_VERIFIED:
		out.Verdict = channel.Verified
	case pluginv1.Trust_VERDICT_UNVERIFIED:
		out.Verdict = channel.Unverified
	case pluginv1.Trust_VERDICT_FAILED:
		out.Verdict = channel.Refuted
	default:
		out.Verdict = channel.Refuted
	}
	return out
}

func inboundOf(in *pluginv1.Inbound) channel.Inbound {
	sender := in.GetSender()
	out := channel.Inbound{
		Instance: in.GetInstanceId(), ExternalID: in.GetExternalId(), Kind: kindOf(in.GetKind()), Content: contentOf(in.GetContent()),
		Sender: channel.Person{
			ID: sender.GetExternalId(), Name: sender.GetName(), Attributes: sender.GetAttributes(), Email: sender.GetEmail(), Phone: sender.GetPhone(), Group: sender.GetGroup(),
		},
		SentAt: timeOf(in.GetSentAt()), Echo: in.GetEcho(), Recipient: in.GetRecipientExternalId(), Automatic: in.GetAutomatic(),
		NoReply: in.GetNoReply(), Trust: trustOf(in.GetTrust()), Trigger: in.GetTrigger(), Thread: in.GetThread(), References: in.GetReferences(),
		Answers: in.GetAnswers(), Target: in.GetTarget(), DeliveryID: in.GetDeliveryId(),
	}
	if who := in.GetMember(); who != nil {
		out.Member = &channel.Member{ID: who.GetExternalId(), Name: who.GetName()}
	}
	if s := in.GetStatus(); s != nil {
		out.Status = channel.Status{Code: s.GetCode(), Detail: s.GetDetail(), UpTo: s.GetUpTo()}
		for state := channel.Sent; state <= channel.Failed; state++ {
			if stateTo(state) == s.GetState() {
				out.Status.State = state
			}
		}
	}
	return out
}
