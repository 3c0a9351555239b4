package conversation

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Turn is what an aggregate needs to record a change: who, when, and ids.
// All changes of one transaction share its clock reading.
type Turn struct {
	Actor identity.Actor
	At    time.Time
	IDs   id.Source
}

// Start returns a new conversation that waits in the queue, with its first
// changes pending.
func Start(t Turn, inbox channel.Inbox, who contact.Contact, recipient string) *Conversation {
	c := &Conversation{
		Workspace: inbox.Workspace, ID: ID(t.IDs.New("cnv")), Inbox: inbox.ID, Contact: who.ID,
		Recipient: recipient, State: Open, CreatedAt: t.At,
		ContactName: who.Name, Group: who.Group, Plugin: inbox.Plugin, Live: inbox.Live, isNew: true,
	}
	c.Unrouted = ToRoute
	c.record(t, Created, nil, nil)
	return c
}

// In says how the inbox finds a conversation that is not saved yet: by the far
// side's thread, or not at all, where an answer alone goes on with it.
func (c *Conversation) In(thread string, apart bool) *Conversation {
	c.Thread, c.Apart = thread, apart && thread == ""
	return c
}

// Loaded is called by a store on a row it has read, before it hands it out
// for a change: it remembers the load to compare with.
func (c *Conversation) Loaded() *Conversation {
	c.before, c.isNew, c.pending, c.html, c.was, c.deadlines = c.Load(), false, nil, nil, nil, nil
	return c
}

// Unsaved is what a store must write: pending changes in order, the HTML of
// their messages by the messages' seq, what messages said before changes that
// revise them, by the changes' seq, whether the row is new, whether the
// conversation must be weighed, and the agent's load before and after.
type Unsaved struct {
	Changes       []Change
	HTML          map[uint64]string
	Was           map[uint64]Message
	New           bool
	Enters        bool // see Weigh
	Before, After Load
}

// Unsaved returns what must be written.
func (c *Conversation) Unsaved() Unsaved {
	enters := c.isNew || slices.ContainsFunc(c.pending, func(ch Change) bool { return ch.Type == Queued })
	return Unsaved{Changes: c.pending, HTML: c.html, Was: c.was, New: c.isNew, Enters: enters, Before: c.before, After: c.Load()}
}

// Weigh says how much of an agent's capacity the conversation takes. A store
// calls it before it writes one that Enters: which begins, or comes to wait. A
// weight that is decided later changes nothing of what somebody has.
func (c *Conversation) Weigh(weight int) { c.Weight = max(weight, 1) }

// Saved is called by a store after it wrote everything.
func (c *Conversation) Saved() { c.Loaded() }

func (c *Conversation) record(t Turn, typ ChangeType, m *Message, data any) *Change {
	c.LastSeq++
	ch := Change{
		Workspace: c.Workspace, ID: ChangeID(t.IDs.New("chg")), Conversation: c.ID,
		Seq: c.LastSeq, Type: typ, At: t.At, Actor: t.Actor, Message: m,
	}
	if typ.public() && (m == nil || m.Kind != Note) {
		c.LastPublicSeq++
		ch.PublicSeq = c.LastPublicSeq
	}
	if data != nil {
		if b, err := json.Marshal(data); err == nil { // maps of strings always marshal
			ch.Data = b
		}
	}
	if typ != ReadByContact { // a reader moves nothing in lists
		c.UpdatedAt = t.At
	}
	c.pending = append(c.pending, ch)
	return &c.pending[len(c.pending)-1]
}

// Receive appends a message of the customer. It reopens what was resolved,
// wakes what slept, and queues what nobody answers for.
func (c *Conversation) Receive(t Turn, w Written) *Change { return c.ReceiveFor(t, w, nil) }

// ReceiveFor is Receive where a bot, unless it is nil, answers for what nobody
// answers for. What a machine wrote is kept, and that is all: it wakes nothing
// and waits for no answer. Only a conversation that it begins waits for people.
// So it is with everything in a conversation that is ignored. No bot engages in
// what we began.
func (c *Conversation) ReceiveFor(t Turn, w Written, bot *Bot) *Change {
	if w.Carried.Automatic || c.Ignored {
		bot = nil
	} else {
		if c.byUs() {
			bot = nil
		}
		c.wake(t)
	}
	reason := c.queueReason()
	ch := *c.append(t, Text, w, nil)
	c.LastInboundSeq = ch.Seq
	switch {
	case c.Responder != "" || c.State != Open:
	case bot != nil:
		c.engage(t, *bot)
	default:
		c.enqueue(t, reason)
	}
	return &ch
}

