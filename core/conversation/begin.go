package conversation

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
)

// Opening is a conversation that a member begins, by its first message.
type Opening struct {
	ClientID    string          `json:"-"`
	Inbox       channel.InboxID // its channel is able to begin
	Contact     contact.ID      // "" = whoever is at the first of Envelope.To
	Text        string          // may be empty beside attachments
	Attachments []media.ID
	Envelope    *channel.Envelope  // with a subject; To may be empty where Contact is not
	Assignee    *identity.MemberID // nil = who begins it; "" = nobody, until the customer answers
	Team        *team.ID           // whose queue an answer waits in; nil = that of the inbox, "" = everybody's
}

// Begun is the answer to an opening.
type Begun struct {
	Posted
	Conversation Conversation
}

// Begin begins a conversation with a customer. Nobody waits in it, and nothing
// that acts on what customers begin acts on it. It is idempotent by (inbox,
// member, client id). Needs ConversationReply, and ConversationAssign to give it
// to somebody else. Errors: errs.Absent for an inbox or a contact that the actor
// does not reach, conversation.cannot_begin, conversation.inbox_off,
// conversation.address_taken, message.envelope, and those of Post.
func (s *Service) Begin(ctx context.Context, scope identity.Scope, o Opening) (Begun, error) {
	inbox, err := s.beginsIn(ctx, scope, o)
	if err != nil {
		return Begun{}, err
	}
	key := Dedup{Kind: InboundBegun, External: scope.Actor.ID + "/" + o.ClientID, Hash: o.hash()}
	var before *Begun
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		before, err = begunBefore(ctx, tx, scope, inbox.ID, key, o.ClientID)
		return err
	})
	if err != nil {
		return Begun{}, err
	}
	if before != nil {
		return *before, nil
	}
	b, err := s.beginning(ctx, scope, inbox, o)
	if err != nil {
		return Begun{}, err
	}
	var out Begun
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		before, err := begunBefore(ctx, tx, scope, inbox.ID, key, o.ClientID)
		if err != nil {
			return err
		}
		if before != nil { // meanwhile
			out = *before
			return nil
		}
		if out, err = s.openFor(ctx, tx, scope, b); err != nil {
			return err
		}
		key.Conversation, key.Seq = out.Conversation.ID, out.Change.Seq
		return tx.Remember(ctx, inbox.ID, key)
	})
	return out, err
}

// hash is of what an opening says.
func (o Opening) hash() string {
	said, _ := json.Marshal(o) // texts and lists of them
	return hashOf(string(said))
}

// beginsIn returns the inbox of an opening by somebody who may answer in it.
func (s *Service) beginsIn(ctx context.Context, scope identity.Scope, o Opening) (channel.Inbox, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return channel.Inbox{}, err
	}
	if err := checkClientID(o.ClientID); err != nil {
		return channel.Inbox{}, err
	}
	inbox, err := s.Inboxes.Inbox(ctx, o.Inbox)
	if err == nil && inbox.Workspace != scope.Workspace {
		err = errs.Absent()
	}
	if err != nil {
		return channel.Inbox{}, err
	}
	within := scope.Reach()
	if within.Kind != identity.ReachTeam { // who sees their own alone sees what they begin
		return inbox, nil
	}
	_, serves, err := s.standsIn(ctx, inbox)
	if err == nil && !within.Covers(identity.Holding{Team: string(serves), Inbox: string(inbox.ID)}) {
		err = errs.Absent()
	}
	return inbox, err
}

// beginning is an opening after its checks.
type beginning struct {
	Opening
	inbox  channel.Inbox
	to     correspondent
	held   *transfer // nil = by who begins it, for the inbox's team
	passed Passed
}

func (s *Service) beginning(ctx context.Context, scope identity.Scope, inbox channel.Inbox, o Opening) (beginning, error) {
	b := beginning{Opening: o, inbox: inbox}
	if err := s.checkOpening(inbox, &b.Opening); err != nil {
		return b, err
	}
	var err error
	if b.to, err = s.correspondent(ctx, scope, &b.Opening); err != nil {
		return b, err
	}
	if b.held, err = s.given(ctx, scope, o); err != nil {
		return b, err
	}
	b.passed = Passed{Text: o.Text}
	if s.asks(ctx, scope.Workspace) {
		b.passed, err = s.intercepted(ctx, scope.Workspace, scope.Actor, Outgoing{
			Key: scope.Actor.ID + "/" + o.ClientID, Text: o.Text, Files: o.Attachments, Limit: s.textLimit(inbox.Plugin),
		})
	}
	return b, err
}

