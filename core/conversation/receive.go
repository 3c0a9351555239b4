package conversation

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// receivers bounds how many senders of a batch are worked on at once. They
// share commits, so more does not cost more.
const receivers = 16

// Receive takes what a channel plugin brings in. Each item is its own
// transaction, so a bad one does not hold up the rest; one sender's items are
// taken in order, different senders' side by side. Results are in order and
// come after the commits. An error means that some items may not be in: the
// caller repeats the batch, and those that are in count as duplicates.
// It implements channel.Receiver. The host has checked that the inboxes belong
// to the scope's workspace and plugin.
func (s *Service) Receive(ctx context.Context, scope identity.Scope, items []channel.Inbound) ([]channel.Result, error) {
	type sender struct {
		inbox    channel.InboxID
		external string
	}
	bySender := make(map[sender][]int)
	for i, item := range items {
		k := sender{item.Inbox, item.Sender.External}
		bySender[k] = append(bySender[k], i)
	}
	out := make([]channel.Result, len(items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(receivers)
	for _, indexes := range bySender {
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
	said := brought(in)
	switch {
	case in.Kind != channel.KindMessage || in.Echo:
		return rejected("unknown_kind", "this server does not know this kind of inbound item"), nil
	case len(in.Content.Files) > 0:
		return rejected("unsupported_attachments", "this server takes no files from channels"), nil
	case !nameable(in.External):
		return rejected("external_id", "an inbound message needs the far side's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case !nameable(in.Sender.External):
		return rejected("sender", "an inbound message needs its sender's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case !said.says():
		return rejected("empty", "an inbound message needs text, HTML, a place or the name of what it is"), nil
	}
	inbox, err := s.Inboxes.Inbox(ctx, in.Inbox)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return channel.Result{}, err
	}
	if err != nil || inbox.Workspace != scope.Workspace {
		return rejected("inbox", "there is no such inbox"), nil //nolint:nilerr // the result says it
	}
	got, err := s.accept(ctx, inbox, accepted{
		kind: InboundMessage, external: in.External, sender: in.Sender, said: said,
	})
	switch {
	case err == nil && got.Replayed:
		return channel.Result{Outcome: channel.OutcomeDuplicate}, nil
	case err == nil:
		return channel.Result{Outcome: channel.OutcomeAccepted}, nil
	case errs.Is(err, errs.Invalid):
		return rejected(errs.As(err).Code, errs.As(err).Message), nil
	default:
		return channel.Result{}, err
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
}

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
		t.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}
		c, again, err := s.place(ctx, tx, t, arrival{inbox: inbox, who: who, item: in, first: first})
		if err != nil {
			return err
		}
		if again != nil {
			out = *again
			return nil
		}
		before := c.LastInboundSeq
		ch := c.ReceiveFor(t, in.said, first.bot)
		if err := s.give(ctx, tx, c, ch, in.by, in.files); err != nil {
			return err
		}
		out = Posted{Change: *ch}
		if in.offline != nil {
			c.MarkOffline(t, in.offline.Email, in.offline.Phone)
		}
		if err := saveFirst(ctx, tx, c, first, before); err != nil {
			return err
		}
		return tx.Remember(ctx, inbox.ID, Dedup{
			Kind: in.kind, External: in.external, Hash: hash, Conversation: c.ID, Seq: out.Change.Seq,
		})
	})
	return out, err
}

// saveFirst stores the conversation, and what its bot begins with.
func saveFirst(ctx context.Context, tx Tx, c *Conversation, f first, before uint64) error {
	engaged, opens := c.engaged(), c.isNew
	if err := tx.Save(ctx, c); err != nil || !engaged {
		return err
	}
	return keepTalk(ctx, tx, c, *f.bot, before, opens)
}

// arrival is an item, by whom and where.
type arrival struct {
	inbox channel.Inbox
	who   contact.Contact
	item  accepted
	first first
}

// place returns the conversation that takes an item, or what became of the
// item when that turns out to be there already.
func (s *Service) place(ctx context.Context, tx Tx, t Turn, a arrival) (*Conversation, *Posted, error) {
	c, err := tx.Current(ctx, a.inbox.ID, a.item.sender.External)
	if err != nil {
		return nil, nil, err
	}
	if c == nil {
		c, err = s.start(ctx, t, a.inbox, a.who, a.item.sender.External, a.first)
		return c, nil, err
	}
	if again, err := s.again(ctx, tx, c, a.item); err != nil || again != nil {
		return nil, again, err
	}
	return c, nil, s.back(ctx, tx, t, c)
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

func (s *Service) contactOf(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, in accepted) (contact.Contact, error) {
	p := in.sender
	found, err := tx.Contacts().ByIdentity(ctx, string(inbox.ID), p.External)
	if err != nil {
		return contact.Contact{}, err
	}
	if found != nil {
		if t.At.Sub(found.LastSeenAt) < contact.SeenEvery {
			return *found, nil
		}
		return *found, tx.Contacts().Seen(ctx, found.ID, t.At)
	}
	known := attributes(p.Attributes)
	c := contact.Contact{
		Workspace: inbox.Workspace, ID: contact.ID(t.IDs.New("con")), Name: cut(clean(p.Name), contact.MaxName), Locale: cut(known["locale"], 35),
		Attributes: make(map[string]any, len(known)), CreatedAt: t.At, UpdatedAt: t.At, LastSeenAt: t.At,
	}
	for k, v := range known {
		c.Attributes[k] = v
	}
	who := contact.Identity{
		Workspace: inbox.Workspace, Inbox: string(inbox.ID), External: p.External, Contact: c.ID,
		Kind: contact.IdentityAccount, Label: c.Name, CreatedAt: t.At,
	}
	if in.kind == InboundVisitor {
		v, err := tx.VisitorSession(ctx, in.visitor)
		if err != nil {
			return contact.Contact{}, err
		}
		v.introduce(&c, &who, t.At)
	}
	return c, tx.Contacts().Create(ctx, c, who)
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
