package realtime

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/realtime/socket"
	"github.com/patchbay-im/patchbay/core/wire"
)

// visitor is the session of a visitor. There are many and most are idle, so it
// keeps little.
type visitor struct {
	session
	room *room
	twin *visitor // another session of the same visitor; under the room's lock

	// Set by the hello, before the session is ready.
	workspace  identity.WorkspaceID
	id         string
	external   string // what the inbox knows the visitor by; the id unless somebody vouched for them
	name       string
	attributes string // packed
	expires    int64  // Unix seconds
	checked    int64  // likewise, when a person's session was last seen to go on

	// Under session.mu.
	conversation conversation.ID // "" = none yet
	position     int32           // in the queue, as last told; 0 = does not wait
	available    bool
	wait         int32    // seconds; 0 = nobody knows
	standing     Standing // of the queue
	news         bool     // of the place has come since the hello
	mark         mark
}

func newVisitor(g *Gateway, room *room) *visitor {
	v := &visitor{room: room}
	v.session = session{g: g, side: v}
	return v
}

func (v *visitor) kind() Kind { return KindVisitor }

// alive ends a session whose token has expired.
func (v *visitor) alive(now time.Time) {
	if now.Unix() >= v.expires {
		v.end(errs.New(errs.Unauthenticated, "visitor.token_invalid", "The chat session has expired. Open a new one."))
		return
	}
	v.recheck(now)
}

func (v *visitor) gone(ctx context.Context) {
	v.room.leave(v)
	v.hush()
	if id := v.attends(); id != "" {
		v.g.attending(ctx, v.workspace, []conversation.ID{id})
	}
	v.lastMark(ctx)
}

func (v *visitor) handle(ctx context.Context, r request) error {
	switch r.op {
	case "hello":
		var f visitorHello
		if err := r.into(&f, "token", "epoch", "after"); err != nil {
			return err
		}
		return v.hello(ctx, f)
	case "send":
		var f visitorSend
		if err := r.into(&f, "client_msg_id", "text", "attachment_ids", "reply_to"); err != nil {
			return err
		}
		return v.write(ctx, r.ref, f)
	case "typing":
		var f visitorTypes
		if err := r.into(&f, "on"); err != nil {
			return err
		}
		return v.types(ctx, f)
	case "read":
		var f visitorReads
		if err := r.into(&f, "seq"); err != nil {
			return err
		}
		return v.reads(ctx, f)
	default:
		return frameInvalid("There is no such op for visitors.")
	}
}

// hello authenticates the session and starts it.
func (v *visitor) hello(ctx context.Context, f visitorHello) error {
	if v.isReady() {
		return frameInvalid("The hello was said already.")
	}
	who, err := v.g.o.Conversations.Authenticate(ctx, v.room.inbox, printable(f.Token))
	switch {
	case errs.Is(err, errs.Unauthenticated):
		v.end(err)
		return nil
	case err != nil:
		v.broken(ctx, err)
		return nil
	}
	v.adopt(who)
	v.room.join(v)
	f.After = min(f.After, math.MaxInt64) // what databases can count to
	changes, conv, err := v.g.o.Conversations.VisitorChanges(ctx, who, f.After, resumePage)
	if err != nil {
		v.broken(ctx, err)
		return nil
	}
	head, read := uint64(0), uint64(0)
	if conv != nil {
		head = conv.LastPublicSeq
		if read, err = v.g.o.Conversations.VisitorReadByMembers(ctx, *conv); err != nil {
			v.broken(ctx, err)
			return nil
		}
	}
	at, resync := f.After, f.After > 0 && (f.Epoch != v.g.o.Epoch || f.After > head) || head > f.After+resumeLimit
	first, err := publicBatch(changes)
	if err != nil {
		return err
	}
	if resync || !first.empty() && first.first != at+1 {
		at, first, resync = head, batch{}, true
	}
	v.conn.Established(v.g.o.Tuning.VisitorHeartbeat * 5 / 2)
	v.welcome(visitorReady{
		Op: "ready", Epoch: v.g.o.Epoch, SessionID: v.id, Conversation: conv != nil, LastPublicSeq: head, ReadSeq: read,
		HeartbeatMS: v.g.o.Tuning.VisitorHeartbeat.Milliseconds(), Resync: resync,
	})
	v.begin(ctx, at, head, first)
	v.place(ctx, conv)
	return nil
}

// printable refuses a token that cannot be one before it reaches a database.
func printable(token string) string {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return token
}

