package conversation

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Hours knows when queues are open; *queue.Hours does.
type Hours interface {
	// Standing says how a queue stands at an instant.
	Standing(ctx context.Context, w identity.WorkspaceID, id queue.ID, at time.Time) (queue.Standing, error)
	// Entering says how the queue stands in which who comes to a queue then waits:
	// that one, or one that it overflows into outside its hours.
	Entering(ctx context.Context, w identity.WorkspaceID, id queue.ID, at time.Time) (queue.Standing, error)
}

// shut says how the queue stands in which a customer waits from now on, or did
// before; nil = it is open, or they do not wait. Who has just come goes on to the
// overflow queue where that is what happens, and where one is open.
func (s *Service) shut(ctx context.Context, tx Tx, t Turn, c *Conversation, waited bool) (*queue.Standing, error) {
	if err := s.routeFirst(ctx, tx, c); err != nil { // where it waits
		return nil, err
	}
	if s.Hours == nil || c.Queue == "" || !c.InQueue() {
		return nil, nil //nolint:nilnil // as said
	}
	stands := s.Hours.Entering
	if waited {
		stands = s.Hours.Standing
	}
	here, err := stands(ctx, c.Workspace, c.Queue, t.At)
	if err != nil {
		return nil, err
	}
	if here.Closed {
		return &here, nil
	}
	if here.Queue.ID != "" && here.Queue.ID != c.Queue {
		t.Actor = identity.Actor{Kind: identity.ActorSystem}
		c.Enter(t, here.Queue.ID, here.Queue.Team)
	}
	return nil, nil //nolint:nilnil // as said
}

// outside is a message of a customer who waits in a closed queue.
type outside struct {
	queue.Standing
	inbox    channel.Inbox
	who      contact.Contact
	known    string  // what the inbox knows them by
	message  Message // saved
	ticketed bool    // a ticket is made of it in any case
}

// closedOut does what happens to who waits in a closed queue: they are told when it
// opens, once for each time that it is closed, and there is a ticket where that is
// what happens. It reports whether they were told now. The caller saves the
// conversation. Of what a machine wrote, or brought late, nothing comes.
func (s *Service) closedOut(ctx context.Context, tx Tx, t Turn, c *Conversation, o outside) (told bool, err error) {
	m := o.message
	if m.Automatic || m.NoReply || !m.WrittenAt.IsZero() {
		return false, nil
	}
	if o.Queue.Outside.Does() == queue.Callback && !o.ticketed && s.Tickets != nil {
		first, err := s.firstTime(ctx, tx, c, o, "/ticket")
		if err == nil && first {
			err = s.Tickets.Begin(ctx, tx, t, *c, m, "")
		}
		if err != nil {
			return false, err
		}
	}
	windows := s.windows(c.Plugin)
	if !m.Trust.Proven() || !c.takes(windows, t.At) {
		return false, nil
	}
	if enough, err := s.toldEnough(ctx, tx, t, c, o); err != nil || enough {
		return false, err
	}
	first, err := s.firstTime(ctx, tx, c, o, "")
	if err != nil || !first {
		return false, err
	}
	house := ""
	if s.Houses != nil {
		if house, err = s.Houses.NameOf(ctx, c.Workspace); err != nil {
			return false, err
		}
	}
	return true, s.answerItself(ctx, tx, t, c, o.known, s.closedText(c, o, house))
}

// firstTime reports whether something comes the first time in a conversation while
// its queue is closed, and remembers that it did.
func (s *Service) firstTime(ctx context.Context, tx Tx, c *Conversation, o outside, what string) (bool, error) {
	d := Dedup{
		Kind: InboundOutside, External: string(c.ID) + "/" + strconv.FormatInt(o.Opens.Unix(), 10) + what,
		Conversation: c.ID, Seq: o.message.Seq,
	}
	before, err := tx.Inbound(ctx, c.Inbox, d.Kind, d.External)
	if err != nil || before != nil {
		return false, err
	}
	return true, tx.Remember(ctx, c.Inbox, d)
}

// toldEnough reports whether a customer beyond a far side has had an automatic
// answer since the queue closed, or their conversation has had enough of them: a
// machine that passes for a person begins one conversation after the other.
func (s *Service) toldEnough(ctx context.Context, tx Tx, t Turn, c *Conversation, o outside) (bool, error) {
	if c.Live {
		return false, nil
	}
	last, n, err := tx.Acknowledged(ctx, c.Inbox, o.known, c.ID, t.At.Add(-acknowledgeSpan))
	return err == nil && (n >= acknowledgeMost || !last.IsZero() && !o.Worked(last, t.At)), err
}

// closedText is what who waits in a closed queue is told.
func (s *Service) closedText(c *Conversation, o outside, house string) Written {
	m := o.message
	locale := spokenBy(o.who, &m)
	variables := variablesOf(c, o.inbox, house, &m)
	variables[queue.OpensAt] = queue.OpeningText(o.Opens, locale)
	text := o.Queue.Outside.Text(locale, variables)
	if o.Queue.Outside.Does() == queue.Callback && c.Live && o.who.Email == "" && o.who.Phone == "" {
		text += "\n\n" + queue.Ask(locale)
	}
	to := channel.Party{}
	if m.Envelope != nil {
		to = m.Envelope.From
	}
	return s.ownWords(c, "closed-"+string(m.ID), text, to)
}

// spokenBy is the locale that a customer is told something in: that of what they
// wrote where it shows, or else their own.
func spokenBy(who contact.Contact, m *Message) string {
	if said := tongueOf(m); said == queue.Chinese {
		return said
	}
	if strings.HasPrefix(strings.ToLower(who.Locale), "zh") {
		return queue.Chinese
	}
	return queue.English
}

// closedOutOfBot is closedOut for who a bot has just given to people.
func (s *Service) closedOutOfBot(ctx context.Context, tx Tx, t Turn, c *Conversation) error {
	here, err := s.shut(ctx, tx, t, c, false)
	if err != nil || here == nil || c.LastInboundSeq == 0 {
		return err
	}
	m, err := tx.Message(ctx, c.ID, c.LastInboundSeq)
	if err != nil {
		return err
	}
	inbox, err := s.Inboxes.Inbox(ctx, c.Inbox)
	if err != nil {
		return err
	}
	who, _, err := s.Contacts.Get(ctx, c.Workspace, c.Contact)
	if err != nil {
		return err
	}
	_, err = s.closedOut(ctx, tx, t, c, outside{Standing: *here, inbox: inbox, who: who, known: c.Recipient, message: *m})
	return err
}
