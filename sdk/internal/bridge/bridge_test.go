package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a channel whose behaviour the test gives.
type fake struct {
	send      func(context.Context, channel.SendRequest) (channel.SendResponse, error)
	receive   func(context.Context, channel.ReceiveRequest) (channel.ReceiveResponse, error)
	configure func(instance.Instance) error
	check     func(instance.Instance) (instance.Health, error)
	drained   chan struct{}
}

func (f *fake) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	return f.send(ctx, req)
}

func (f *fake) Receive(ctx context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	return f.receive(ctx, req)
}

func (f *fake) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	if f.configure == nil {
		return instance.ConfigureResponse{}, nil
	}
	return instance.ConfigureResponse{}, f.configure(req.Instance)
}

func (f *fake) CheckHealth(_ context.Context, req instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	if f.check == nil {
		return instance.CheckHealthResponse{}, nil
	}
	h, err := f.check(req.Instance)
	return instance.CheckHealthResponse{Health: h}, err
}

func (f *fake) Drain(context.Context, instance.DrainRequest) (instance.DrainResponse, error) {
	if f.drained != nil {
		close(f.drained)
	}
	return instance.DrainResponse{}, nil
}

// start runs the channel and returns it with the host's view of it.
func start(t *testing.T, f *fake) (*testhost.Plugin, *bridge.Host) {
	t.Helper()
	var host *bridge.Host
	p := testhost.InProcess(t, stamp.Stamp{ID: "a/b", Version: "1.0.0"}, func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
		host = s.Host
		return bridge.Abilities{Channel: f}, nil
	})
	if _, err := p.Service.Init(t.Context(), &pluginv1.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	configure(t, p, "inb_1", 1)
	return p, host
}

