package webhook

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Type is a type of event that endpoints can ask for.
type Type struct {
	Name  string
	Group string // message, conversation, ticket, contact, workspace
}

// Test is the type of the event that the test button sends. It is sent whatever
// an endpoint asks for, and is not in the ledger.
const Test = "webhook.test"

// Types lists what endpoints can ask for, in the order to show. What is not
// here is left out on purpose: core/wire's test names the reason. Comments that
// customers may not read are in no event.
func Types() []Type {
	var out []Type
	add := func(group string, names ...string) {
		for _, n := range names {
			out = append(out, Type{Name: n, Group: group})
		}
	}
	add("message", string(conversation.MessageCreated), string(conversation.NoteCreated), string(conversation.MessageEdited), string(conversation.MessageRecalled), string(conversation.MessageDelivery), string(conversation.MessageFile),
		string(conversation.ScheduledCreated), string(conversation.ScheduledChanged), string(conversation.ScheduledCancelled),
		string(conversation.ScheduledSent), string(conversation.ScheduledFailed))
	add("conversation", string(conversation.Created), string(conversation.Assigned), string(conversation.Queued), string(conversation.Offered), string(conversation.OfferEnded), string(conversation.Abandoned),
		string(conversation.ResolvedChange), string(conversation.Reopened), string(conversation.SnoozedChange), string(conversation.Unsnoozed),
		string(conversation.Labeled), string(conversation.AttributesChanged), string(conversation.PriorityChanged),
		string(conversation.ParticipantsChanged), string(conversation.TeamChanged), string(conversation.Identified), string(conversation.OfflineChange), string(conversation.CustomerEvent),
		string(conversation.ReadByContact), string(conversation.Merged), string(conversation.Absorbed), string(conversation.Unmerged),
		string(conversation.RatingRequested), string(conversation.RatingGiven), string(conversation.BotEngaged),
		string(conversation.FindingRaised), string(conversation.FindingDismissed), conversation.Deleted)
	for _, typ := range ticket.ChangeTypes() {
		add("ticket", string(typ))
	}
	add("contact", contact.Changed, erasure.Changed, contact.OrganisationChanged)
	add("workspace", identity.MemberChanged, team.Changed, channel.Changed, instance.InboxHealthChanged, instance.ConnectionHealthChanged, catalog.LabelChanged)
	return out
}

// Offered reports whether endpoints can ask for a type.
func Offered(kind string) bool {
	return slices.ContainsFunc(Types(), func(t Type) bool { return t.Name == kind })
}
