package bridge

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// unary is a method of a generated client without its options.
func unary[Req, Res any](call func(context.Context, Req, ...grpc.CallOption) (Res, error)) func(context.Context, Req) (Res, error) {
	return func(ctx context.Context, req Req) (Res, error) { return call(ctx, req) }
}

type schedule struct {
	client pluginv1.HostScheduleServiceClient
	id     string
}

// Set implements host.Schedule.
func (s *schedule) Set(ctx context.Context, req host.ScheduleRequest) error {
	wire := &pluginv1.ScheduleRequest{InstanceId: s.id, Key: req.Key, Every: span(req.Every), Payload: req.Payload}
	if !req.At.IsZero() {
		wire.At = timestamppb.New(req.At)
	}
	_, err := ask(ctx, pluginv1.HostScheduleService_Schedule_FullMethodName, unary(s.client.Schedule), wire)
	return err
}

// Cancel implements host.Schedule.
func (s *schedule) Cancel(ctx context.Context, key string) (bool, error) {
	answer, err := ask(ctx, pluginv1.HostScheduleService_CancelSchedule_FullMethodName, unary(s.client.CancelSchedule),
		&pluginv1.CancelScheduleRequest{InstanceId: s.id, Key: key})
	return answer.GetCancelled(), err
}

type leases struct {
	client pluginv1.HostLeaseServiceClient
	id     string
}

// Acquire implements host.Leases.
func (l *leases) Acquire(ctx context.Context, name string, ttl time.Duration) (host.Lease, error) {
	answer, err := ask(ctx, pluginv1.HostLeaseService_AcquireLease_FullMethodName, unary(l.client.AcquireLease),
		&pluginv1.AcquireLeaseRequest{InstanceId: l.id, Name: name, Ttl: durationpb.New(ttl)})
	return host.Lease{Acquired: answer.GetAcquired(), Fencing: answer.GetFencingToken(), Until: timeOf(answer.GetUntil())}, err
}

// Release implements host.Leases.
func (l *leases) Release(ctx context.Context, name string) error {
	_, err := ask(ctx, pluginv1.HostLeaseService_ReleaseLease_FullMethodName, unary(l.client.ReleaseLease),
		&pluginv1.ReleaseLeaseRequest{InstanceId: l.id, Name: name})
	return err
}

type database struct {
	client pluginv1.HostDatabaseServiceClient
	id     string
}

// Open implements host.Database.
func (d *database) Open(ctx context.Context) (host.DatabaseSource, error) {
	answer, err := ask(ctx, pluginv1.HostDatabaseService_OpenDatabase_FullMethodName, unary(d.client.OpenDatabase),
		&pluginv1.OpenDatabaseRequest{InstanceId: d.id})
	return host.DatabaseSource{Driver: answer.GetDriver(), Source: answer.GetSource()}, err
}

type tokens struct {
	client pluginv1.HostSecretServiceClient
	id     string
}

// Access implements host.Tokens.
func (t *tokens) Access(ctx context.Context, pointer, refused string) (host.Token, error) {
	const method = pluginv1.HostSecretService_GetAccessToken_FullMethodName
	ctx, cancel := context.WithTimeout(ctx, budgetOf(method))
	defer cancel()
	answer, err := t.client.GetAccessToken(ctx, &pluginv1.GetAccessTokenRequest{InstanceId: t.id, Pointer: pointer, Refused: refused})
	if status.Code(err) == codes.FailedPrecondition {
		return host.Token{}, errs.Unavailable(err, "An administrator must sign in again.").WithCode(errs.CodeAuthExpired)
	}
	return host.Token{Value: answer.GetAccessToken(), ExpiresAt: timeOf(answer.GetExpiresAt())}, hostError(err)
}

type tools struct {
	client pluginv1.HostToolServiceClient
	id     string
}

// List implements host.Tools.
func (t *tools) List(ctx context.Context, locale string) ([]host.Tool, error) {
	answer, err := ask(ctx, pluginv1.HostToolService_ListTools_FullMethodName, unary(t.client.ListTools),
		&pluginv1.ListToolsRequest{InstanceId: t.id, Locale: locale})
	var out []host.Tool
	for _, w := range answer.GetTools() {
		out = append(out, host.Tool{
			Name: w.GetName(), Title: w.GetTitle(), Description: w.GetDescription(), ArgsSchema: w.GetArgsSchema(), OutputSchema: w.GetOutputSchema(),
			Writes: w.GetWrites(), NeedsApproval: w.GetNeedsApproval(),
		})
	}
	return out, err
}

// Call implements host.Tools.
func (t *tools) Call(ctx context.Context, req host.CallRequest) ([]byte, error) {
	answer, err := ask(ctx, pluginv1.HostToolService_CallTool_FullMethodName, unary(t.client.CallTool), &pluginv1.CallToolRequest{
		InstanceId: t.id, IdempotencyKey: req.Key, Tool: req.Tool, Args: req.Args, ConversationId: req.Conversation,
	})
	if err != nil {
		return nil, err
	}
	failed := ErrorOf(answer.GetResult())
	return answer.GetOutput(), failed
}

type metrics struct {
	client pluginv1.HostRuntimeServiceClient
	id     string
}

// Record implements host.Metrics.
func (m *metrics) Record(ctx context.Context, figures ...host.Figure) error {
	req := &pluginv1.RecordMetricsRequest{InstanceId: m.id}
	for _, f := range figures {
		s := &pluginv1.Sample{Name: f.Name, Value: f.Value, Labels: f.Labels}
		switch f.Kind {
		case host.Counter:
			s.Kind = pluginv1.Sample_KIND_COUNTER
		case host.Gauge:
			s.Kind = pluginv1.Sample_KIND_GAUGE
		case host.Duration:
			s.Kind = pluginv1.Sample_KIND_DURATION
		}
		req.Samples = append(req.Samples, s)
	}
	_, err := ask(ctx, pluginv1.HostRuntimeService_RecordMetrics_FullMethodName, unary(m.client.RecordMetrics), req)
	return err
}
