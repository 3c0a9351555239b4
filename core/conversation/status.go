package conversation

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// DeliveryNews is the data of a MessageDelivery that no attempt of ours made, or
// that is about an act: of the others, one of Reported and Resolved is set.
type DeliveryNews struct {
	Act      Act                 `json:"act,omitempty"`      // it is about this, which Message.Changing tells of
	Asked    bool                `json:"asked,omitempty"`    // it begins with this change
	Place    uint64              `json:"place,omitempty"`    // of an act that is resolved: the seq of the change that asked for it
	Reported channel.StatusState `json:"reported,omitempty"` // by the far side, after it took the message
	Code     string              `json:"code,omitempty"`     // of a failure
	Detail   string              `json:"detail,omitempty"`
	Resolved Resolution          `json:"resolved,omitempty"` // by a member
}

// Resolution is what a member says of a message that may not have arrived.
type Resolution string

// The resolutions.
const (
	SaidArrived Resolution = "arrived"    // the customer has it
	SendAgain   Resolution = "send_again" // as if it had never been tried
	Dismissed   Resolution = "dismiss"    // of an act alone: it was not done, and is not to be
)

// DeliveryNews returns what a change tells of a delivery beyond our attempts;
// false when it tells nothing of that sort.
func (ch Change) DeliveryNews() (DeliveryNews, bool) {
	var n DeliveryNews
	if ch.Type != MessageDelivery || len(ch.Data) == 0 || json.Unmarshal(ch.Data, &n) != nil {
		return n, false
	}
	return n, n.Reported != "" || n.Resolved != "" || n.Act != ""
}

// farther orders the states of a message that has left; 0 = it has not, or is
// tried now. What the far side says moves a message forward only, and a failure
// counts unless the message was brought.
func (d DeliveryState) farther() int {
	switch d {
	case DeliveryUnknown:
		return 1
	case DeliverySent:
		return 2
	case DeliveryFailed:
		return 3
	case DeliveryDelivered:
		return 4
	case DeliveryRead:
		return 5
	case DeliveryPending:
		return 0
	default:
		return 0
	}
}

// reported is the state that a status of the far side stands for; "" = none.
func reported(s channel.StatusState) DeliveryState {
	switch s {
	case channel.StatusSent:
		return DeliverySent
	case channel.StatusDelivered:
		return DeliveryDelivered
	case channel.StatusRead:
		return DeliveryRead
	case channel.StatusFailed:
		return DeliveryFailed
	default:
		return ""
	}
}

// SetStatus records what the far side says of a message that has left, and
// reports whether that changes anything. What is said of a message whose attempt
// is not answered yet changes nothing: whoever tells keeps it until then.
func (c *Conversation) SetStatus(t Turn, m Message, s channel.Status) bool {
	state := reported(s.State)
	if m.Delivery.farther() == 0 || state.farther() <= m.Delivery.farther() {
		return false
	}
	n := DeliveryNews{Reported: s.State}
	m.DeliveryError = ""
	if state == DeliveryFailed {
		n.Code, n.Detail = cut(clean(s.Code), maxStatusCode), cut(clean(s.Detail), maxStatusDetail)
		if m.DeliveryError = n.Detail; m.DeliveryError == "" {
			m.DeliveryError = n.Code
		}
	}
	m.Delivery = state
	c.record(t, MessageDelivery, &m, n)
	return true
}

// Limits of what a far side says of a failure, in characters.
const (
	maxStatusCode   = 64
	maxStatusDetail = 500
)

// ResolveDelivery records what a member says of a message of which nobody knows
// whether it arrived, or which is to be sent again after it failed. It reports
// whether that changes anything: to say the same twice does not.
func (c *Conversation) ResolveDelivery(t Turn, m Message, r Resolution) (bool, error) {
	switch {
	case r != SaidArrived && r != SendAgain && r != Dismissed:
		return false, errs.New(errs.Invalid, "delivery.resolution", "resolve must be arrived, send_again or dismiss.").
			WithFields(errs.Field{Pointer: "/resolve", Code: "enum", Detail: "must be arrived, send_again or dismiss"})
	case c.MergedInto != "":
		return false, errMerged(c)
	case m.Changing != nil:
		return c.resolveAct(t, m, r)
	case r == Dismissed: // there is nothing, or no more
		return false, nil
	case r == SendAgain && m.Delivery == DeliveryPending, r == SaidArrived && m.Delivery != DeliveryFailed && m.Delivery.farther() >= DeliverySent.farther():
		return false, nil
	case m.Delivery == DeliveryUnknown, r == SendAgain && m.Delivery == DeliveryFailed:
	default:
		return false, errs.New(errs.Conflict, "delivery.settled",
			"Only a message that may not have arrived can be settled by hand, and one that failed be sent again.")
	}
	m.Delivery, m.DeliveryError = DeliverySent, ""
	if r == SendAgain {
		m.Delivery = DeliveryPending
	}
	c.record(t, MessageDelivery, &m, DeliveryNews{Resolved: r})
	return true, nil
}

// resolveOthers says the same of what left as one with a message, and returns
// the seq of the first of them all, which takes the others along.
func resolveOthers(ctx context.Context, tx Tx, c *Conversation, t Turn, seq uint64, r Resolution) (first uint64, err error) {
	others, err := leftWith(ctx, tx, c, seq)
	first = seq
	for i := 0; i < len(others) && err == nil; i++ {
		first = min(first, others[i].Seq)
		_, err = c.ResolveDelivery(t, others[i], r)
	}
	return first, err
}

// ResolveDelivery is Conversation's, for a message that the actor reaches. It
// returns the message after it.
func (s *Service) ResolveDelivery(ctx context.Context, scope identity.Scope, id ID, message MessageID, r Resolution) (Message, error) {
	return s.onMessage(ctx, scope, id, message, func(ctx context.Context, tx Tx, c *Conversation, m Message) (Message, error) {
		if r == SendAgain {
			if err := s.maySend(c.Plugin); err != nil {
				return m, err
			}
		}
		t := s.turn(scope)
		changed, err := c.ResolveDelivery(t, m, r)
		if err != nil || !changed {
			return m, err
		}
		out := *c.pending[len(c.pending)-1].Message
		if asked := m.Changing; asked != nil {
			if r == SendAgain {
				c.expire(asked.Seq, deadline(s.capabilities(c.Plugin), &m, asked.Act))
			}
			return out, tx.Save(ctx, c)
		}
		first, err := resolveOthers(ctx, tx, c, t, m.Seq, r)
		if err == nil && r == SendAgain && m.Template == nil {
			err = c.Spend(s.windows(c.Plugin), t.At, first)
		}
		if err != nil {
			return m, err
		}
		return out, tx.Save(ctx, c)
	})
}

// onMessage has do work, in a transaction, on a message of a conversation in
// which the actor may write, and returns the message as do leaves it. do saves
// what it changed.
func (s *Service) onMessage(ctx context.Context, scope identity.Scope, id ID, message MessageID, do func(ctx context.Context, tx Tx, c *Conversation, m Message) (Message, error)) (Message, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Message{}, err
	}
	known, err := s.Message(ctx, scope, id, message)
	if err != nil {
		return Message{}, err
	}
	var out Message
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		m, err := tx.Message(ctx, id, known.Seq)
		if err != nil {
			return err
		}
		out, err = do(ctx, tx, c, *m)
		return err
	})
	return out, err
}
