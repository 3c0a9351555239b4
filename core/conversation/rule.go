package conversation

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Tickets makes tickets of conversations.
type Tickets interface {
	// Begin makes the ticket of a message that has just begun a conversation and
	// is saved, in the same transaction: of a type of tickets, "" = the default.
	Begin(ctx context.Context, tx Tx, t Turn, c Conversation, m Message, typ string) error
	// Unserved makes the ticket of a conversation that ends without an answer, in
	// the same transaction, of what its customer said last; none when one that was
	// made by itself is open in the conversation.
	Unserved(ctx context.Context, tx Tx, t Turn, c Conversation, said []Message) error
	// Callback makes the ticket of a callback, in the same transaction, or adds it
	// to the one that was made by itself and is open in the conversation. nil only
	// asks for that one.
	Callback(ctx context.Context, tx Tx, t Turn, c Conversation, wish *CallbackWish) (Noted, error)
}

// ruling is the rule of an inbox that takes a message, with what of its effects
// can be done.
type ruling struct {
	rule     channel.Rule
	revision uint64
	then     channel.Effects
	skipped  []errs.Field
}

// ruleData is what a change says of the rule that decided: Created of that of the
// inbox, Queued of that of the workspace's routing.
type ruleData struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Revision uint64        `json:"revision"` // of the rules
	Ignored  bool          `json:"ignored,omitempty"`
	Skipped  []skippedData `json:"skipped,omitempty"`
	Skills   []skillData   `json:"skills,omitempty"` // of Queued: that it asks for
	Value    int           `json:"value,omitempty"`  // of Queued: that it gives
}

// skillData is a skill with the least level that is asked for.
type skillData struct {
	Skill string `json:"skill_id"`
	Level int    `json:"level"`
}

func skillsOf(needs []queue.Need) []skillData {
	var out []skillData
	for _, n := range needs {
		out = append(out, skillData{string(n.Skill), n.Level})
	}
	return out
}

// skippedData is an effect that could not be done.
type skippedData struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
}

func skippedOf(faults []errs.Field) []skippedData {
	var out []skippedData
	for _, f := range faults {
		out = append(out, skippedData{Pointer: f.Pointer, Code: f.Code})
	}
	return out
}

// ruled finds the rule that takes an item, should it begin a conversation; nil =
// none does. What a rule points at may have been deleted since: that effect is
// left out, and the others are done.
func (s *Service) ruled(ctx context.Context, inbox channel.Inbox, in accepted) (*ruling, error) {
	if len(inbox.Rules.List) == 0 {
		return nil, nil //nolint:nilnil // nil is no rule
	}
	rule := inbox.Rules.First(in.arrival(inbox.Live), s.Now())
	if rule == nil {
		return nil, nil //nolint:nilnil // nil is no rule
	}
	out := &ruling{rule: *rule, revision: inbox.Rules.Revision, then: rule.Then}
	if s.Targets == nil {
		return out, nil
	}
	var err error
	if out.skipped, err = s.Targets.Faults(ctx, inbox.Workspace, rule.Then); err != nil {
		return nil, err
	}
	out.then = rule.Then.Without(out.skipped)
	return out, nil
}

// apply does what the rule says with a conversation that has just been started,
// for its team.
func (r *ruling) apply(t Turn, c *Conversation) error {
	if r == nil {
		return nil
	}
	data := ruleData{ID: r.rule.ID, Name: r.rule.Name, Revision: r.revision, Ignored: r.then.Ignore, Skipped: skippedOf(r.skipped)}
	said, err := json.Marshal(map[string]any{"rule": data})
	if err != nil {
		return err //nolint:wrapcheck // structs of texts always marshal
	}
	c.pending[0].Data = said
	if r.then.Ignore {
		c.State, c.Ignored = Resolved, true
	}
	return r.arrange(t, c)
}

// late does what the rule says with a conversation that began by an event, once
// its customer writes: it is no stranger's any more, and is not ignored.
func (f first) late(t Turn, c *Conversation) error {
	if f.rule == nil {
		return nil
	}
	if f.routed {
		c.Route(Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: t.At, IDs: t.IDs}, f.team)
		c.teamChosen()
	}
	return f.rule.arrange(t, c)
}

// arrange gives the conversation its priority and labels.
func (r *ruling) arrange(t Turn, c *Conversation) error {
	t.Actor = identity.Actor{Kind: identity.ActorSystem}
	if r.then.Priority != "" {
		if err := c.SetPriority(t, Priority(r.then.Priority)); err != nil {
			return err
		}
	}
	labels := make([]catalog.LabelID, len(r.then.Labels))
	for i, id := range r.then.Labels {
		labels[i] = catalog.LabelID(id)
	}
	return c.AddLabels(t, labels)
}

// wantsTicket reports whether a rule wants a ticket.
func (r *ruling) wantsTicket() bool { return r != nil && r.then.Ticket }

// openTicket makes the ticket that a rule wants of a message.
func (s *Service) openTicket(ctx context.Context, tx Tx, t Turn, c *Conversation, r *ruling, m Message) error {
	if !r.wantsTicket() || s.Tickets == nil {
		return nil
	}
	return s.Tickets.Begin(ctx, tx, t, *c, m, r.then.Type)
}

// arrival is what rules look at of an item.
func (a accepted) arrival(live bool) channel.Arrival {
	out := arrivalOf(a.said.Carried.Envelope)
	out.Text = a.said.Text
	out.Attachments = len(a.files) > 0 || slices.ContainsFunc(a.said.brought, func(b media.Brought) bool { return attached(b.Role, b.ContentID) })
	out.Automatic = a.said.Carried.Automatic || a.said.Carried.NoReply
	out.Verified = a.trust.Proven()
	if live {
		out.Verified = SubjectOf(a.sender.External) != ""
	}
	return out
}

// Arrival is what rules look at of a message that came in.
func (m *Message) Arrival(verified bool) channel.Arrival {
	out := arrivalOf(m.Envelope)
	out.Text, out.Automatic, out.Verified = m.Text, m.Automatic || m.NoReply, verified
	out.Attachments = slices.ContainsFunc(m.Attachments, func(a media.Attachment) bool { return attached(a.Role, a.ContentID) })
	return out
}

// attached reports whether a file is one for people: neither the mail itself nor
// a picture within its text.
func attached(role media.Role, contentID string) bool {
	return role != media.RoleOriginal && contentID == ""
}

func arrivalOf(e *channel.Envelope) channel.Arrival {
	if e == nil {
		return channel.Arrival{}
	}
	out := channel.Arrival{From: e.From.Address, Subject: e.Subject}
	for _, p := range slices.Concat(e.To, e.CC) {
		out.To = append(out.To, p.Address)
	}
	return out
}

// ArrivalOf returns what rules of an inbox look at of a customer's message of a
// conversation of it. Needs InboxManage and ConversationRead.
func (s *Service) ArrivalOf(ctx context.Context, scope identity.Scope, inbox channel.InboxID, id ID, message MessageID) (channel.Arrival, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return channel.Arrival{}, err
	}
	c, err := s.Get(ctx, scope, id)
	if err != nil {
		return channel.Arrival{}, err
	}
	m, err := s.Reader.Message(ctx, c.Workspace, c.ID, message)
	if err == nil && (c.Inbox != inbox || m.Sender.Kind != identity.ActorContact) {
		err = errs.Absent()
	}
	if err != nil {
		return channel.Arrival{}, err
	}
	verified := m.Trust.Proven()
	if c.Live {
		verified = c.Verified()
	}
	return m.Arrival(verified), nil
}