// wake opens what was resolved or slept, since its customer waits from now on.
// What an event began has not been open before: it begins with these words.
func (c *Conversation) wake(t Turn) {
	switch c.State {
	case Resolved:
		if c.unsaid() && c.Responder == "" {
			c.State = Open
			break
		}
		data := map[string]string{"by": string(identity.ActorContact)}
		if c.Assignee != "" {
			data["from_id"] = string(c.Assignee)
		}
		c.State, c.Responder, c.Assignee, c.AssigneeName = Open, "", "", ""
		c.record(t, Reopened, nil, data)
	case Snoozed:
		c.State, c.SnoozedUntil = Open, time.Time{}
		c.record(t, Unsnoozed, nil, nil)
	case Open:
	}
	if c.WaitingSince.IsZero() {
		c.WaitingSince = t.At
	}
}

func (c *Conversation) queueReason() string {
	if c.isNew || c.unsaid() {
		return QueuedNew
	}
	return QueuedReopened
}

// Send appends a member's answer to the customer. Whoever answers takes over
// a conversation that nobody has.
func (c *Conversation) Send(t Turn, w Written) (*Change, error) {
	if c.State == Resolved {
		return nil, errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you answer.")
	}
	if c.Assignee == "" && t.Actor.Kind == identity.ActorMember {
		c.assign(t, identity.MemberID(t.Actor.ID), t.Actor.Name, "member")
	}
	ch := c.send(t, w, nil)
	c.WaitingSince = time.Time{}
	return &ch, nil
}

// send appends a message to the customer.
func (c *Conversation) send(t Turn, w Written, data any) Change {
	ch := c.append(t, Text, w, data)
	if t.Actor.Kind == identity.ActorMember {
		c.AnsweredBy = identity.MemberID(t.Actor.ID)
	}
	if !c.Live {
		ch.Message.Delivery = DeliveryPending
	}
	return *ch
}

// Acknowledge appends what the company answers by itself. The customer still
// waits for an answer.
func (c *Conversation) Acknowledge(t Turn, w Written) Change {
	t.Actor = identity.Actor{Kind: identity.ActorSystem}
	w.Carried.Automatic = true
	return c.send(t, w, nil)
}

// Echo appends what the company wrote elsewhere. It is an answer; it changes
// neither state nor assignment.
func (c *Conversation) Echo(t Turn, w Written) *Change {
	w.Carried.Elsewhere, c.Ignored = true, false
	ch := *c.append(t, Text, w, nil)
	if w.Carried.WrittenAt.IsZero() { // an old one may be older than what the customer waits for
		c.WaitingSince = time.Time{}
	}
	return &ch
}

// AddNote appends a private note.
func (c *Conversation) AddNote(t Turn, w Written) *Change {
	out := *c.append(t, Note, w, nil)
	return &out
}

func (c *Conversation) append(t Turn, kind MessageKind, w Written, data any) *Change {
	m := &Message{
		Workspace: c.Workspace, ID: MessageID(t.IDs.New("msg")), Conversation: c.ID, Seq: c.LastSeq + 1,
		ClientID: w.ClientID, Kind: kind, Sender: t.Actor, Text: w.Text,
		ReplyTo: w.ReplyTo, Mentions: w.Mentions, GroupMentions: w.GroupMentions, Altered: w.Altered, CreatedAt: t.At, Carried: w.Carried,
	}
	c.markup(m, w.HTML)
	typ := MessageCreated
	if kind == Note {
		typ = NoteCreated
	}
	c.Last = PreviewOf(*m)
	return c.record(t, typ, m, data)
}

// Assign gives the conversation to a member. by is "dispatch" or "member".
func (c *Conversation) Assign(t Turn, member identity.MemberID, name, by string) error {
	if c.State == Resolved {
		return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you assign it.")
	}
	if c.Assignee != member {
		c.assign(t, member, name, by)
	}
	return nil
}

func (c *Conversation) assign(t Turn, member identity.MemberID, name, by string) {
	c.assignWith(t, member, name, map[string]string{"by": by})
}

