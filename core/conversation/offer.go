package conversation

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Offering is to whom a conversation in the queue is offered. While an offer
// stands the conversation waits in nobody's queue and weighs on the member; its
// place by time of arrival is kept. The customer cannot tell.
type Offering struct {
	OfferedTo  identity.MemberID // "" = nobody
	OfferUntil time.Time         // it rings until then, in whole milliseconds; it stands until somebody ends it
}

// Why an offer ended: the data of OfferEnded.
const (
	OfferAccepted   = "accepted"
	OfferRejected   = "rejected"
	OfferUnanswered = "unanswered" // it rang, and nobody said anything
	OfferLost       = "lost"       // the member disappeared
	OfferWithdrawn  = "withdrawn"  // something else was done with the conversation, which the next change says
)

// MaxOfferReason bounds why a member rejects an offer, in characters.
const MaxOfferReason = 200

// CodeOfferOver is the code of an answer to an offer that does not stand.
const CodeOfferOver = "conversation.offer_over"

// Waits reports whether the customer waits for somebody to be found, whether the
// conversation is offered to somebody or not.
func (c *Conversation) Waits() bool { return c.State == Open && c.Responder == ResponderQueue }

// OfferedUntil reports whether the very offer to a member until a time stands.
func (c *Conversation) OfferedUntil(member identity.MemberID, until time.Time) bool {
	return member != "" && c.OfferedTo == member && c.OfferUntil.Equal(until.Truncate(time.Millisecond))
}

// Offer offers what waits in the queue to a member until a time.
func (c *Conversation) Offer(t Turn, member identity.MemberID, name string, until time.Time) error {
	if !c.InQueue() {
		return errs.New(errs.Conflict, "conversation.not_waiting", "The conversation does not wait in the queue.")
	}
	c.OfferedTo, c.OfferUntil = member, until.UTC().Truncate(time.Millisecond)
	c.record(t, Offered, nil, map[string]string{
		"member_id": string(member), "member_name": name, "until": c.OfferUntil.Format(time.RFC3339Nano),
	})
	return nil
}

// Accept gives the conversation to the member whom it is offered to, however
// late it is, and changes nothing if they have it.
func (c *Conversation) Accept(t Turn, member identity.MemberID, name string) error {
	if c.State == Open && c.Assignee == member {
		return nil
	}
	if c.OfferedTo != member {
		return c.errOfferOver()
	}
	c.endOffer(t, OfferAccepted, "")
	c.assign(t, member, name, "member")
	return nil
}

// Reject ends the offer to a member who does not want it. Why may be "".
func (c *Conversation) Reject(t Turn, member identity.MemberID, why string) error {
	if c.OfferedTo != member {
		return c.errOfferOver()
	}
	c.endOffer(t, OfferRejected, why)
	return nil
}

// TakeBack ends an offer that nobody answered (OfferUnanswered), or whose member
// disappeared (OfferLost): the conversation waits in the queue, where it stood.
func (c *Conversation) TakeBack(t Turn, reason string) { c.endOffer(t, reason, "") }

// endOffer ends the offer that stands, if one does.
func (c *Conversation) endOffer(t Turn, reason, why string) {
	if c.OfferedTo == "" {
		return
	}
	data := map[string]string{"member_id": string(c.OfferedTo), "reason": reason}
	if why != "" {
		data["text"] = why
	}
	c.Offering = Offering{}
	c.record(t, OfferEnded, nil, data)
}

// endOfferFor ends the offer that stands because the conversation becomes a
// member's: it is accepted if they take it themselves.
func (c *Conversation) endOfferFor(t Turn, member identity.MemberID) {
	reason := OfferWithdrawn
	if c.OfferedTo == member && t.Actor.Kind == identity.ActorMember && t.Actor.ID == string(member) {
		reason = OfferAccepted
	}
	c.endOffer(t, reason, "")
}

// offerEnd returns whose offer a change ended, and why; "" = it ended none.
func (ch Change) offerEnd() (member identity.MemberID, reason string) {
	var data struct {
		Member identity.MemberID `json:"member_id"`
		Reason string            `json:"reason"`
	}
	if ch.Type != OfferEnded || json.Unmarshal(ch.Data, &data) != nil {
		return "", ""
	}
	return data.Member, data.Reason
}

// OfferMissed returns whose count of unanswered offers in a row a change moves:
// one more, or none any more. "" = nobody's.
func (ch Change) OfferMissed() (member identity.MemberID, missed bool) {
	member, reason := ch.offerEnd()
	if reason != OfferUnanswered && reason != OfferAccepted {
		return "", false
	}
	return member, reason == OfferUnanswered
}

// OfferRejected reports whether a change says that a member rejected an offer, and who.
func (ch Change) OfferRejected() (identity.MemberID, bool) {
	member, reason := ch.offerEnd()
	return member, reason == OfferRejected
}

// errOfferOver says what became of an offer: the field's code is assigned,
// offered (to somebody else), waiting or done, its detail the id of who has it.
func (c *Conversation) errOfferOver() error {
	code, who, said := "done", "", "The offer is over: the conversation waits for nobody any more."
	switch {
	case c.State == Open && c.Assignee != "":
		code, who, said = "assigned", string(c.Assignee), "The offer is over: "+c.AssigneeName+" has the conversation."
	case c.OfferedTo != "":
		code, who, said = "offered", string(c.OfferedTo), "The offer is over: the conversation went to the next colleague."
	case c.InQueue():
		code, said = "waiting", "The offer is over: the conversation waits in the queue again."
	}
	return errs.New(errs.Conflict, CodeOfferOver, said).WithFields(errs.Field{Pointer: "", Code: code, Detail: who})
}

// Accept takes a conversation that is offered to the acting member.
func (s *Service) Accept(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	if err := mayBeOffered(scope); err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.Accept(t, scope.Member(), scope.Actor.Name) })
}

// Reject sends a conversation that is offered to the acting member back to the
// queue. Why is for colleagues, at most MaxOfferReason characters, or "".
func (s *Service) Reject(ctx context.Context, scope identity.Scope, id ID, why string) (Conversation, error) {
	if err := mayBeOffered(scope); err != nil {
		return Conversation{}, err
	}
	why = clean(why)
	if len([]rune(why)) > MaxOfferReason {
		return Conversation{}, errs.New(errs.Invalid, "conversation.offer_reason", "The reason is too long.").
			WithFields(errs.Field{Pointer: "/reason", Code: "too_long", Detail: "has more than " + strconv.Itoa(MaxOfferReason) + " characters"})
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.Reject(t, scope.Member(), why) })
}

func mayBeOffered(scope identity.Scope) error {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return err
	}
	if scope.Member() == "" {
		return errs.New(errs.Forbidden, "conversation.offer_member", "Conversations are offered to members. A key or a plugin is none.")
	}
	return nil
}
