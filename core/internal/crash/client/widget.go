package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Widget is a visitor's tab: it follows the visitor's conversation over a
// WebSocket and writes when it is asked to.
type Widget struct {
	*party
	api    rig.API
	writer writer
	waits  waits[rig.VisitorFrame]

	opened chan struct{} // closed when there is a session

	mu      sync.Mutex
	session rig.Visitor
	epoch   string
	shown   []verdict.PublicEntry
	stream  verdict.Stream
	socket  *rig.Socket // while it is ready
}

// NewWidget returns the tab of a new visitor.
func NewWidget(w *World, name string, seed uint64) *Widget {
	v := &Widget{party: newParty(w, name, seed), api: rig.NewAPI(w.Base), opened: make(chan struct{})}
	v.stream.Client = name
	v.writer = writer{party: v.party, kind: verdict.Visitor, try: v.send}
	return v
}

// open opens the visitor's session, once.
func (v *Widget) open(ctx context.Context) {
	for ctx.Err() == nil {
		session, err := v.api.OpenSession(ctx, v.world.Live.ID, "")
		if err == nil {
			v.adopt(session)
			return
		}
		if v.judge(ctx, err) == broken {
			return
		}
		v.retry(ctx)
	}
}

func (v *Widget) adopt(session rig.Visitor) {
	v.mu.Lock()
	v.session, v.stream.Visitor = session, session.SessionID
	v.mu.Unlock()
	v.writer.sender = session.SessionID
	close(v.opened)
}

// Run follows the conversation until ctx ends.
func (v *Widget) Run(ctx context.Context) {
	v.open(ctx)
	for ctx.Err() == nil {
		if v.chance(10) {
			v.reopen(ctx)
		}
		v.connect(ctx)
		v.retry(ctx)
	}
}

// reopen resumes the session as a page that was loaded again does.
func (v *Widget) reopen(ctx context.Context) {
	session, err := v.api.OpenSession(ctx, v.world.Live.ID, v.session.Token)
	if err != nil {
		v.judge(ctx, err)
		return
	}
	if !session.Resumed || session.SessionID != v.session.SessionID {
		v.fault(verdict.Unexpected, "the session %s was not resumed, but became %s", v.session.SessionID, session.SessionID)
	}
}

// forbidden is what no visitor may be sent: notes, and ids of internal things.
func forbidden() []string {
	return []string{noteMark, `"mem_`, `"acc_`, `"cnv_`, `"con_`, `"chg_`, `"wsp_`, `"ses_`, `"dlv_`, `"feed"`, `"public_seq"`}
}

// inspect looks for what a visitor must not see in the bytes sent.
func (p *party) inspect(raw []byte) {
	for _, f := range forbidden() {
		if bytes.Contains(raw, []byte(f)) {
			p.fault(verdict.Views, "a visitor was sent %q: %.300s", f, raw)
		}
	}
}

func (v *Widget) connect(ctx context.Context) {
	frames := newLine[rig.VisitorFrame]()
	s, err := rig.Dial(ctx, rig.Dialing{URL: v.api.VisitorURL(v.world.Live.ID), Frame: func(raw []byte) {
		v.inspect(raw)
		var f rig.VisitorFrame
		if err := json.Unmarshal(raw, &f); err != nil {
			v.fault(verdict.Unexpected, "a frame that is not our JSON: %v", err)
			return
		}
		frames.put(f)
	}})
	if err != nil {
		if ctx.Err() == nil {
			v.judge(ctx, err)
		}
		return
	}
	defer v.disconnected(ctx, s)
	go beat(s)
	after := v.Count()
	err = s.Send(map[string]any{"op": "hello", "token": v.session.Token, "epoch": v.epoch, "after": after})
	if err != nil {
		return
	}
	for {
		f, ok := frames.take(ctx, s)
		if !ok || !v.handle(ctx, s, after, f) {
			return
		}
	}
}

func (v *Widget) disconnected(ctx context.Context, s *rig.Socket) {
	s.Cut()
	<-s.Closed()
	v.mu.Lock()
	v.socket = nil
	v.mu.Unlock()
	v.waits.lost()
	v.ended(ctx, s)
}

