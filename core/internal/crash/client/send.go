package client

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// draft is a message on its way.
type draft struct {
	conversation, id, kind, text string
	files                        []string // attachments
}

// told is what an answer says.
type told struct {
	message  string
	seq      uint64
	replayed bool
}

// outcome is what one attempt came to.
type outcome int

const (
	accepted outcome = iota
	refused          // finally: by the rules it is not stored
	again            // nobody knows: send it again
	broken           // an answer that the contract does not have; it was noted
)

// writer is a client that sends messages.
type writer struct {
	*party
	kind   verdict.Party
	sender string
	// try sends once.
	try func(ctx context.Context, d draft) (told, outcome)
}

func (w *writer) ack(d draft, t told) verdict.Ack {
	return verdict.Ack{
		Client: w.name, Party: w.kind, Sender: w.sender, Conversation: d.conversation,
		ClientID: d.id, Kind: d.kind, Text: d.text, Message: t.message, Seq: t.seq,
	}
}

// insist sends until there is an answer.
func (w *writer) insist(ctx context.Context, d draft) (told, outcome) {
	for {
		t, o := w.try(ctx, d)
		if o != again {
			return t, o
		}
		if !w.retry(ctx) {
			return told{}, again
		}
	}
}

// say sends a message once, and sometimes once more: clients that lost an
// answer do the same.
func (w *writer) say(ctx context.Context, d draft) {
	first, o := w.insist(ctx, d)
	if o == refused {
		w.world.Ledger.refuse(w.ack(d, told{}))
	}
	if o != accepted {
		return
	}
	w.world.Ledger.acked(w.ack(d, first))
	if w.chance(10) {
		w.repeat(ctx, d, first)
	}
	if w.chance(3) {
		w.reuse(ctx, d)
	}
}

// repeat sends an acknowledged message again and compares the answers.
func (w *writer) repeat(ctx context.Context, d draft, first told) {
	second, o := w.insist(ctx, d)
	if o != accepted {
		if o == refused {
			w.fault(verdict.Answers, "%s was accepted, and refused when it was sent again", d.id)
		}
		return
	}
	w.world.Ledger.repeated()
	w.world.Ledger.acked(w.ack(d, second))
	if second.message != first.message || second.seq != first.seq {
		w.fault(verdict.Answers, "%s was answered with %s at %d, and with %s at %d when it was sent again",
			d.id, first.message, first.seq, second.message, second.seq)
	}
	if !second.replayed && w.kind != verdict.Hook {
		w.fault(verdict.Answers, "%s was sent again and the answer does not say so", d.id)
	}
}

// reuse sends another text under an id that is taken.
func (w *writer) reuse(ctx context.Context, d draft) {
	if w.kind == verdict.Hook {
		return // a far side may say what it likes; the first telling counts
	}
	d.text = "other " + d.text
	if _, o := w.insist(ctx, d); o == accepted {
		w.fault(verdict.Answers, "%s was taken for another text", d.id)
	}
}

// refusals are what a message may be refused with.
var refusals = []string{"conversation.resolved", "message.client_id_reused"} //nolint:gochecknoglobals // a constant, but for the language

// judge says what an answer of the REST API means.
func (p *party) judge(ctx context.Context, err error, may ...string) outcome {
	problem := rig.ProblemOf(err)
	switch {
	case err == nil:
		return accepted
	case problem == nil, problem.Status == 503:
		return again
	case problem.Status == 429:
		p.rest(ctx, 50*time.Millisecond, max(51*time.Millisecond, min(problem.RetryAfter, 300*time.Millisecond)))
		return again
	case slices.Contains(may, problem.Code):
		return refused
	default:
		p.fault(verdict.Unexpected, "an answer nobody expects: %v", err)
		return broken
	}
}

// judgeFrame says what an error frame means.
func (p *party) judgeFrame(code, detail string) outcome {
	switch {
	case slices.Contains(refusals, code):
		return refused
	case strings.HasPrefix(code, "storage."), code == "rate_limited":
		return again
	default:
		p.fault(verdict.Unexpected, "a frame nobody expects: %s: %s", code, detail)
		return broken
	}
}
