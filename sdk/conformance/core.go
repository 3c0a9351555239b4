package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// window is how many messages the kit's core takes at once.
const window = 64

// core is the host's side of the wire: the strict fakes of all services, with
// the kit between them and the plugin. It outlives the processes of a run, as a
// database would.
//
// Concurrency: safe for concurrent use.
type core struct {
	*ledger // what came by Ingest, which is the far side of some plugins
	host    *testhost.Host
	asked   manifest.Manifest

	mu       sync.Mutex
	messages []*pluginv1.Inbound // each once
	known    map[string]bool     // instance and external id
	brought  int                 // messages, with those that came again
	broken   []string
	absent   bool              // methods of this year do not exist
	pace     time.Duration     // between two answers of Ingest; 0 = none
	pacing   sync.Mutex        // held while one answer waits for its turn
	bend     func(message any) // changes what the core says; nil = nothing
}

func newCore(m manifest.Manifest) *core {
	return &core{ledger: newLedger(), host: testhost.New(testhost.Options{Manifest: m}), asked: m, known: make(map[string]bool)}
}

// options are those of the server that plugins reach.
func (c *core) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(c.unary), grpc.ChainStreamInterceptor(c.stream),
		grpc.MaxRecvMsgSize(pluginv1.MaxMessage), grpc.MaxSendMsgSize(pluginv1.MaxMessage),
	}
}

func (c *core) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if err := c.has(info.FullMethod); err != nil {
		return nil, err
	}
	answer, err := handle(ctx, req)
	if err == nil {
		c.bent(answer)
	}
	return answer, err
}

// has refuses what this host does not have.
func (c *core) has(method string) error {
	c.mu.Lock()
	absent := c.absent
	c.mu.Unlock()
	if _, ours := pluginv1.MethodOf(method); ours && absent {
		return status.Error(codes.Unimplemented, "this host does not have "+method)
	}
	return nil
}

func (c *core) bent(message any) {
	c.mu.Lock()
	bend := c.bend
	c.mu.Unlock()
	if bend != nil {
		bend(message)
	}
}

// set changes how the core behaves.
func (c *core) set(change func(*core)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *core) breach(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = append(c.broken, what)
}

// overreach returns the first call that the plugin made without asking for it in
// its manifest; nil = none.
func (c *core) overreach() error {
	for _, call := range c.host.Calls() {
		if status.Code(call.Err) == codes.PermissionDenied && c.unasked(call.Method) {
			return fmt.Errorf("it calls %s, for which its manifest does not ask", call.Method)
		}
	}
	return nil
}

// breaches returns the first rule of the protocol that the plugin broke towards
// the core; nil = none.
func (c *core) breaches() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := append(c.host.Broken(), c.broken...); len(all) > 0 {
		return fmt.Errorf("%s (%d times in all)", all[0], len(all))
	}
	return nil
}

// unasked reports whether the manifest does not ask for a method, by its name
// without the service.
func (c *core) unasked(name string) bool {
	for _, service := range pluginv1.HostServices() {
		if m := service.Methods().ByName(protoreflect.Name(name)); m != nil {
			return !c.asked.Asks(pluginv1.OptionsOf(m).Scope)
		}
	}
	return false
}

// callsOf counts the calls about an instance.
func (c *core) callsOf(instance string) int {
	n := 0
	for _, call := range c.host.Calls() {
		if call.Instance == instance {
			n++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return n + c.brought
}

// callsTo counts the calls of a method, by its name without the service.
func (c *core) callsTo(method string) int {
	n := 0
	for _, call := range c.host.Calls() {
		if call.Method == method {
			n++
		}
	}
	return n
}

// ingested returns the messages, each once.
func (c *core) ingested() []*pluginv1.Inbound {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*pluginv1.Inbound(nil), c.messages...)
}

func (c *core) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if info.FullMethod != pluginv1.HostInboundService_Ingest_FullMethodName {
		if err := c.has(info.FullMethod); err != nil {
			return err
		}
		return handle(srv, s)
	}
	return c.ingest(&grpc.GenericServerStream[pluginv1.IngestRequest, pluginv1.IngestResponse]{ServerStream: s})
}

// ingest is HostInboundService.Ingest, with books.
func (c *core) ingest(stream pluginv1.HostInboundService_IngestServer) error {
	in := &intake{core: c, stream: stream, room: window}
	var answering sync.WaitGroup
	defer answering.Wait()
	if err := in.send(&pluginv1.IngestResponse{Credits: window}); err != nil {
		return err
	}
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := in.check(req); err != nil {
			return err
		}
		answering.Go(func() { in.answer(req) })
	}
}

