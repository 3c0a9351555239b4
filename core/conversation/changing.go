package conversation

import (
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Act is what a member does to a message of the company after it was written.
type Act string

// The acts.
const (
	ActEdit   Act = "edit"   // it says something else from now on
	ActRecall Act = "recall" // it is taken back
)

// Changing is an act on a message that its far side has not done: until it has,
// the message says what it said.
type Changing struct {
	Act     Act
	Text    string   // of ActEdit: what it is to say
	Altered *Altered // what interceptors made of Text; nil = nothing
	Target  string   // the far side's id of the message
	By      identity.Actor
	At      time.Time
	Seq     uint64        // of the change that asked for it
	State   DeliveryState // DeliveryPending, DeliveryFailed or DeliveryUnknown
	Error   string
}

// wrote is the text as its author wrote it.
func (ch *Changing) wrote() string {
	if ch.Altered != nil {
		return ch.Altered.Original
	}
	return ch.Text
}

// Ask has the far side do an act on a message that has left. What was asked
// before and is not done is replaced. Act, Text, Altered and Target of what are
// taken.
func (c *Conversation) Ask(t Turn, m Message, what Changing) *Change {
	what.By, what.At, what.Seq, what.State, what.Error = t.Actor, t.At, c.LastSeq+1, DeliveryPending, ""
	what.By.Role = ""
	m.Changing = &what
	return c.record(t, MessageDelivery, &m, DeliveryNews{Act: what.Act, Asked: true})
}

// SettleAct records what became of an act that was asked for: done (DeliverySent),
// refused or unknown. Done, the message changes, by whom asked for it.
func (c *Conversation) SettleAct(t Turn, m Message, state DeliveryState, detail string) *Change {
	asked := *m.Changing
	if state == DeliverySent {
		m.Changing = nil
		return c.did(t, m, asked)
	}
	asked.State, asked.Error = state, detail
	m.Changing = &asked
	return c.record(t, MessageDelivery, &m, DeliveryNews{Act: asked.Act})
}

// did changes a message as was asked. One that says so already, since the far
// side was quicker to tell of it than to answer, changes no more.
func (c *Conversation) did(t Turn, m Message, asked Changing) *Change {
	t.Actor = asked.By
	switch {
	case asked.Act == ActEdit && m.Text == asked.Text || !m.RecalledAt.IsZero():
		return c.record(t, MessageDelivery, &m, DeliveryNews{Act: asked.Act})
	case asked.Act == ActEdit:
		return c.Edit(t, m, Written{Text: asked.Text, Altered: asked.Altered}, m.Attachments)
	default:
		return c.Recall(t, m)
	}
}

// resolveAct is ResolveDelivery for an act whose end is unknown, or that was
// refused.
func (c *Conversation) resolveAct(t Turn, m Message, r Resolution) (bool, error) {
	asked := *m.Changing
	switch {
	case r == SendAgain && asked.State == DeliveryPending:
		return false, nil
	case asked.State == DeliveryPending, r == SaidArrived && asked.State != DeliveryUnknown:
		return false, errs.New(errs.Conflict, "delivery.settled", "The change is on its way, or it is known that it was refused.")
	}
	if m.Changing = nil; r == SendAgain {
		asked.State, asked.Error = DeliveryPending, ""
		m.Changing = &asked
	}
	c.record(t, MessageDelivery, &m, DeliveryNews{Act: asked.Act, Resolved: r, Place: asked.Seq})
	if r == SaidArrived {
		c.did(t, m, asked)
	}
	return true, nil
}

// checkAct refuses an act that the channel cannot do, or not on this message.
func checkAct(can channel.Capabilities, m *Message, act Act, now time.Time) error {
	within := can.EditWithin
	if act == ActRecall {
		within = can.RecallWithin
	}
	switch {
	case !can.Able(string(act)):
		return errCannot(act)
	case m.Delivery != DeliverySent && m.Delivery != DeliveryDelivered && m.Delivery != DeliveryRead:
		return errs.New(errs.Conflict, "message.not_sent", "The message has not left, so there is nothing to change at the far side yet.")
	case within > 0 && now.Sub(m.CreatedAt) >= within:
		return errs.New(errs.Conflict, "message.too_old", "The message is too old: the channel changes nothing so late.")
	case act == ActEdit && m.Changing != nil && m.Changing.Act == ActRecall && m.Changing.State != DeliveryFailed:
		return errs.New(errs.Conflict, "message.recalled", "The message is being taken back.")
	default:
		return nil
	}
}

// deadline is until when an act may be handed over; zero = as long as a message.
func deadline(can channel.Capabilities, m *Message, act Act) time.Time {
	within := can.EditWithin
	if act == ActRecall {
		within = can.RecallWithin
	}
	if within <= 0 {
		return time.Time{}
	}
	return m.CreatedAt.Add(within)
}
