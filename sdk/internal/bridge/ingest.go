package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// ingestBudget bounds one Ingest, unless the caller's context ends earlier.
const ingestBudget = 30 * time.Second

// maxIngest bounds one request in bytes, below what gRPC takes.
const maxIngest = 3 << 20

// Ingest brings messages to the host and returns when they are committed. See
// the documentation of sdk.Host.
func (h *Host) Ingest(ctx context.Context, messages ...channel.Inbound) error {
	ctx, cancel := context.WithTimeout(ctx, ingestBudget)
	defer cancel()
	messages, rejected := carried(messages)
	for len(messages) > 0 {
		sent, results, err := h.ingest.send(ctx, messages)
		if err != nil {
			return hostError(err)
		}
		for i, r := range results {
			switch r.GetOutcome() {
			case pluginv1.Outcome_OUTCOME_ACCEPTED, pluginv1.Outcome_OUTCOME_DUPLICATE:
			case pluginv1.Outcome_OUTCOME_REJECTED:
				detail := fmt.Sprintf("message %q: %s", messages[i].ExternalID, r.GetDetail())
				rejected = append(rejected, errs.Reject(r.GetCode(), detail))
			case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED, pluginv1.Outcome_OUTCOME_UNKNOWN:
				return errs.Unavailable(nil, r.GetDetail()).WithCode(r.GetCode()).WithRetryAfter(r.GetRetryAfter().AsDuration())
			default:
				return errs.Unavailable(nil, r.GetDetail()).WithCode(r.GetCode())
			}
		}
		messages = messages[sent:]
	}
	return errors.Join(rejected...)
}

// ingester owns the stream to the host; a broken one is opened anew by the
// next call.
type ingester struct {
	client pluginv1.HostInboundServiceClient

	mu   sync.Mutex
	line *ingestLine
}

func newIngester(client pluginv1.HostInboundServiceClient) *ingester {
	return &ingester{client: client}
}

// send sends as many messages as credits allow, at least one and at most a
// batch, and waits for the answer.
func (g *ingester) send(ctx context.Context, messages []channel.Inbound) (int, []*pluginv1.Result, error) {
	l, err := g.open(ctx)
	if err != nil {
		return 0, nil, err
	}
	items := fitting(messages[:min(len(messages), pluginv1.MaxBatch)], runOf(ctx))
	n, err := l.credits.take(ctx, len(items), l.dead)
	if err != nil {
		return 0, nil, l.reason(err)
	}
	req := &pluginv1.IngestRequest{Items: items[:n]}
	answer, err := l.call(ctx, req)
	if err != nil {
		return 0, nil, l.reason(err)
	}
	if len(answer.GetResults()) != n {
		return 0, nil, fmt.Errorf("the host answered %d of %d messages", len(answer.GetResults()), n)
	}
	return n, answer.GetResults(), nil
}

// carried returns the messages that a request carries, and an error for each
// other one.
func carried(messages []channel.Inbound) ([]channel.Inbound, []error) {
	out := make([]channel.Inbound, 0, len(messages))
	var rejected []error
	for _, m := range messages {
		if len(m.Content.Text)+len(m.Content.HTML)+len(m.Content.Quoted) > maxIngest/2 {
			rejected = append(rejected, errs.Reject(codeTooLarge, fmt.Sprintf("message %q: text and HTML have at most 1.5 MiB; bring the rest as a file", m.ExternalID)))
			continue
		}
		out = append(out, m)
	}
	return out, rejected
}

// fitting returns as many of the messages as one request carries, at least one.
// run is the backfill that brings them; "" = none.
func fitting(messages []channel.Inbound, run string) []*pluginv1.Inbound {
	var out []*pluginv1.Inbound
	size := 0
	for _, m := range messages {
		item := inboundTo(m)
		item.Backfill = run
		if size += proto.Size(item); size > maxIngest && len(out) > 0 {
			break
		}
		out = append(out, item)
	}
	return out
}

func (g *ingester) open(ctx context.Context) (*ingestLine, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.line != nil && g.line.alive() {
		return g.line, nil
	}
	// The stream outlives the call that opens it.
	stream, err := g.client.Ingest(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	l := &ingestLine{
		stream: stream, waiting: make(map[uint64]chan *pluginv1.IngestResponse),
		dead: make(chan struct{}), credits: newCredits(),
	}
	go l.read()
	g.line = l
	return l, nil
}

// ingestLine is one open stream.
type ingestLine struct {
	stream  pluginv1.HostInboundService_IngestClient
	credits *credits
	dead    chan struct{}
	err     error // set before dead is closed

	sending sync.Mutex // gRPC wants one sender at a time

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan *pluginv1.IngestResponse
}

func (l *ingestLine) alive() bool {
	select {
	case <-l.dead:
		return false
	default:
		return true
	}
}

// reason returns why the line died, when that is why err came.
func (l *ingestLine) reason(err error) error {
	if !l.alive() && l.err != nil {
		return l.err
	}
	return err
}

func (l *ingestLine) read() {
	defer close(l.dead)
	for {
		answer, err := l.stream.Recv()
		if err != nil {
			l.err = err
			return
		}
		l.credits.add(int(answer.GetCredits()))
		l.mu.Lock()
		w, ok := l.waiting[answer.GetBatch()]
		delete(l.waiting, answer.GetBatch())
		l.mu.Unlock()
		if ok {
			w <- answer // has room for one, and gets one
		}
	}
}

func (l *ingestLine) call(ctx context.Context, req *pluginv1.IngestRequest) (*pluginv1.IngestResponse, error) {
	w := make(chan *pluginv1.IngestResponse, 1)
	l.mu.Lock()
	l.last++
	req.Batch = l.last
	l.waiting[req.Batch] = w
	l.mu.Unlock()
	l.sending.Lock()
	err := l.stream.Send(req)
	l.sending.Unlock()
	if err != nil {
		<-l.dead // Send says only EOF; the reader knows why
		return nil, err
	}
	select {
	case answer := <-w:
		return answer, nil
	case <-l.dead:
		return nil, l.err
	case <-ctx.Done():
		l.mu.Lock()
		delete(l.waiting, req.Batch)
		l.mu.Unlock()
		return nil, ctx.Err()
	}
}

// credits counts how many items may be sent.
type credits struct {
	mu   sync.Mutex
	n    int
	more chan struct{} // closed and replaced when n grows
}

func newCredits() *credits { return &credits{more: make(chan struct{})} }

func (c *credits) add(n int) {
	if n <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = min(c.n+n, pluginv1.MaxCredits)
	close(c.more)
	c.more = make(chan struct{})
}

// take takes at most n, at least one; it waits for the first.
func (c *credits) take(ctx context.Context, n int, dead <-chan struct{}) (int, error) {
	for {
		c.mu.Lock()
		got := min(n, c.n)
		c.n -= got
		more := c.more
		c.mu.Unlock()
		if got > 0 {
			return got, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-dead:
			return 0, errors.New("the stream to the host is closed")
		}
	}
}