func configure(t *testing.T, p *testhost.Plugin, id string, revision uint64) *pluginv1.Result {
	t.Helper()
	answer, err := p.Service.Configure(t.Context(), &pluginv1.ConfigureRequest{Instances: []*pluginv1.Instance{
		{Id: id, Config: fmt.Appendf(nil, `{"n":%d}`, revision), ConfigRevision: revision},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetResults()[id]
}

func item(id, conversation string) *pluginv1.Outbound {
	return &pluginv1.Outbound{Id: id, InstanceId: "inb_1", ConversationId: conversation}
}

// stream opens a Deliver stream whose window is open.
func stream(t *testing.T, p *testhost.Plugin) pluginv1.ChannelService_DeliverClient {
	t.Helper()
	s, err := p.Channel.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Recv()
	if err != nil || first.GetCredits() != bridge.Window || len(first.GetItems()) > 0 {
		t.Fatalf("first response: %v %v", first, err)
	}
	return s
}

// receipts reads n receipts.
func receipts(t *testing.T, s pluginv1.ChannelService_DeliverClient, n int) (out []*pluginv1.Receipt) {
	t.Helper()
	for len(out) < n {
		response, err := s.Recv()
		if err != nil {
			t.Fatalf("after %d receipts: %v", len(out), err)
		}
		if int(response.GetCredits()) != len(response.GetItems()) {
			t.Errorf("%d credits for %d receipts", response.GetCredits(), len(response.GetItems()))
		}
		out = append(out, response.GetItems()...)
	}
	return out
}

func TestConversationsRunSideBySide(t *testing.T) {
	gate := make(chan struct{})
	var mu sync.Mutex
	var order []string
	p, _ := start(t, &fake{send: func(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
		if req.ConversationID == "slow" {
			<-gate
		}
		mu.Lock()
		defer mu.Unlock()
		order = append(order, req.DeliveryID)
		return channel.SendResponse{MessageID: "far-" + req.DeliveryID, Duplicate: req.Suspect}, nil
	}})
	s := stream(t, p)
	suspect := item("d", "quick")
	suspect.Suspect = true
	batch := []*pluginv1.Outbound{item("a", "slow"), item("b", "slow"), item("c", "quick"), suspect}
	if err := s.Send(&pluginv1.DeliverRequest{Items: batch}); err != nil {
		t.Fatal(err)
	}
	quick := receipts(t, s, 2) // while the slow one waits
	if quick[0].GetId() != "c" || quick[0].GetProviderMessageId() != "far-c" || quick[1].GetId() != "d" {
		t.Errorf("the quick conversation: %v", quick)
	}
	if quick[1].GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_DUPLICATE {
		t.Errorf("a duplicate: %v", quick[1].GetResult())
	}
	close(gate)
	slow := receipts(t, s, 2)
	if slow[0].GetId() != "a" || slow[1].GetId() != "b" {
		t.Errorf("the slow conversation: %v", slow)
	}
	if got := strings.Join(order, ""); got != "cdab" {
		t.Errorf("sent in the order %s", got)
	}
}

// After a retry nothing of the conversation overtakes.
func TestNothingOvertakesARetry(t *testing.T) {
	gate, began := make(chan struct{}), make(chan struct{})
	sent := 0
	p, _ := start(t, &fake{send: func(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
		sent++
		close(began)
		<-gate
		return channel.SendResponse{}, errs.RateLimited(3*time.Second, "slow down").WithCause(errors.New("429"))
	}})
	s := stream(t, p)
	if err := s.Send(&pluginv1.DeliverRequest{Items: []*pluginv1.Outbound{item("a", "c"), item("b", "c"), item("d", "c")}}); err != nil {
		t.Fatal(err)
	}
	<-began
	close(gate)
	got := receipts(t, s, 3)
	r := got[0].GetResult()
	if got[0].GetId() != "a" || r.GetOutcome() != pluginv1.Outcome_OUTCOME_RETRY || r.GetCode() != "rate_limited" || r.GetRetryAfter().AsDuration() != 3*time.Second {
		t.Errorf("the first: %v", got[0])
	}
	for _, later := range got[1:] {
		if later.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_RETRY || later.GetResult().GetCode() != "waits_for_earlier" {
			t.Errorf("one behind it: %v", later)
		}
	}
	if sent != 1 {
		t.Errorf("%d were sent", sent)
	}
}

func TestErrorsHaveASource(t *testing.T) {
	p, _ := start(t, &fake{send: func(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
		switch req.DeliveryID {
		case "far":
			return channel.SendResponse{}, fmt.Errorf("wrapped: %w", errs.Unavailable(errors.New("EOF"), "the far side hung up"))
		case "rejected":
			return channel.SendResponse{}, errs.Reject(errs.CodeWindowClosed, "24 hours are over")
		case "own":
			return channel.SendResponse{}, errors.New("index out of luck")
		default:
			panic("teapot")
		}
	}})
	s := stream(t, p)
	if err := s.Send(&pluginv1.DeliverRequest{Items: []*pluginv1.Outbound{item("far", "1"), item("rejected", "2"), item("own", "3"), item("panic", "4")}}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"far":      "OUTCOME_RETRY provider_unreachable the far side hung up",
		"rejected": "OUTCOME_REJECTED window_closed 24 hours are over",
		"own":      "OUTCOME_RETRY plugin_fault index out of luck",
		"panic":    "OUTCOME_RETRY plugin_fault panic: teapot",
	}
	for _, r := range receipts(t, s, 4) {
		if got := fmt.Sprint(r.GetResult().GetOutcome(), " ", r.GetResult().GetCode(), " ", r.GetResult().GetDetail()); got != want[r.GetId()] {
			t.Errorf("%s: %s, want %s", r.GetId(), got, want[r.GetId()])
		}
	}
}

func TestMoreThanTheCredits(t *testing.T) {
	block := make(chan struct{})
	p, _ := start(t, &fake{send: func(ctx context.Context, _ channel.SendRequest) (channel.SendResponse, error) {
		select {
		case <-block:
		case <-ctx.Done():
		}
		return channel.SendResponse{}, ctx.Err()
	}})
	defer close(block)
	s := stream(t, p)
	for i := range 3 {
		var batch []*pluginv1.Outbound
		for j := range 32 {
			batch = append(batch, item(fmt.Sprintf("%d-%d", i, j), fmt.Sprint(i, j)))
		}
		if err := s.Send(&pluginv1.DeliverRequest{Items: batch}); err != nil {
			break
		}
	}
	if _, err := s.Recv(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("96 items with 64 credits: %v", err)
	}
}

func TestDrainGivesUpInTime(t *testing.T) {
	began := make(chan struct{})
	release := make(chan struct{})
	f := &fake{drained: make(chan struct{}), send: func(context.Context, channel.SendRequest) (channel.SendResponse, error) {
		close(began)
		<-release
		return channel.SendResponse{}, nil
	}}
	p, _ := start(t, f)
	s := stream(t, p)
	if err := s.Send(&pluginv1.DeliverRequest{Items: []*pluginv1.Outbound{item("a", "1")}}); err != nil {
		t.Fatal(err)
	}
	<-began
	answer, err := p.Service.Drain(t.Context(), &pluginv1.DrainRequest{Within: durationpb.New(50 * time.Millisecond)})
	if err != nil || answer.GetUnfinished() != 1 {
		t.Errorf("drain: %v %v", answer, err)
	}
	select {
	case <-f.drained:
	default:
		t.Error("the author was not told")
	}
	close(release)
}

func TestRevisions(t *testing.T) {
	var seen []string
	refuse := false
	f := &fake{configure: func(i instance.Instance) error {
		var c struct{ N int }
		if err := i.Decode(&c); err != nil {
			return err
		}
		seen = append(seen, strconv.Itoa(c.N))
		if refuse {
			return errs.Unavailable(nil, "not now").WithCode(errs.CodeAuthExpired)
		}
		return nil
	}}
	p, host := start(t, f)
	configure(t, p, "inb_1", 3)
	configure(t, p, "inb_1", 2)
	configure(t, p, "inb_1", 3)
	if got := strings.Join(seen, " "); got != "1 3" {
		t.Errorf("configured with %s", got)
	}
	refuse = true
	if r := configure(t, p, "inb_1", 4); r.GetOutcome() != pluginv1.Outcome_OUTCOME_RETRY || r.GetCode() != "auth_expired" {
		t.Errorf("refused: %v", r)
	}
	health, err := p.Service.Health(t.Context(), &pluginv1.HealthRequest{})
	if err != nil || health.GetInstances()["inb_1"].GetState() != pluginv1.HealthState_HEALTH_STATE_DOWN {
		t.Errorf("health after a refusal: %v %v", health, err)
	}
	refuse = false
	configure(t, p, "inb_1", 4) // what failed is tried again
	if got := strings.Join(seen, " "); got != "1 3 4 4" {
		t.Errorf("configured with %s", got)
	}
	if all := host.Instances(); len(all) != 1 || all[0].Revision != 4 {
		t.Errorf("instances: %+v", all)
	}
	if _, err := p.Service.RemoveInstance(t.Context(), &pluginv1.RemoveInstanceRequest{InstanceId: "inb_1"}); err != nil {
		t.Fatal(err)
	}
	if all := host.Instances(); len(all) != 0 {
		t.Errorf("instances after the removal: %+v", all)
	}
	configure(t, p, "inb_1", 1) // connected anew: revisions start over
	if all := host.Instances(); len(all) != 1 || all[0].Revision != 1 {
		t.Errorf("instances after connecting anew: %+v", all)
	}
}

func TestHealth(t *testing.T) {
	f := &fake{check: func(i instance.Instance) (instance.Health, error) {
		switch i.ID {
		case "inb_1":
			return instance.Health{State: instance.Degraded, Code: "slow", Detail: "2 s"}, nil
		case "inb_2":
			return instance.Health{}, errs.Unavailable(nil, "no route")
		default:
			panic("teapot")
		}
	}}
	p, _ := start(t, f)
	configure(t, p, "inb_2", 1)
	configure(t, p, "inb_3", 1)
	health, err := p.Service.Health(t.Context(), &pluginv1.HealthRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"inb_1": "HEALTH_STATE_DEGRADED slow 2 s", "inb_2": "HEALTH_STATE_DOWN provider_unreachable no route",
		"inb_3": "HEALTH_STATE_DOWN plugin_fault panic: teapot",
	} {
		h := health.GetInstances()[id]
		if got := fmt.Sprint(h.GetState(), " ", h.GetCode(), " ", h.GetDetail()); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func inbound(id string) channel.Inbound {
	return channel.Inbound{Instance: "inb_1", ExternalID: id, Sender: channel.Person{ID: "alice"}, Content: message.Text(id)}
}

func TestIngest(t *testing.T) {
	p, host := start(t, &fake{})
	var many []channel.Inbound
	for i := range 1000 { // far more than the credits
		many = append(many, inbound(strconv.Itoa(i)))
	}
	if err := host.Ingest(t.Context(), many...); err != nil {
		t.Fatal(err)
	}
	if err := host.Ingest(t.Context(), many[:10]...); err != nil {
		t.Fatalf("what is there already: %v", err)
	}
	came := p.Host.Ingested()
	if len(came) != 1000 || came[999].GetExternalId() != "999" {
		t.Errorf("%d came in", len(came))
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := host.Ingest(t.Context(), inbound(fmt.Sprintf("x%d", i)), inbound(fmt.Sprintf("y%d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(p.Host.Ingested()); n != 1100 {
		t.Errorf("%d came in, want 1100", n)
	}
	if broken := p.Host.Broken(); len(broken) > 0 {
		t.Errorf("broken: %q", broken)
	}
	if err := host.ReportHealth(t.Context(), "inb_1", instance.Health{State: instance.Down, Code: "x"}); err != nil || len(p.Host.Reported()) != 1 {
		t.Errorf("report: %v", err)
	}
}

func TestIngestAnswers(t *testing.T) {
	p, host := start(t, &fake{})
	p.Host.Answer(func(m *pluginv1.Inbound) *pluginv1.Result {
		switch m.GetExternalId() {
		case "bad":
			return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Code: "too_long", Detail: "too long"}
		case "later":
			return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: "host_unavailable", Detail: "not now"}
		case "odd":
			return &pluginv1.Result{Outcome: 99}
		}
		return nil
	})
	err := host.Ingest(t.Context(), inbound("1"), inbound("bad"), inbound("2"))
	if e := errs.As(err); e == nil || e.Source != errs.Rejected || e.Code != "too_long" || !strings.Contains(e.Detail, `"bad"`) {
		t.Errorf("a message that is refused: %v", err)
	}
	if n := len(p.Host.Ingested()); n != 2 {
		t.Errorf("%d of the others came in", n)
	}
	for _, id := range []string{"later", "odd"} {
		if err := host.Ingest(t.Context(), inbound(id)); errs.As(err) == nil || errs.As(err).Source != errs.FarSide {
			t.Errorf("%s: %v", id, err)
		}
	}
	p.Leave()
	<-p.Gone
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := host.Ingest(ctx, inbound("3")); errs.As(err) == nil || errs.As(err).Source != errs.FarSide {
		t.Errorf("without a host: %v", err)
	}
}

func TestBeforeInit(t *testing.T) {
	p := testhost.InProcess(t, stamp.Stamp{ID: "a/b", Version: "1.0.0"}, func(context.Context, bridge.Start) (bridge.Abilities, error) {
		return bridge.Abilities{}, errors.New("no teapot")
	})
	if _, err := p.Service.Configure(t.Context(), &pluginv1.ConfigureRequest{}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("Configure before Init: %v", err)
	}
	if _, err := p.Service.Init(t.Context(), &pluginv1.InitRequest{}); err == nil || !strings.Contains(err.Error(), "no teapot") {
		t.Errorf("Init: %v", err)
	}
	if _, err := p.Channel.HandleWebhook(t.Context(), &pluginv1.HandleWebhookRequest{}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("HandleWebhook after a failed Init: %v", err)
	}
}

// TestRefusalInOwnWords: what a channel refuses it may answer itself; with
// anything but a 4xx it is answered for.
func TestRefusalInOwnWords(t *testing.T) {
	for own, want := range map[int]uint32{0: 400, 403: 403, 422: 422, 200: 400, 500: 400} {
		p, _ := start(t, &fake{receive: func(context.Context, channel.ReceiveRequest) (channel.ReceiveResponse, error) {
			return channel.ReceiveResponse{Status: own, Body: []byte("mine"), Messages: []channel.Inbound{{ExternalID: "x"}}}, errs.Reject("mine", "theirs")
		}})
		answer, err := p.Channel.HandleWebhook(t.Context(), &pluginv1.HandleWebhookRequest{InstanceId: "inb_1"})
		if err != nil || answer.GetStatus() != want || (string(answer.GetBody()) == "mine") != (int(want) == own) {
			t.Errorf("%d is answered with %v %v", own, answer, err)
		}
		if answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_REJECTED || len(answer.GetInbound()) > 0 {
			t.Errorf("%d: %v", own, answer)
		}
	}
}