// assignWith is assign with more than by whom.
func (c *Conversation) assignWith(t Turn, member identity.MemberID, name string, data map[string]string) {
	c.endOfferFor(t, member)
	data["assignee_id"], data["assignee_name"] = string(member), name
	if c.Assignee != "" {
		data["from_id"] = string(c.Assignee)
	}
	if c.Team != "" {
		data["team_id"] = string(c.Team)
	}
	c.Responder, c.Assignee, c.AssigneeName, c.QueuedAt, c.Unrouted = ResponderAgent, member, name, time.Time{}, 0
	c.record(t, Assigned, nil, data)
}

// Release puts the conversation back into the queue, at the place its customer
// has earned by waiting.
func (c *Conversation) Release(t Turn, reason string) error {
	if c.State != Open {
		return errs.New(errs.Conflict, "conversation.not_open", "Only an open conversation can wait in the queue.")
	}
	if c.Responder != ResponderQueue {
		c.enqueue(t, reason)
	}
	c.endOffer(t, OfferWithdrawn, "")
	return nil
}

func (c *Conversation) enqueue(t Turn, reason string) {
	c.enqueueAs(t, map[string]string{"reason": reason})
}

// enqueueAs is enqueue with more than a reason.
func (c *Conversation) enqueueAs(t Turn, data map[string]string) {
	if c.Assignee != "" {
		data["from_id"] = string(c.Assignee)
	}
	if c.Team != "" {
		data["team_id"] = string(c.Team)
	}
	c.Responder, c.Assignee, c.AssigneeName = ResponderQueue, "", ""
	c.QueuedAt = t.At
	if !c.WaitingSince.IsZero() {
		c.QueuedAt = c.WaitingSince
	}
	c.record(t, Queued, nil, data)
}

// Resolve closes the conversation until the customer writes again.
func (c *Conversation) Resolve(t Turn) { c.resolve(t, nil) }

// ResolveUnanswered is Resolve of what nobody answered, with why.
func (c *Conversation) ResolveUnanswered(t Turn, why string) {
	c.resolve(t, map[string]string{"reason": why})
}

func (c *Conversation) resolve(t Turn, data map[string]string) {
	if c.State == Resolved {
		return
	}
	c.endOffer(t, OfferWithdrawn, "")
	c.State, c.SnoozedUntil, c.WaitingSince, c.QueuedAt = Resolved, time.Time{}, time.Time{}, time.Time{}
	if data == nil {
		c.record(t, ResolvedChange, nil, nil)
		return
	}
	c.record(t, ResolvedChange, nil, data)
}

// Reopen opens a resolved conversation again, or wakes a sleeping one. A
// member who reopens takes it; otherwise it waits in the queue.
func (c *Conversation) Reopen(t Turn) {
	switch c.State {
	case Open:
		return
	case Snoozed:
		c.State, c.SnoozedUntil = Open, time.Time{}
		c.record(t, Unsnoozed, nil, nil)
	case Resolved:
		c.State, c.Ignored = Open, false
		c.record(t, Reopened, nil, map[string]string{"by": string(t.Actor.Kind)})
		if t.Actor.Kind == identity.ActorMember && c.Assignee != identity.MemberID(t.Actor.ID) {
			c.assign(t, identity.MemberID(t.Actor.ID), t.Actor.Name, "member")
		}
	}
	if c.Assignee == "" {
		c.enqueue(t, QueuedReopened)
	}
}

// Snooze puts the conversation to sleep until a time to come, in the whole
// milliseconds that clients are told.
func (c *Conversation) Snooze(t Turn, until time.Time) error {
	until = until.UTC().Truncate(time.Millisecond)
	if c.State == Resolved {
		return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you snooze it.")
	}
	if !until.After(t.At) {
		return errs.New(errs.Invalid, "conversation.snooze_past", "Choose a time to come.").
			WithFields(errs.Field{Pointer: "/snoozed_until", Code: "past", Detail: "is not in the future"})
	}
	c.endOffer(t, OfferWithdrawn, "")
	c.State, c.SnoozedUntil, c.QueuedAt = Snoozed, until, time.Time{}
	if c.Responder != ResponderAgent {
		c.Responder = ""
	}
	c.record(t, SnoozedChange, nil, map[string]string{"until": until.Format(time.RFC3339Nano)})
	return nil
}

// SetDelivery records how far an outbound message came.
func (c *Conversation) SetDelivery(t Turn, m Message, state DeliveryState, detail string) {
	if m.Delivery == state && m.DeliveryError == detail {
		return
	}
	m.Delivery, m.DeliveryError = state, detail
	c.record(t, MessageDelivery, &m, nil)
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
