package conversation

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MaxEvent bounds what is kept of the words of an event, in characters.
const MaxEvent = 500

// Happened is what a customer did beside writing.
type Happened struct {
	Text    string `json:"text"`              // one line, in the channel's own words
	Trigger string `json:"trigger,omitempty"` // the channel's word for it, which may have opened a window; "" = it has none
}

// HappenedIn reads the data of a CustomerEvent.
func HappenedIn(ch Change) Happened {
	var out Happened
	_ = json.Unmarshal(ch.Data, &out) // we wrote it; one that was erased says nothing
	return out
}

// Happen records what the customer did beside writing. It is no message: nobody
// waits anew, and a conversation that is resolved or sleeps goes on so.
func (c *Conversation) Happen(t Turn, h Happened) *Change {
	return c.record(t, CustomerEvent, nil, h)
}

// quiet makes a new conversation one in which nothing is to be done until its
// customer writes.
func (c *Conversation) quiet() *Conversation {
	c.State = Resolved
	return c
}

// unsaid reports whether nobody has written anything in the conversation yet.
func (c *Conversation) unsaid() bool { return c.LastInboundSeq == 0 && c.Last.At.IsZero() }

// receiveEvent takes what a customer did beside writing, into the conversation
// that they have. One that begins with it is resolved until they write.
func (s *Service) receiveEvent(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	h := Happened{Text: cut(strings.Join(strings.Fields(clean(in.Content.Text)), " "), MaxEvent), Trigger: clean(in.Trigger)}
	switch {
	case !nameable(in.External):
		return rejected("external_id", "an event needs the far side's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case in.Echo || !nameable(in.Sender.External) || Unverified(in.Sender.External):
		return rejected("sender", "an event needs the id of the customer who did it: 1 to 512 bytes of UTF-8 without control characters"), nil
	case h.Text == "":
		return rejected("empty", "an event needs a text that says what was done"), nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	if err != nil {
		return channel.Result{}, err
	}
	if inbox == nil {
		return noInbox(), nil
	}
	item := accepted{
		kind: InboundEvent, external: in.External, sender: in.Sender, trust: in.Trust, trigger: h.Trigger, sentAt: in.SentAt,
		thread: in.Thread, noReply: true, said: Written{Carried: Carried{Member: memberOf(in.Member)}},
	}
	unruled := *inbox
	unruled.Rules.List = nil // they look at messages
	first, err := s.firstOf(ctx, unruled, item)
	if err != nil {
		return channel.Result{}, err
	}
	out := channel.Result{Outcome: channel.OutcomeAccepted}
	err = s.Store.Within(ctx, inbox.Workspace, func(ctx context.Context, tx Tx) error {
		out, err = s.happen(ctx, tx, arrival{inbox: *inbox, item: item, first: first}, h)
		return err
	})
	return refusedOr(out, err)
}

func (s *Service) happen(ctx context.Context, tx Tx, a arrival, h Happened) (channel.Result, error) {
	known, err := tx.Inbound(ctx, a.inbox.ID, InboundEvent, a.item.external)
	if err != nil || known != nil {
		return channel.Result{Outcome: channel.OutcomeDuplicate}, err
	}
	if _, apart := s.threadOf(a); apart {
		return rejected("apart", "the talks of this channel are apart, so nobody knows in which of them it happened"), nil
	}
	t := Turn{At: s.Now(), IDs: s.ids}
	if a.who, err = s.contactOf(ctx, tx, t, a.inbox, a.item); err != nil {
		return channel.Result{}, err
	}
	t.Actor = a.item.author(a.who)
	c, err := s.standing(ctx, tx, a)
	switch {
	case err != nil:
		return channel.Result{}, err
	case c == nil:
		if c, err = s.begun(ctx, t, a); err != nil {
			return channel.Result{}, err
		}
		c.quiet()
	default:
		if c, err = stands(ctx, tx, c.ID); err != nil {
			return channel.Result{}, err
		}
	}
	seq := c.Happen(t, h).Seq
	if h.Trigger != "" && c.Contact == a.who.ID {
		c.OpenWindows(s.windows(c.Plugin), h.Trigger, a.item.doneAt(t.At))
	}
	if err := tx.Save(ctx, c); err != nil {
		return channel.Result{}, err
	}
	return channel.Result{Outcome: channel.OutcomeAccepted}, tx.Remember(ctx, a.inbox.ID, Dedup{
		Kind: InboundEvent, External: a.item.external, Conversation: c.ID, Seq: seq,
	})
}
