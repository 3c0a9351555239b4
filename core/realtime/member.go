package realtime

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/realtime/socket"
	"github.com/patchbay-im/patchbay/core/wire"
)

// member is the session of a member in one workspace.
type member struct {
	session
	workspace identity.WorkspaceID
	id        identity.MemberID
	name      string // of the connection, over all nodes
	index     int    // in its hub's list; under the hubs' lock
	check     func(ctx context.Context) (identity.Scope, error)

	// Under session.mu.
	scope    identity.Scope
	mark     string // fingerprint of scope
	checked  time.Time
	checking bool
	beating  bool
	presence int // how often presence changed since the hello
	look     look
}

func newMember(g *Gateway, scope identity.Scope, check func(context.Context) (identity.Scope, error)) *member {
	m := &member{
		workspace: scope.Workspace, id: scope.Member(), name: g.connID(), check: check,
		scope: scope, mark: fingerprint(scope), checked: g.o.Now(),
	}
	m.session = session{g: g, side: m}
	return m
}

func (m *member) kind() Kind { return KindMember }

func (m *member) rights() identity.Scope {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scope
}

// alive renews the presence lease, once at a time.
func (m *member) alive(time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.beating {
		m.beating = true
		m.put(func(ctx context.Context) {
			m.mu.Lock()
			m.beating = false
			m.mu.Unlock()
			m.g.o.Presence.Heartbeat(ctx, m.workspace, m.id, m.name)
			m.renewLook(m.g.o.Now(), true)
		})
	}
}

func (m *member) gone(ctx context.Context) {
	m.g.hubs.leave(m)
	m.g.watchers.leave(m)
	m.hush()
	m.lookAway()
	if m.isReady() && !m.g.isDraining() {
		m.g.o.Presence.Gone(ctx, m.workspace, m.id, m.name)
	}
}

func (m *member) handle(ctx context.Context, r request) error {
	switch r.op {
	case "hello":
		var f memberHello
		if err := r.into(&f, "epoch", "feed", "rights"); err != nil {
			return err
		}
		return m.hello(ctx, f)
	case "send":
		var f memberSend
		if err := r.into(&f, "conversation_id", "client_msg_id", "kind", "text", "attachment_ids", "reply_to", "mentions", "group_mentions", "envelope"); err != nil {
			return err
		}
		return m.post(ctx, r.ref, f)
	case "typing":
		var f memberTypes
		if err := r.into(&f, "conversation_id", "note", "on"); err != nil {
			return err
		}
		return m.types(ctx, f)
	case "look":
		var f memberLooks
		if err := r.into(&f, "conversation_id"); err != nil {
			return err
		}
		return m.looks(ctx, f)
	case "watch_figures":
		var f memberWatches
		if err := r.into(&f, "on"); err != nil {
			return err
		}
		return m.watchFigures(f)
	default:
		return frameInvalid("There is no such op for members.")
	}
}

// hello starts the session: what the member missed follows the ready frame.
func (m *member) hello(ctx context.Context, f memberHello) error {
	if m.isReady() {
		return frameInvalid("The hello was said already.")
	}
	if err := m.rights().Require(identity.MemberRead); err != nil {
		m.end(err)
		return nil
	}
	m.g.hubs.join(m)
	rights, limited := m.rightsSaid()
	head, err := m.g.o.Log.Head(ctx, string(m.workspace))
	if err != nil {
		m.broken(ctx, err)
		return nil
	}
	at, first, resync := f.Feed, batch{}, f.Epoch != m.g.o.Epoch || f.Feed > head || head-f.Feed > resumeLimit ||
		f.Rights != rights && (f.Rights != "" || limited)
	if !resync && at < head {
		if first, err = m.read(ctx, at); err != nil {
			m.broken(ctx, err)
			return nil
		}
		resync = first.empty() || first.first != at+1
	}
	if resync {
		at, first = head, batch{}
	}
	unread, err := m.unread(ctx)
	if err != nil {
		m.broken(ctx, err)
		return nil
	}
	m.conn.Established(m.g.o.Tuning.MemberHeartbeat * 5 / 2)
	m.welcome(memberReady{
		Op: "ready", Epoch: m.g.o.Epoch, Feed: head, MemberID: string(m.id), Resync: resync, Rights: rights, Unread: unread,
		HeartbeatMS: m.g.o.Tuning.MemberHeartbeat.Milliseconds(), LeaseMS: m.g.o.Tuning.MemberLease.Milliseconds(),
	})
	m.g.o.Presence.Heartbeat(ctx, m.workspace, m.id, m.name)
	m.present(ctx)
	m.showLookers()
	m.begin(ctx, at, head, first)
	return nil
}