// intake is one Ingest stream.
type intake struct {
	*core
	stream  pluginv1.HostInboundService_IngestServer
	sending sync.Mutex
	mu      sync.Mutex
	room    int // credits that were given and not used
}

func (in *intake) send(answer *pluginv1.IngestResponse) error {
	in.sending.Lock()
	defer in.sending.Unlock()
	return in.stream.Send(answer)
}

func (in *intake) check(req *pluginv1.IngestRequest) error {
	n := len(req.GetItems())
	if n < 1 || n > pluginv1.MaxBatch {
		in.breach(fmt.Sprintf("it brings a batch of %d items; 1 to %d are allowed", n, pluginv1.MaxBatch))
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.room -= n
	if in.room < 0 {
		in.breach("it brings more messages than it has credits for")
		return status.Error(codes.ResourceExhausted, "more items than credits")
	}
	return nil
}

// answer answers a batch as the manner of the day is.
func (in *intake) answer(req *pluginv1.IngestRequest) {
	how, turn := in.manner()
	ctx := in.stream.Context()
	in.wait(ctx, how)
	if how.Hang {
		select {
		case <-turn:
			how, _ = in.manner()
		case <-ctx.Done():
			return // the plugin's own deadline ended it
		}
	}
	out := &pluginv1.IngestResponse{Batch: req.GetBatch(), Credits: uint32(len(req.GetItems()))}
	for _, item := range req.GetItems() {
		out.Results = append(out.Results, in.take(item, how))
	}
	in.mu.Lock()
	in.room += len(req.GetItems())
	in.mu.Unlock()
	in.bent(out)
	_ = in.send(out) // a stream that broke says so to its reader
}

// wait is the delay of a manner, and the pace of a slow host.
func (in *intake) wait(ctx context.Context, how manner) {
	pace := in.slowness()
	if pace > 0 {
		in.pacing.Lock()
		defer in.pacing.Unlock()
	}
	if d := how.Delay + pace; d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// slowness is the pause between two answers.
func (c *core) slowness() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pace
}

// take is what becomes of one message.
func (c *core) take(item *pluginv1.Inbound, how manner) *pluginv1.Result {
	switch {
	case how.Garbage:
		return &pluginv1.Result{Outcome: unknownEnum, Code: "from_the_future"}
	case how.Status == http.StatusTooManyRequests:
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: "rate_limited", Detail: "too many", RetryAfter: durationpb.New(how.RetryAfter)}
	case how.Status != 0 || how.Cut:
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: "unavailable", Detail: "the database is away"}
	}
	key := item.GetInstanceId() + "\x00" + item.GetExternalId()
	c.mu.Lock()
	c.brought++
	again := c.known[key]
	if !again {
		c.known[key] = true
		c.messages = append(c.messages, item)
	}
	c.mu.Unlock()
	c.note(farside.Arrival{Text: item.GetContent().GetText(), Duplicate: again})
	if again {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_DUPLICATE}
	}
	return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}
}

// unknownEnum is a value that no enum of the protocol has.
const unknownEnum = 99

// enrol makes an instance known to the host.
func (c *core) enrol(in *pluginv1.Instance) { c.host.AddInstance(in) }

// seed puts what tasks are about into the workspace: each lane is a conversation
// of a customer of its own, and what they say stands in it.
func (c *core) seed(instance string, inbox bool, tasks []task) {
	in, known := "", []string(nil)
	if inbox {
		in, known = instance, []string{instance}
	}
	seen := make(map[string]bool)
	for _, t := range tasks {
		if !seen[t.lane] && c.host.Contact(customerOf(t.lane)) == nil {
			c.host.AddContact(&pluginv1.Contact{
				Id: customerOf(t.lane), Name: "Kim " + t.lane, Emails: []string{t.lane + "@customer.example"}, Locale: "en",
			}, known...)
			c.host.AddConversation(&pluginv1.Conversation{Id: t.lane, InboxId: in, ContactId: customerOf(t.lane)})
			c.host.AddMessage(t.lane, said(task{lane: t.lane, text: "Hello, is anybody there?"}))
		}
		seen[t.lane] = true
	}
}

// customerOf is the contact whose conversation a lane is.
func customerOf(lane string) string { return "con_" + lane }

// refuseOptional refuses what the manifest marks as optional.
func (c *core) refuseOptional() {
	for _, p := range c.asked.Permissions {
		if p.Optional {
			c.host.Revoke(p.Scope)
		}
	}
}
