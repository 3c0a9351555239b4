package client

import (
	"context"
	"net/http"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Steward is a member who works on tickets of their own making over REST:
// makes them, comments, sets statuses and hands them over. Nobody else touches
// them, so what an answer told of one can be looked for in its history.
type Steward struct {
	*party
	me   rig.Member
	mine []ticketAnswer
}

// NewSteward returns a steward.
func NewSteward(w *World, name string, seed uint64, me rig.Member) *Steward {
	return &Steward{party: newParty(w, name, seed), me: me}
}

// ticketAnswer is what answers tell of a ticket.
type ticketAnswer struct {
	ID      string
	Number  uint64
	Status  string
	LastSeq uint64 `json:"last_seq"`
}

// Write works until the world halts.
func (s *Steward) Write(ctx context.Context) {
	for s.rest(ctx, 5*time.Millisecond, 25*time.Millisecond) && !s.world.isHalted() {
		if len(s.mine) == 0 || s.chance(20) {
			s.create(ctx)
			continue
		}
		switch t := &s.mine[s.below(len(s.mine))]; {
		case s.chance(60):
			s.comment(ctx, t)
		case s.chance(60):
			s.set(ctx, t)
		default:
			s.handOver(ctx, t)
		}
	}
}

// create makes a ticket. When the answer is lost nobody knows whether there is
// one: it is not asked for again, and counts for nothing.
func (s *Steward) create(ctx context.Context) {
	var t ticketAnswer
	title := "ticket " + s.uuid()
	_, err := s.me.Call(ctx, http.MethodPost, s.me.At("/tickets"), map[string]string{"title": title}, &t)
	if s.judge(ctx, err) != accepted {
		return
	}
	s.mine = append(s.mine, t)
	s.world.Ledger.ticket(verdict.TicketAck{Client: s.name, Ticket: t.ID, Number: t.Number, Title: title, Seq: t.LastSeq})
}

// comment sends a comment under one id until it is answered, and now and then
// once more.
func (s *Steward) comment(ctx context.Context, t *ticketAnswer) {
	id := s.uuid()
	a := verdict.TicketAck{Client: s.name, Ticket: t.ID, ClientID: id, Public: s.chance(50)}
	a.Text = s.text(map[bool]string{true: kindText, false: kindNote}[a.Public], id)
	first, o := s.insist(ctx, a)
	if o != accepted {
		return
	}
	a.Seq = first
	s.world.Ledger.ticket(a)
	if !s.chance(15) {
		return
	}
	if second, o := s.insist(ctx, a); o == accepted && second != first {
		s.fault(verdict.Answers, "comment %s was answered with seq %d, and with %d when it was sent again", id, first, second)
	}
}

func (s *Steward) insist(ctx context.Context, a verdict.TicketAck) (uint64, outcome) {
	for {
		var out struct {
			Change struct{ Seq uint64 }
		}
		_, err := s.me.Call(ctx, http.MethodPost, s.me.At("/tickets/"+a.Ticket+"/comments"), map[string]any{
			"client_id": a.ClientID, "text": a.Text, "public": a.Public,
		}, &out)
		if o := s.judge(ctx, err); o != again || !s.retry(ctx) {
			return out.Change.Seq, o
		}
	}
}

// set sets a status, which is the same however often it is done.
func (s *Steward) set(ctx context.Context, t *ticketAnswer) {
	status := []string{"open", "pending", "solved"}[s.below(3)]
	s.change(ctx, t, http.MethodPatch, "", map[string]string{"status": status}, status)
}

func (s *Steward) handOver(ctx context.Context, t *ticketAnswer) {
	to := s.world.Members[s.below(len(s.world.Members))].ID
	s.change(ctx, t, http.MethodPost, "/assign", map[string]string{"assignee_id": to}, "")
}

// change does something to a ticket until it is answered, and keeps the answer.
func (s *Steward) change(ctx context.Context, t *ticketAnswer, method, path string, body map[string]string, status string) {
	for {
		var now ticketAnswer
		_, err := s.me.Call(ctx, method, s.me.At("/tickets/"+t.ID+path), body, &now)
		o := s.judge(ctx, err)
		if o == accepted {
			if status != "" && now.Status != status {
				s.fault(verdict.Answers, "%s was made %s and is %s", t.ID, status, now.Status)
			}
			*t = now
			s.world.Ledger.ticket(verdict.TicketAck{Client: s.name, Ticket: t.ID, Status: now.Status, Seq: now.LastSeq})
		}
		if o != again || !s.retry(ctx) {
			return
		}
	}
}
