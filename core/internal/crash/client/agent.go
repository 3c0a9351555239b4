package client

import (
	"context"
	"net/http"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// answerTime is how long a client waits for an answer on a socket before it
// drops the connection.
const answerTime = 10 * time.Second

// Agent is a console that also writes over its socket.
type Agent struct {
	*Console
	writer writer
}

// NewAgent returns an agent.
func NewAgent(w *World, name string, seed uint64, me rig.Member) *Agent {
	a := &Agent{Console: NewConsole(w, name, seed, me)}
	a.writer = writer{party: a.party, kind: verdict.Member, sender: me.ID, try: a.send}
	return a
}

// Write writes until the world halts.
func (a *Agent) Write(ctx context.Context) {
	for a.rest(ctx, 10*time.Millisecond, 30*time.Millisecond) && !a.world.isHalted() {
		if d, ok := a.draft(); ok {
			a.writer.say(ctx, d)
		}
	}
}

// draft thinks of something to write: mostly answers, sometimes notes.
func (p *party) draft() (draft, bool) {
	d := draft{conversation: p.conversation(), id: p.uuid(), kind: kindText}
	if p.chance(30) {
		d.kind = kindNote
	}
	d.text = p.text(d.kind, d.id)
	return d, d.conversation != ""
}

func (a *Agent) send(ctx context.Context, d draft) (told, outcome) {
	a.mu.Lock()
	s := a.socket
	a.mu.Unlock()
	if s == nil {
		return told{}, again
	}
	ref := a.uuid()
	wait := a.waits.add(ref)
	defer a.waits.drop(ref)
	if a.chance(5) { // ephemeral: nobody is promised anything
		_ = s.Send(map[string]any{"op": "typing", "conversation_id": d.conversation, "on": true})
	}
	err := s.Send(map[string]string{
		"op": "send", "ref": ref, "conversation_id": d.conversation, "client_msg_id": d.id, "kind": d.kind, "text": d.text,
	})
	if err != nil {
		return told{}, again
	}
	f, ok := await(ctx, a.party, s, wait)
	switch {
	case !ok:
		return told{}, again
	case f.Op == "error":
		return told{}, a.judgeFrame(f.Code, f.Detail)
	case f.Message == nil || f.Change == nil:
		a.fault(verdict.Unexpected, "an ack without its message")
		return told{}, broken
	default:
		return told{message: f.Message.ID, seq: f.Change.Seq, replayed: f.Replayed}, accepted
	}
}

// await waits for the answer to a request on a socket.
func await[F any](ctx context.Context, p *party, s *rig.Socket, wait chan F) (F, bool) {
	var none F
	t := time.NewTimer(answerTime)
	defer t.Stop()
	select {
	case f, ok := <-wait:
		return f, ok
	case <-s.Closed():
		select {
		case f, ok := <-wait: // it came before the close
			return f, ok
		default:
			return none, false
		}
	case <-t.C:
		p.fault(verdict.Unexpected, "no answer on an open socket within %v", answerTime)
		s.Cut()
		return none, false
	case <-ctx.Done():
		return none, false
	}
}

// Clerk is a member who writes over REST.
type Clerk struct {
	writer
	me rig.Member
}

// NewClerk returns a clerk.
func NewClerk(w *World, name string, seed uint64, me rig.Member) *Clerk {
	c := &Clerk{me: me}
	c.writer = writer{party: newParty(w, name, seed), kind: verdict.Member, sender: me.ID, try: c.post}
	return c
}

// Write writes until the world halts.
func (c *Clerk) Write(ctx context.Context) {
	for c.rest(ctx, 0, 6*time.Millisecond) && !c.world.isHalted() {
		if d, ok := c.draft(); ok {
			c.say(ctx, d)
		}
	}
}

func (c *Clerk) post(ctx context.Context, d draft) (told, outcome) {
	var out rig.Posted
	answer, err := c.me.Call(ctx, http.MethodPost, c.me.At("/conversations/"+d.conversation+"/messages"), map[string]string{
		"client_msg_id": d.id, "kind": d.kind, "text": d.text,
	}, &out)
	if o := c.judge(ctx, err, refusals...); o != accepted {
		return told{}, o
	}
	if answer.Replayed() != (answer.Status == http.StatusOK) {
		c.fault(verdict.Unexpected, "status %d with Idempotency-Replayed: %t", answer.Status, answer.Replayed())
	}
	return told{message: out.Message.ID, seq: out.Change.Seq, replayed: answer.Replayed()}, accepted
}
