package conversation

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// receivers bounds how many customers of a batch are worked on at once. They
// share commits, so more does not cost more.
const receivers = 16

// Receive takes what a channel plugin brings in. Each item is its own
// transaction, so a bad one does not hold up the rest; what one customer wrote, and
// what the company wrote to them elsewhere, is taken in order, different
// customers' side by side. Results are in order and
// come after the commits. An error means that some items may not be in: the
// caller repeats the batch, and those that are in count as duplicates.
// It implements channel.Receiver. The host has checked that the inboxes belong
// to the scope's workspace and plugin.
func (s *Service) Receive(ctx context.Context, scope identity.Scope, items []channel.Inbound) ([]channel.Result, error) {
	type customer struct {
		inbox    channel.InboxID
		external string
	}
	byCustomer := make(map[customer][]int)
	for i, item := range items {
		k := customer{item.Inbox, item.Sender.External}
		if item.Echo {
			k.external = item.Recipient
		}
		byCustomer[k] = append(byCustomer[k], i)
	}
	out := make([]channel.Result, len(items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(receivers)
	for _, indexes := range byCustomer {
		g.Go(func() error {
			for _, i := range indexes {
				r, err := s.receiveOne(ctx, scope, items[i])
				if err != nil {
					return err
				}
				out[i] = r
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

func rejected(code, detail string) channel.Result {
	return channel.Result{Outcome: channel.OutcomeRejected, Code: code, Detail: detail}
}

func (s *Service) receiveOne(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	refused, err := s.checkGroup(ctx, scope, in)
	switch {
	case err != nil || refused.Code != "":
		return refused, err
	case in.Kind == channel.KindStatus:
		return s.receiveStatus(ctx, scope, in)
	case in.Kind == channel.KindMessage && in.Echo:
		return s.receiveEcho(ctx, scope, in)
	case in.Kind == channel.KindEdit || in.Kind == channel.KindRecall:
		return s.receiveRevision(ctx, scope, in)
	case in.Kind == channel.KindTyping:
		return s.receiveTyping(ctx, scope, in)
	case in.Kind == channel.KindEvent:
		return s.receiveEvent(ctx, scope, in)
	case in.Kind != channel.KindMessage:
		return rejected("unknown_kind", "this server does not know this kind of inbound item"), nil
	}
	return s.receiveMessage(ctx, scope, in)
}

// inboxOf returns the inbox of an item; nil when the workspace has none like it.
func (s *Service) inboxOf(ctx context.Context, scope identity.Scope, id channel.InboxID) (*channel.Inbox, error) {
	inbox, err := s.Inboxes.Inbox(ctx, id)
	if errs.Is(err, errs.NotFound) || err == nil && inbox.Workspace != scope.Workspace {
		return nil, nil //nolint:nilnil // a foreign one is as absent as one that is not there
	}
	return &inbox, err
}

func noInbox() channel.Result { return rejected("inbox", "there is no such inbox") }

func (s *Service) receiveMessage(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	said := s.brought(in)
	switch {
	case !nameable(in.External):
		return rejected("external_id", "an inbound message needs the far side's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case !nameable(in.Sender.External) || Unverified(in.Sender.External):
		return rejected("sender", "an inbound message needs its sender's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case !said.says() && len(said.brought) == 0:
		return rejected("empty", "an inbound message needs text, HTML, a file, a place or the name of what it is"), nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	if err != nil {
		return channel.Result{}, err
	}
	if inbox == nil {
		return noInbox(), nil
	}
	got, err := s.accept(ctx, *inbox, accepted{
		kind: InboundMessage, external: in.External, sender: in.Sender, said: said, trust: in.Trust,
		by:      media.Uploader{Kind: media.ByPlugin, ID: string(inbox.ID)},
		trigger: in.Trigger, sentAt: in.SentAt, answers: in.Answers, references: in.References, thread: in.Thread, noReply: in.NoReply,
	})
	if err == nil {
		s.toFetch(&said)
	}
	out := channel.Result{Outcome: channel.OutcomeAccepted}
	if got.Replayed {
		out.Outcome = channel.OutcomeDuplicate
	}
	return refusedOr(out, err)
}

// refusedOr is a result, unless what was brought is refused for good.
func refusedOr(out channel.Result, err error) (channel.Result, error) {
	switch {
	case errs.Is(err, errs.Invalid):
		return rejected(errs.As(err).Code, errs.As(err).Message), nil
	case err != nil:
		return channel.Result{}, err
	default:
		return out, nil
	}
}

// maxExternal bounds a far side's id, in bytes.
const maxExternal = 512

// nameable reports whether s can name something at the far side. What cannot
// be stored unchanged is refused: two ids that were mended might become one.
func nameable(s string) bool { return s != "" && len(s) <= maxExternal && clean(s) == s }

// accepted is an inbound message after its checks.
type accepted struct {
	kind     InboundKind
	external string
	sender   channel.Person
	said     Written
	files    []media.ID
	by       media.Uploader // of the files
	visitor  VisitorID      // of an InboundVisitor
	offline  *Form          // it came by the form for when nobody is there
	trust    channel.Trust  // of a sender beyond our own gateway

	trigger    string    // what it opens a window by
	sentAt     time.Time // by the far side's clock; zero = unknown
	answers    string    // the delivery that it answers, proven
	references []string
	thread     string
	noReply    bool // nothing answers it by itself
}

// doneAt is when the customer did it; what came from the future came now.
func (a accepted) doneAt(now time.Time) time.Time {
	if a.sentAt.IsZero() || a.sentAt.After(now) {
		return now
	}
	return a.sentAt
}

// late reports whether a backfill brought it: nothing answers it by itself.
func (a accepted) late() bool { return !a.said.Carried.WrittenAt.IsZero() }

// known is what the inbox knows the sender by.
func (a accepted) known() string { return knownAs(a.sender, a.trust) }

// accept finds or makes the contact and the conversation, and appends the
// message, once per (inbox, kind, external).
func (s *Service) accept(ctx context.Context, inbox channel.Inbox, in accepted) (Posted, error) {
	var out Posted
	hash := in.hash()
	first, err := s.firstOf(ctx, inbox, in)
	if err != nil {
		return out, err
	}
	err = s.Store.Within(ctx, inbox.Workspace, func(ctx context.Context, tx Tx) error {
		tx.Expect(ctx, Arriving{
			Inbox: inbox.ID, Kind: in.kind, External: in.external, Sender: in.known(), Visitor: in.visitor,
			Talk: s.talkOf(arrival{inbox: inbox, item: in}),
		})
		known, err := tx.Inbound(ctx, inbox.ID, in.kind, in.external)
		if err != nil {
			return err
		}
		if known != nil {
			return s.replayed(ctx, tx, in, known, hash, &out)
		}
		t := Turn{At: s.Now(), IDs: s.ids}
		who, err := s.contactOf(ctx, tx, t, inbox, in)
		if err != nil {
			return err
		}
		t.Actor = in.author(who)
		c, again, err := s.place(ctx, tx, t, arrival{inbox: inbox, who: who, item: in, first: first})
		if err != nil {
			return err
		}
		if again != nil {
			out = *again
			return nil
		}
		before := c.LastInboundSeq
		ch, follows, err := s.takeFirst(ctx, tx, t, taken{c, who, in, first.bot}, inbox, first)
		if err != nil {
			return err
		}
		out = Posted{Change: *ch}
		if in.offline != nil {
			c.MarkOffline(t, in.offline.Email, in.offline.Phone)
		}
		if err := s.saveFirst(ctx, tx, c, first, before); err != nil {
			return err
		}
		if err := s.followFirst(ctx, tx, t, c, follows, *ch.Message); err != nil {
			return err
		}
		return tx.Remember(ctx, inbox.ID, Dedup{
			Kind: in.kind, External: in.external, Hash: hash, Conversation: c.ID, Seq: out.Change.Seq,
		})
	})
	return out, err
}

// taken is an item, by whom, and the conversation that takes it.
type taken struct {
	in   *Conversation
	who  contact.Contact
	item accepted
	bot  *Bot // nil = people
}

// takeFirst is take, and says what follows from it.
func (s *Service) takeFirst(ctx context.Context, tx Tx, t Turn, x taken, inbox channel.Inbox, f first) (*Change, first, error) {
	c := x.in
	opens, fresh, waited := c.unsaid(), c.begins(), c.Waits()
	ch, err := s.take(ctx, tx, t, x)
	if err != nil {
		return nil, f, err
	}
	f = f.when(opens, fresh && !c.Ignored)
	closed, err := s.shut(ctx, tx, t, c, waited)
	if closed != nil {
		f.closed = &outside{Standing: *closed, inbox: inbox, who: x.who, known: x.item.known(), message: *ch.Message, ticketed: f.rule.wantsTicket()}
	}
	return ch, f, err
}

// take appends what somebody says in a conversation, with its files. Who is not
// its customer takes part, engages no bot and opens no window.
func (s *Service) take(ctx context.Context, tx Tx, t Turn, x taken) (*Change, error) {
	said, err := folded(ctx, tx, x.in, x.item.said)
	if err != nil {
		return nil, err
	}
	var ch *Change
	if x.item.kind == InboundMessage && x.who.ID != x.in.Contact {
		said.Carried.Participant = true
		ch = x.in.ReceiveFor(t, said, nil)
	} else {
		ch = x.in.ReceiveFor(t, said, x.bot)
		x.in.OpenWindows(s.windows(x.in.Plugin), x.item.trigger, x.item.doneAt(t.At))
	}
	if err := s.bring(ctx, tx, x.in, ch, x.item); err != nil {
		return nil, err
	}
	if x.item.late() && x.in.ByBot() { // it would answer as if it had just been asked
		t.Actor = identity.Actor{Kind: identity.ActorSystem}
		x.in.enqueue(t, QueuedReopened)
	}
	return ch, nil
}

// saveFirst stores the conversation, and what its bot begins with.
func (s *Service) saveFirst(ctx context.Context, tx Tx, c *Conversation, f first, before uint64) error {
	engaged, opens := c.engaged(), c.isNew
	if err := s.save(ctx, tx, c); err != nil || !engaged {
		return err
	}
	return keepTalk(ctx, tx, c, *f.bot, before, opens)
}

// followFirst does what follows from a message that is saved: the ticket that a
// rule wants, what happens outside hours, and what is answered by itself: one
// answer of the two.
func (s *Service) followFirst(ctx context.Context, tx Tx, t Turn, c *Conversation, f first, m Message) error {
	if err := s.openTicket(ctx, tx, t, c, f.rule, m); err != nil {
		return err
	}
	if f.closed != nil {
		told, err := s.closedOut(ctx, tx, t, c, *f.closed)
		if err != nil {
			return err
		}
		if told {
			return tx.Save(ctx, c)
		}
	}
	return s.acknowledge(ctx, tx, t, c, f.answer, &m)
}

// arrival is an item, by whom and where.
type arrival struct {
	inbox channel.Inbox
	who   contact.Contact
	item  accepted
	first first
}

// replayed answers an item that was accepted before. A far side's second
// telling under the same id counts as the same message whatever it says; a
// visitor's own client must not reuse an id for another text.
func (s *Service) replayed(ctx context.Context, tx Tx, in accepted, known *Dedup, hash string, out *Posted) error {
	if in.kind == InboundVisitor && known.Hash != hash {
		return errReused()
	}
	c, err := tx.Conversation(ctx, known.Conversation)
	if err != nil {
		return err
	}
	before, err := tx.Sent(ctx, c.ID, "", in.said.ClientID)
	if err != nil {
		return err
	}
	*out = Posted{Replayed: true}
	if before != nil {
		out.Change = *before
	}
	return nil
}

// again finds what a person wrote under the same id in a session that they had
// before they proved who they are, or in another browser.
func (s *Service) again(ctx context.Context, tx Tx, c *Conversation, in accepted) (*Posted, error) {
	if in.kind != InboundVisitor || SubjectOf(in.sender.External) == "" {
		return nil, nil //nolint:nilnil // nothing
	}
	before, err := tx.Sent(ctx, c.ID, "", in.said.ClientID)
	if err != nil || before == nil {
		return nil, err
	}
	if before.Message.Text != in.said.Text || len(before.Message.Attachments) != len(in.files) {
		return nil, errReused()
	}
	return &Posted{Change: *before, Replayed: true}, nil
}

// attributes keeps what fits of what a channel tells about a person.
func attributes(in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for _, k := range slices.Sorted(maps.Keys(in)) { // the same ones each time
		if len(out) == contact.MaxAttributes {
			break
		}
		if key := clean(k); key != "" && len(key) <= 64 {
			out[key] = cut(clean(in[k]), contact.MaxAttribute)
		}
	}
	return out
}
