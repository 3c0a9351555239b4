package bridge

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Deliver takes batches until the host ends the stream, or until a drain has
// let everything in flight finish.
func (s *channelService) Deliver(stream pluginv1.ChannelService_DeliverServer) error {
	if err := s.serves(s.can().Channel != nil); err != nil {
		return err
	}
	if s.drain.hasBegun() {
		return errDraining
	}
	s.drain.add(1, 0)
	defer s.drain.add(-1, 0)
	l := &line{
		channelService: s, stream: stream, ctx: stream.Context(),
		waiting: make(map[string][]*pluginv1.Outbound),
		turn:    make(chan *pluginv1.Outbound, Window),
		done:    make(chan finished, Window),
	}
	defer func() { s.drain.add(0, -l.inFlight) }() // what a broken stream leaves behind
	return l.run()
}

// line is one Deliver stream. Its fields belong to the goroutine of run; the
// workers read from turn and write to done, which have room for all items.
type line struct {
	*channelService
	stream pluginv1.ChannelService_DeliverServer
	ctx    context.Context //nolint:containedctx // the stream's own; a line lives as long as it

	// waiting holds, by conversation, what comes after the item in flight. A
	// conversation that is here has a worker.
	waiting  map[string][]*pluginv1.Outbound
	inFlight int
	turn     chan *pluginv1.Outbound // to be sent now; each has a worker
	done     chan finished
}

// lateItems is how long a draining line waits for the host to close its side:
// items may be on their way.
const lateItems = 500 * time.Millisecond

// finished is an item and what became of it.
type finished struct {
	item     *pluginv1.Outbound
	result   *pluginv1.Result
	provider string
}

type batch struct {
	items []*pluginv1.Outbound
	err   error
}

func (l *line) run() error {
	if err := l.stream.Send(&pluginv1.DeliverResponse{Credits: Window}); err != nil {
		return err
	}
	incoming := make(chan batch)
	go l.read(incoming)
	draining, closed := l.drain.begun, false
	var late <-chan time.Time // when the host has had time to close its side
	for {
		if l.inFlight == 0 && closed {
			return nil
		}
		select {
		case b := <-incoming:
			switch {
			case errors.Is(b.err, io.EOF):
				closed, incoming = true, nil
			case b.err != nil:
				return b.err
			default:
				if err := l.take(b.items); err != nil {
					return err
				}
			}
		case f := <-l.done:
			if err := l.answer(f, draining == nil); err != nil {
				return err
			}
		case <-draining:
			draining = nil
			timer := time.NewTimer(lateItems)
			defer timer.Stop()
			late = timer.C
		case <-late:
			closed = true
		case <-l.ctx.Done():
			return status.FromContextError(l.ctx.Err()).Err() // the host gave up: no fault of the plugin
		}
	}
}

// read hands batches to run until the stream ends.
func (l *line) read(incoming chan<- batch) {
	for {
		req, err := l.stream.Recv()
		select {
		case incoming <- batch{items: req.GetItems(), err: err}:
		case <-l.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// take starts what may start and lets the rest wait for its turn.
func (l *line) take(items []*pluginv1.Outbound) error {
	if len(items) > pluginv1.MaxBatch || l.inFlight+len(items) > Window {
		return status.Error(codes.ResourceExhausted, "more items than credits, or than a batch may have")
	}
	l.inFlight += len(items)
	l.drain.add(0, len(items))
	for _, item := range items {
		queue, busy := l.waiting[item.GetConversationId()]
		if busy {
			l.waiting[item.GetConversationId()] = append(queue, item)
			continue
		}
		l.waiting[item.GetConversationId()] = nil
		l.start(item)
	}
	return nil
}

// start has an item sent now, beside all others that are.
func (l *line) start(item *pluginv1.Outbound) {
	l.turn <- item
	go l.work()
}

// work sends what there is to send. There is a worker for each item; where
// sending takes no time the first of them does all, and the others find nothing.
func (l *line) work() {
	for {
		select {
		case item := <-l.turn:
			l.done <- l.send(item)
		default:
			return
		}
	}
}

// send sends one item and says what became of it.
func (l *line) send(item *pluginv1.Outbound) finished {
	f := finished{item: item}
	in, ok := l.instances.get(item.GetInstanceId())
	if !ok {
		f.result = retry(codeUnknownInstance, unknownInstance)
		return f
	}
	if item.GetAct() > pluginv1.Act_ACT_RECALL { // of a newer host; to post it would be wrong
		f.result = resultOf(errs.Reject(codeUnknownAct, "this version of the plugin does not know what to do"))
		return f
	}
	ctx, cancel := context.WithTimeout(l.ctx, sendBudget)
	defer cancel()
	err := guard(ctx, l.config.Log, "Send", func() error {
		answer, failed := l.can().Channel.Send(ctx, sendRequestOf(in, item))
		f.provider = answer.MessageID
		if failed == nil && answer.Duplicate {
			f.result = &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_DUPLICATE}
		}
		return failed
	})
	if err != nil && ctx.Err() != nil && errs.As(err).Source != errs.InDoubt {
		err = errs.Unavailable(err, "no answer of the far side in time")
	}
	if f.result == nil || err != nil {
		f.result = resultOf(err)
	}
	if f.result.GetCode() == errs.CodeInDoubt { // also where package once says so
		f.result.Outcome = pluginv1.Outcome_OUTCOME_UNKNOWN
	}
	return f
}

// answer sends receipts for f and whatever else is done by now, and lets the
// conversations go on.
func (l *line) answer(f finished, draining bool) error {
	out := &pluginv1.DeliverResponse{}
	runtime.Gosched() // what can be done at once is done now, and answered together
	for more := true; more; {
		out.Items = append(out.Items, &pluginv1.Receipt{Id: f.item.GetId(), Result: f.result, ProviderMessageId: f.provider})
		l.next(f)
		more = false
		if len(out.Items) < pluginv1.MaxBatch {
			select {
			case f = <-l.done:
				more = true
			default:
			}
		}
	}
	l.inFlight -= len(out.Items)
	if !draining {
		out.Credits = uint32(len(out.Items)) //nolint:gosec // at most MaxBatch
	}
	err := l.stream.Send(out)
	l.drain.add(0, -len(out.Items))
	return err
}

// next starts what waited behind f. After a retry nothing overtakes: what is
// here of the conversation goes back too, for the host to send again in order.
func (l *line) next(f finished) {
	id := f.item.GetConversationId()
	queue, busy := l.waiting[id]
	if !busy {
		return
	}
	if len(queue) == 0 {
		delete(l.waiting, id)
		return
	}
	if f.result.GetOutcome() == pluginv1.Outcome_OUTCOME_RETRY || f.result.GetOutcome() == pluginv1.Outcome_OUTCOME_UNSPECIFIED {
		delete(l.waiting, id)
		for _, item := range queue {
			l.done <- finished{item: item, result: retry("waits_for_earlier", "an earlier message of the conversation comes first")}
		}
		return
	}
	l.waiting[id] = queue[1:]
	l.start(queue[0])
}
