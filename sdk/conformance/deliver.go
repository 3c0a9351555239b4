package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// line is a Deliver stream with its books.
type line struct {
	to       string // who is written to
	stream   pluginv1.ChannelService_DeliverClient
	credits  int
	window   int // what the first response opened
	inFlight map[string]task
	answered map[string]bool
	last     map[string]int // by lane: the last seq answered
	got      func(reaction)
}

// openLine opens a stream and waits for its first credits.
func (p *plug) openLine(ctx context.Context, got func(reaction)) (*line, error) {
	stream, err := pluginv1.NewChannelServiceClient(p.conn).Deliver(ctx)
	if err != nil {
		return nil, fmt.Errorf("call Deliver: %w", err)
	}
	l := &line{
		to: p.spec.recipient(), stream: stream, inFlight: make(map[string]task), answered: make(map[string]bool), last: make(map[string]int), got: got,
	}
	if err := l.recv(); err != nil {
		return nil, fmt.Errorf("the Deliver stream opens no window: %w", err)
	}
	l.window = l.credits
	if l.window < 1 || l.window > pluginv1.MaxCredits {
		return nil, broke("the first response gives %d credits; 1 to %d are allowed", l.window, pluginv1.MaxCredits)
	}
	return l, nil
}

// send hands over a batch, for which there must be credits.
func (l *line) send(tasks []task) error {
	req := &pluginv1.DeliverRequest{}
	for _, t := range tasks {
		req.Items = append(req.Items, outbound(t, l.to))
		l.inFlight[t.token] = t
		delete(l.answered, t.token)
	}
	l.credits -= len(tasks)
	return l.stream.Send(req)
}

// deliveryPrefix begins ids of the shape that the core's have; the number of the
// task follows, in six digits.
const deliveryPrefix = "dlv_01K00000000000000000"

func deliveryID(token string) string { return deliveryPrefix + strings.TrimPrefix(token, tokenPrefix) }

func deliveryToken(id string) string { return tokenPrefix + strings.TrimPrefix(id, deliveryPrefix) }

func outbound(t task, to string) *pluginv1.Outbound {
	out := &pluginv1.Outbound{
		Id: deliveryID(t.token), InstanceId: instanceID, ConversationId: t.lane, Seq: uint64(t.seq), RecipientExternalId: to,
		Attempt: t.attempt, Suspect: t.suspect, Act: t.act, Target: t.target, Template: t.template,
	}
	if t.act != pluginv1.Act_ACT_RECALL {
		out.Content = &pluginv1.Content{Body: &pluginv1.Content_Text{Text: t.text}}
	}
	return out
}

// recv takes one response and checks it against the books.
func (l *line) recv() error {
	answer, err := l.stream.Recv()
	if err != nil {
		return err
	}
	var wrong error
	for _, receipt := range answer.GetItems() {
		if err := l.receipt(receipt); err != nil && wrong == nil {
			wrong = err
		}
	}
	l.credits += int(answer.GetCredits())
	if l.window > 0 && l.credits+len(l.inFlight) > l.window {
		return errors.Join(wrong, broke("it gives back more credits than receipts: %d with %d in flight, and its window is %d", l.credits, len(l.inFlight), l.window))
	}
	return wrong
}

func (l *line) receipt(receipt *pluginv1.Receipt) error {
	id := receipt.GetId()
	token := deliveryToken(id)
	t, ok := l.inFlight[token]
	if !ok {
		if l.answered[token] {
			return broke("%s was answered twice; once is right", id)
		}
		return broke("there is a receipt for %q, which was not in flight", id)
	}
	delete(l.inFlight, token)
	l.answered[token] = true
	a := reactionOf(t, receipt.GetResult(), "", nil)
	a.id = receipt.GetProviderMessageId()
	l.got(a)
	if t.seq < l.last[t.lane] {
		return broke("in %s number %d was answered after number %d; the order of a conversation is kept", t.lane, t.seq, l.last[t.lane])
	}
	l.last[t.lane] = t.seq
	return nil
}

// step sends what credits allow or else takes one response. False: all is done.
func (l *line) step(tasks []task) ([]task, bool, error) {
	if n := min(len(tasks), l.credits, pluginv1.MaxBatch); n > 0 {
		return tasks[n:], true, l.send(tasks[:n])
	}
	if len(tasks) == 0 && len(l.inFlight) == 0 {
		return nil, false, nil
	}
	return tasks, true, l.recv()
}

// deliver is the channel's perform.
func deliver(ctx context.Context, p *plug, tasks []task, got func(reaction)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := p.openLine(ctx, got)
	if err != nil {
		return err
	}
	var rule error // the first one that was broken; the work goes on
	for more := true; more; {
		tasks, more, err = l.step(tasks)
		if _, ok := errors.AsType[*violation](err); ok {
			if rule == nil {
				rule = err
			}
			err = nil
		}
		if errors.Is(err, io.EOF) {
			return errors.Join(rule, fmt.Errorf("it ended the Deliver stream with %d in flight", len(l.inFlight)))
		}
		if err != nil {
			if ctx.Err() != nil {
				err = fmt.Errorf("%d deliveries were not answered in time", len(l.inFlight))
			}
			return errors.Join(rule, err)
		}
	}
	if err := l.stream.CloseSend(); err != nil {
		return errors.Join(rule, err)
	}
	for {
		err := l.recv()
		if errors.Is(err, io.EOF) {
			return rule
		}
		if err != nil {
			return errors.Join(rule, fmt.Errorf("the Deliver stream ended badly: %w", err))
		}
	}
}