// present shows everybody's presence. Without it the session is still of use.
func (m *member) present(ctx context.Context) {
	for range presentTries {
		seen := m.presenceSeen()
		all, err := m.g.o.Presence.Snapshot(ctx, m.workspace)
		if err != nil {
			m.g.o.Logger.WarnContext(ctx, "presence is not known", "error", err)
			return
		}
		m.say(presenceFrame{Op: "presence", Members: all})
		if seen == m.presenceSeen() { // else it may be older than what came meanwhile
			return
		}
	}
}

// presentTries bounds how often the whole list is shown because it changed
// while it was read.
const presentTries = 3

func (m *member) presenceSeen() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.presence
}

// presenceChanged shows changed presence.
func (m *member) presenceChanged(frame []byte) {
	m.mu.Lock()
	m.presence++
	m.mu.Unlock()
	m.ephemeral(frame)
}

// read implements side on the workspace's feed.
func (m *member) read(ctx context.Context, after uint64) (batch, error) {
	var b batch
	events, err := m.g.o.Log.Since(ctx, string(m.workspace), after, resumePage)
	if err != nil || len(events) == 0 {
		return b, err
	}
	changes, conversations, err := m.g.o.Hydrator.Hydrate(ctx, m.workspace, events)
	if err != nil {
		return b, err
	}
	ticketChanges, tickets, err := m.g.tickets(ctx, m.workspace, events)
	if err != nil {
		return b, err
	}
	scope := m.rights()
	seen, err := m.g.contactsSeen(ctx, scope, events)
	if err != nil {
		return b, err
	}
	for _, e := range events {
		if b.full() || !b.empty() && e.Feed != b.next() {
			break
		}
		it := Item{Event: e}
		if c, ok := changes[e.ID]; ok {
			it.Change = &c
		}
		if c, ok := conversations[conversation.ID(e.Subject)]; ok {
			it.Conversation = &c
		}
		it = it.About(ticketChanges, tickets)
		if err := b.add(e.Feed, it.frame(it.judge(scope, seen))); err != nil {
			return b, err
		}
	}
	return b, nil
}

// post is a member's message or note. The answer comes after the commit.
func (m *member) post(ctx context.Context, ref string, f memberSend) error {
	if !id.Valid("cnv", f.ConversationID) {
		return errs.Absent()
	}
	posted, err := m.g.o.Conversations.Post(ctx, m.rights(), conversation.Post{
		Conversation: conversation.ID(f.ConversationID), ClientID: f.ClientMsgID,
		Kind: conversation.MessageKind(f.Kind), Text: f.Text,
		Attachments: wire.IDs[media.ID](f.AttachmentIDs), ReplyTo: conversation.MessageID(f.ReplyTo),
		Mentions: wire.IDs[identity.MemberID](f.Mentions), GroupMentions: f.GroupMentions, Envelope: f.Envelope.Domain(),
	})
	if err != nil {
		return err
	}
	change := wire.ChangeOf(posted.Change)
	m.say(memberAck{Op: "ack", Ref: ref, Message: change.Message, Change: change, Replayed: posted.Replayed})
	return nil
}

// recheck asks again what the member may, unless that is under way.
func (m *member) recheck() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checking || m.closed {
		return
	}
	m.checking = true
	m.put(func(ctx context.Context) {
		m.mu.Lock()
		m.checking = false
		m.mu.Unlock()
		m.ask(ctx)
	})
}

func (m *member) ask(ctx context.Context) {
	scope, err := m.check(ctx)
	if err == nil {
		err = scope.Require(identity.MemberRead)
	}
	if err != nil {
		m.denied(ctx, err)
		return
	}
	now := fingerprint(scope)
	m.mu.Lock()
	news := m.ready && now != m.mark
	m.scope, m.mark, m.checked = scope, now, m.g.o.Now()
	m.mu.Unlock()
	if news {
		m.say(rightsFrame{Op: "rights", Rights: now})
	}
}

func (m *member) denied(ctx context.Context, err error) {
	switch errs.KindOf(err) {
	case errs.Unauthenticated, errs.Forbidden, errs.NotFound:
		m.end(err)
	default: // we do not know, so the next connection must show
		m.broken(ctx, err)
	}
}

// end closes a session whose rights are gone.
func (m *member) end(err error) {
	code := socket.CodeForbidden
	if errs.Is(err, errs.Unauthenticated) {
		code = socket.CodeSessionEnded
	}
	m.answer("", errs.As(err))
	m.conn.Close(code, errs.As(err).Code)
}