// adopt keeps of the visitor what the session needs.
func (v *visitor) adopt(who conversation.Visitor) {
	v.workspace = v.room.intern(who.Workspace)
	v.id, v.external, v.name, v.expires = string(who.ID), who.External(), who.Name, who.ExpiresAt.Unix()
	if !who.Verified() {
		v.external = v.id // one string for both
	}
	v.attributes, v.checked = pack(who.Attributes), v.g.o.Now().Unix()
}

// who is the visitor as the use cases want it.
func (v *visitor) who() conversation.Visitor {
	return conversation.Visitor{
		Workspace: v.workspace, ID: conversation.VisitorID(v.id), Inbox: v.room.inbox, Name: v.name, Subject: conversation.SubjectOf(v.external),
		Attributes: unpack(v.attributes), ExpiresAt: time.Unix(v.expires, 0).UTC(),
	}
}

// pack makes one string of attributes, whose keys and values hold no NUL.
func pack(attributes map[string]string) string {
	var b strings.Builder
	for key, value := range attributes {
		b.WriteString(key + "\x00" + value + "\x00")
	}
	return b.String()
}

func unpack(packed string) map[string]string {
	out := make(map[string]string)
	for packed != "" {
		var key, value string
		key, packed, _ = strings.Cut(packed, "\x00")
		value, packed, _ = strings.Cut(packed, "\x00")
		out[key] = value
	}
	return out
}

// read implements side on the public sequence.
func (v *visitor) read(ctx context.Context, after uint64) (batch, error) {
	changes, _, err := v.g.o.Conversations.VisitorChanges(ctx, v.who(), after, resumePage)
	if err != nil {
		return batch{}, err
	}
	return publicBatch(changes)
}

func publicBatch(changes []conversation.Change) (batch, error) {
	var b batch
	for _, c := range changes {
		if b.full() {
			break
		}
		p, ok := wire.PublicChangeOf(c)
		if !ok || !b.empty() && p.Seq != b.next() {
			return b, errStreamHole
		}
		if err := b.add(p.Seq, changeFrame{Op: "change", Change: p}); err != nil {
			return b, err
		}
	}
	return b, nil
}

var errNoAnswer = errors.New("realtime: the message was stored but its change is not a public one")

// write is a visitor's message. The answer comes after the commit.
func (v *visitor) write(ctx context.Context, ref string, f visitorSend) error {
	if v.g.o.Spend != nil {
		if err := v.g.o.Spend(conversation.VisitorID(v.id)); err != nil {
			return err
		}
	}
	posted, err := v.g.o.Conversations.VisitorSend(ctx, v.who(), conversation.VisitorPost{
		ClientID: f.ClientMsgID, Text: f.Text,
		Attachments: wire.IDs[media.ID](f.AttachmentIDs), ReplyTo: conversation.MessageID(f.ReplyTo),
	})
	if err != nil {
		return err
	}
	change, ok := wire.PublicChangeOf(posted.Change)
	if !ok {
		return errNoAnswer
	}
	v.mu.Lock()
	v.conversation = posted.Change.Conversation
	v.mu.Unlock()
	v.say(visitorAck{Op: "ack", Ref: ref, Change: change, Replayed: posted.Replayed})
	return nil
}

// end closes a session whose token is not valid.
func (v *visitor) end(err error) {
	v.answer("", errs.As(err))
	v.conn.Close(socket.CodeSessionEnded, errs.As(err).Code)
}

// place tells a visitor who waits their place. Without it the session is
// still of use, and the next news tells it.
func (v *visitor) place(ctx context.Context, conv *conversation.Conversation) {
	if conv == nil {
		return
	}
	v.mu.Lock()
	v.conversation = conv.ID
	v.mu.Unlock()
	if !conv.Waits() {
		return
	}
	place, err := v.g.o.Queue.Place(ctx, v.workspace, conv.ID)
	if err != nil {
		v.g.o.Logger.WarnContext(ctx, "a place in the queue is not known", "error", err)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.news { // else this may be older
		v.tell(place)
	}
}

// told takes news of the place.
func (v *visitor) told(place QueuePlace) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ready {
		v.news = true
		if place.Conversation != "" {
			v.conversation = place.Conversation
		}
		v.tell(place)
	}
}

// tell shows the place in the queue if it is another. The session is locked.
func (v *visitor) tell(p QueuePlace) {
	wait := int32(min(p.WaitS, math.MaxInt32)) //nolint:gosec // bounded
	same := v.available == p.Available && v.wait == wait && v.standing.equal(p.Standing)
	if int(v.position) == p.Position && (p.Position == 0 || same) {
		return
	}
	v.position, v.available, v.wait, v.standing = int32(p.Position), p.Available, wait, p.Standing //nolint:gosec // a place
	v.say(queueFrame{Op: "queue", Position: p.Position, Available: p.Available, WaitS: p.WaitS, Standing: p.Standing})
}