func (v *Widget) handle(ctx context.Context, s *rig.Socket, after uint64, f rig.VisitorFrame) bool {
	switch f.Op {
	case "ready":
		if f.LastPublicSeq < after || v.epoch != "" && f.Epoch != v.epoch {
			v.fault(verdict.Streams, "the conversation went back from %d to %d, epoch %s to %s", after, f.LastPublicSeq, v.epoch, f.Epoch)
		}
		if f.Resync {
			v.fault(verdict.Streams, "must start over at %d, having %d", f.LastPublicSeq, after)
			return v.fill(ctx) == nil
		}
		v.mu.Lock()
		v.epoch, v.socket = f.Epoch, s
		v.mu.Unlock()
	case "change":
		if f.Change == nil {
			v.fault(verdict.Unexpected, "a change frame without a change")
			return false
		}
		return v.change(ctx, *f.Change)
	case "ack", "error":
		if !v.waits.answer(f.Ref, f) && f.Op == "error" && f.Code != "rate_limited" {
			v.fault(verdict.Unexpected, "an error nobody waits for: %s %s", f.Code, f.Detail)
		}
	case "queue", "typing", "read", "pong", "bye":
	default:
		v.fault(verdict.Unexpected, "an unknown frame %q", f.Op)
	}
	return true
}

// change takes a live change; see Console.event.
func (v *Widget) change(ctx context.Context, c rig.PublicChange) bool {
	at := v.Count()
	switch {
	case c.Seq <= at:
		return true
	case c.Seq > at+1:
		v.fault(verdict.Streams, "the socket jumped from %d to %d", at, c.Seq)
		if err := v.fill(ctx); err != nil {
			return false
		}
	}
	return v.take(c)
}

func (v *Widget) take(c rig.PublicChange) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if at := uint64(len(v.shown)); c.Seq != at+1 {
		if c.Seq > at {
			v.fault(verdict.Streams, "change %d came after %d", c.Seq, at)
		}
		return c.Seq <= at
	}
	e, id := verdict.PublicEntry{Type: c.Type}, ""
	if m := c.Message; m != nil {
		e.Message, e.Text, e.Sender, id = m.ID, m.Text, m.Sender.Kind, m.ID
	}
	v.shown = append(v.shown, e)
	v.stream.Seen = append(v.stream.Seen, verdict.Seen{Number: c.Seq, ID: id})
	return true
}

// fill reads what is missing over REST.
func (v *Widget) fill(ctx context.Context) error {
	for {
		var page struct {
			Items   []rig.PublicChange `json:"items"`
			HasMore bool               `json:"has_more"`
		}
		path := fmt.Sprintf("%s/live/%s/changes?after=%d&limit=200", rig.Prefix, v.world.Live.ID, v.Count())
		answer, err := v.visitor().Call(ctx, http.MethodGet, path, nil, &page)
		v.inspect(answer.Body)
		if err != nil {
			v.lost(ctx, err)
			return err
		}
		for _, c := range page.Items {
			if !v.take(c) {
				return errHole
			}
		}
		if !page.HasMore {
			return nil
		}
	}
}

// visitor is the session on REST.
func (v *Widget) visitor() rig.API { return v.api.As("Authorization", "Bearer "+v.session.Token) }

// Count returns how far the widget has come in the public sequence.
func (v *Widget) Count() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return uint64(len(v.shown))
}

// Session returns the visitor's session; "" before there is one.
func (v *Widget) Session() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.session.SessionID
}

// Write writes until the world halts. Visitors think between messages.
func (v *Widget) Write(ctx context.Context) { v.write(ctx, 20*time.Millisecond, 80*time.Millisecond) }

func (v *Widget) write(ctx context.Context, low, high time.Duration) {
	select {
	case <-v.opened:
	case <-ctx.Done():
		return
	}
	for v.rest(ctx, low, high) && !v.world.isHalted() {
		id := v.uuid()
		v.writer.say(ctx, draft{id: id, kind: kindText, text: v.text(kindText, id)})
	}
}

func (v *Widget) send(ctx context.Context, d draft) (told, outcome) {
	v.mu.Lock()
	s := v.socket
	v.mu.Unlock()
	if s == nil {
		return told{}, again
	}
	ref := v.uuid()
	wait := v.waits.add(ref)
	defer v.waits.drop(ref)
	if err := s.Send(map[string]string{"op": "send", "ref": ref, "client_msg_id": d.id, "text": d.text}); err != nil {
		return told{}, again
	}
	f, ok := await(ctx, v.party, s, wait)
	switch {
	case !ok:
		return told{}, again
	case f.Op == "error":
		return told{}, v.judgeFrame(f.Code, f.Detail)
	case f.Change == nil || f.Change.Message == nil:
		v.fault(verdict.Unexpected, "an ack without its change")
		return told{}, broken
	default:
		return told{message: f.Change.Message.ID, seq: f.Change.Seq, replayed: f.Replayed}, accepted
	}
}

func (v *Widget) testify(e *verdict.Evidence) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e.Streams = append(e.Streams, v.stream)
	e.Visitors = append(e.Visitors, verdict.VisitorView{Client: v.name, Visitor: v.session.SessionID, Changes: v.shown})
}
