package conversation

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// Limits of what is kept of statuses that came too early.
const (
	MaxEarly = 1000           // of one inbox
	EarlyFor = 24 * time.Hour // then nobody answers the attempt any more
)

// Early is what a far side said of a message of ours before it answered the
// attempt: it is kept until it does.
type Early struct {
	Inbox  channel.InboxID
	About  string         // see AboutDelivery and AboutTarget
	Status channel.Status // without its detail
	At     time.Time
}

// AboutDelivery names a message of ours by its delivery.
func AboutDelivery(id string) string { return "delivery:" + id }

// AboutTarget names a message of ours by the far side's id.
func AboutTarget(id string) string { return "target:" + id }

// EarlyTx is the side of a transaction that keeps statuses that came too early.
type EarlyTx interface {
	// Awaited reports whether something that an inbox has to send is not answered
	// yet. No settlement of the workspace ends before this transaction does.
	Awaited(ctx context.Context, inbox channel.InboxID) (bool, error)
	// KeepEarly keeps a status, once for each state, unless the inbox has limit of
	// them already; those before since are forgotten.
	KeepEarly(ctx context.Context, e Early, since time.Time, limit int) (kept bool, err error)
	// TakeEarly returns what was said of something since a time, in the order in
	// which it came, and forgets it.
	TakeEarly(ctx context.Context, inbox channel.InboxID, about []string, since time.Time) ([]channel.Status, error)
}

// keepEarly keeps a status that came too early. Where there is no room it is to
// come again.
func (s *Service) keepEarly(ctx context.Context, tx Tx, inbox channel.InboxID, about string, st channel.Status) (channel.Result, error) {
	st.Code, st.Detail = cut(clean(st.Code), maxStatusCode), "" // a sentence may name a person, who is not found here to be erased
	now := s.Now()
	kept, err := tx.KeepEarly(ctx, Early{Inbox: inbox, About: about, Status: st, At: now}, now.Add(-EarlyFor), MaxEarly)
	if err != nil {
		return channel.Result{}, err
	}
	if !kept {
		return channel.Result{Outcome: channel.OutcomeRetry, Code: codeEarly, Detail: "the attempt is not answered yet"}, nil
	}
	return channel.Result{Outcome: channel.OutcomeAccepted}, nil
}

// keepUnknown keeps a status of a message that the far side names by an id that
// we do not know, if the answer that tells it may be on its way.
func (s *Service) keepUnknown(ctx context.Context, tx Tx, inbox channel.InboxID, in channel.Inbound) (channel.Result, error) {
	unknown := rejected("target", "no message of this inbox has this id")
	if !nameable(in.Target) {
		return unknown, nil
	}
	awaited, err := tx.Awaited(ctx, inbox)
	if err != nil {
		return channel.Result{}, err
	}
	switch d, err := sentAs(ctx, tx, inbox, in); { // as it is now that nothing is settled meanwhile
	case err != nil:
		return channel.Result{}, err
	case d != nil:
		return channel.Result{Outcome: channel.OutcomeRetry, Code: codeEarly, Detail: "the attempt is answered just now"}, nil
	case !awaited:
		return unknown, nil
	}
	return s.keepEarly(ctx, tx, inbox, AboutTarget(in.Target), in.Status)
}

// Settle gives a message the state that its attempt ended with, and, forward
// only, what the far side had said of it before.
func (c *Conversation) Settle(t Turn, m Message, state DeliveryState, detail string, early []channel.Status) {
	c.SetDelivery(t, m, state, detail)
	m.Delivery, m.DeliveryError = state, detail
	for _, s := range early {
		if c.SetStatus(t, m, s) {
			m.Delivery, t.At = reported(s.State), t.At.Add(time.Microsecond) // a history is ordered by time
		}
	}
}