// checkOpening checks what is written, and makes its envelope what is kept.
func (s *Service) checkOpening(inbox channel.Inbox, o *Opening) error {
	switch {
	case inbox.Live || !s.capabilities(inbox.Plugin).Able(channel.CanBegin):
		return errs.New(errs.Invalid, "conversation.cannot_begin", "Customers begin the conversations of this inbox. Answer them there, or write from another inbox.").
			WithFields(errs.Field{Pointer: "/inbox_id", Code: "cannot_begin", Detail: "its channel reaches nobody who has not written"})
	case !inbox.Enabled:
		return errs.New(errs.Conflict, "conversation.inbox_off", "The inbox is switched off.").
			WithFields(errs.Field{Pointer: "/inbox_id", Code: "off", Detail: "is switched off"})
	}
	if err := s.maySend(inbox.Plugin); err != nil {
		return err
	}
	if err := checkWritten(o.Text, o.Attachments, s.textLimit(inbox.Plugin)); err != nil {
		return err
	}
	if err := media.CheckIDs(o.Attachments); err != nil {
		return err
	}
	if o.Envelope == nil {
		o.Envelope = &channel.Envelope{}
	}
	var err error
	if o.Envelope, err = s.checkEnvelope(inbox.Plugin, Text, o.Envelope); err == nil && o.Envelope.Subject == "" {
		err = badEnvelope("/subject", "required", "A conversation begins with a subject.")
	}
	return err
}

// given looks up who is to have what is begun; nil = who begins it.
func (s *Service) given(ctx context.Context, scope identity.Scope, o Opening) (*transfer, error) {
	if o.Team == nil && (o.Assignee == nil || *o.Assignee == scope.Member()) {
		return nil, nil //nolint:nilnil // as said
	}
	to, err := s.transfer(ctx, scope, Destination{Member: o.Assignee, Team: o.Team})
	return &to, err
}

// openFor makes the conversation, and saves it.
func (s *Service) openFor(ctx context.Context, tx Tx, scope identity.Scope, b beginning) (Begun, error) {
	t := s.turn(scope)
	who, recipient, err := s.reach(ctx, tx, t, b.inbox, b.to)
	if err != nil {
		return Begun{}, err
	}
	var f first
	if b.held != nil && b.held.team != nil {
		f.team, f.routed = *b.held.team, true
	}
	c, err := s.start(ctx, t, b.inbox, who, recipient, f)
	if err != nil {
		return Begun{}, err
	}
	w := Words(b.ClientID, b.passed.Text)
	w.Altered, w.Carried.Envelope = b.passed.Altered, b.Envelope
	if f.routed { // by a person
		c.Unrouted = 0
	}
	ch := c.In("", true).Begin(t, w, b.has(scope))
	if err := s.give(ctx, tx, c, &ch, media.Uploader{Kind: media.ByMember, ID: scope.Actor.ID}, b.Attachments); err != nil {
		return Begun{}, err
	}
	if err := tx.Save(ctx, c); err != nil {
		return Begun{}, err
	}
	return Begun{Posted: Posted{Change: ch}, Conversation: *c}, nil
}

// has is the member who is to have the conversation; the zero one = nobody.
func (b beginning) has(scope identity.Scope) identity.Member {
	switch {
	case b.held != nil && b.held.member != nil:
		return *b.held.member
	case b.Assignee != nil && *b.Assignee == "" || scope.Member() == "":
		return identity.Member{}
	default:
		return identity.Member{ID: scope.Member(), Name: scope.Actor.Name}
	}
}

// Begin appends the message that a conversation of ours begins with, and gives
// it to a member. One that nobody has is resolved until the customer answers.
func (c *Conversation) Begin(t Turn, w Written, has identity.Member) Change {
	if has.ID != "" {
		c.assign(t, has.ID, has.Name, "member")
	}
	ch := c.send(t, w, nil)
	if has.ID == "" {
		c.Resolve(t)
	}
	return ch
}

// byUs reports whether we began the conversation, and its customer has not written yet.
func (c *Conversation) byUs() bool { return c.Apart && c.LastInboundSeq == 0 && !c.Last.At.IsZero() }

// begunBefore finds what an opening made when it came before; nil = it is new. The
// key holds who began it, so it is theirs to know whoever has it now.
func begunBefore(ctx context.Context, tx Tx, scope identity.Scope, inbox channel.InboxID, key Dedup, clientID string) (*Begun, error) {
	known, err := tx.Inbound(ctx, inbox, key.Kind, key.External)
	if err != nil || known == nil {
		return nil, err
	}
	if known.Hash != key.Hash {
		return nil, errReused()
	}
	c, err := tx.Conversation(ctx, known.Conversation)
	if err != nil {
		return nil, err
	}
	before, err := tx.Sent(ctx, c.ID, scope.Actor.ID, clientID)
	switch {
	case err != nil:
		return nil, err
	case before == nil:
		return nil, errs.Absent()
	}
	return &Begun{Posted: Posted{Change: *before, Replayed: true}, Conversation: *c}, nil
}
