package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// together bounds how many instances are configured or checked at once.
const together = 8

// pluginService is what every plugin serves.
type pluginService struct {
	pluginv1.UnimplementedPluginServiceServer
	*Server
}

// Init dials the host, makes the author's values and answers who we are.
func (s *pluginService) Init(ctx context.Context, req *pluginv1.InitRequest) (*pluginv1.InitResponse, error) {
	select {
	case <-s.initOnce:
	default:
		return nil, status.Error(codes.FailedPrecondition, "Init was called before")
	}
	s.config.setLevel(req.GetLogLevel())
	conn, err := s.config.Dial(req.GetHostBrokerId())
	if err != nil {
		return nil, status.Error(codes.Unavailable, "cannot reach the host: "+err.Error())
	}
	s.host = newHost(conn, s.instances)
	if err := s.host.watch(ctx, s.config.HostGone); err != nil {
		return nil, status.Error(codes.Unavailable, "cannot reach the host: "+err.Error())
	}
	made, err := s.config.New(ctx, Start{DataDir: req.GetDataDir(), CoreVersion: req.GetCoreVersion(), Host: s.host})
	if err != nil {
		return nil, err
	}
	s.abilities.Store(&made)
	close(s.started)
	return &pluginv1.InitResponse{
		PluginId: s.config.Stamp.ID, Version: s.config.Stamp.Version, Abilities: made.names(),
	}, nil
}

// setLevel lets nothing less than a level into the log. A word that is none, of
// a host that is newer than this, changes nothing.
func (c Config) setLevel(word string) {
	var level slog.Level
	if c.Level != nil && word != "" && level.UnmarshalText([]byte(word)) == nil {
		c.Level.Set(level)
	}
}

// ValidateConfig asks every ability that can judge.
func (s *pluginService) ValidateConfig(ctx context.Context, req *pluginv1.ValidateConfigRequest) (*pluginv1.ValidateConfigResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	out := &pluginv1.ValidateConfigResponse{}
	for _, v := range s.can().values() {
		judge, ok := v.(instance.ConfigValidator)
		if !ok {
			continue
		}
		answer, err := judge.ValidateConfig(ctx, instance.ValidateConfigRequest{
			Config: req.GetConfig(), Secrets: req.GetSecrets(), Probe: req.GetProbe(), Locale: req.GetLocale(),
		})
		if err != nil {
			return nil, err
		}
		for _, p := range answer.Problems {
			out.Problems = append(out.Problems, &pluginv1.ValidateConfigResponse_Problem{Pointer: p.Pointer, Message: p.Message})
		}
	}
	return out, nil
}

// Configure adds or changes instances, several at a time.
func (s *pluginService) Configure(ctx context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	out := &pluginv1.ConfigureResponse{Results: make(map[string]*pluginv1.Result, len(req.GetInstances()))}
	var mu sync.Mutex
	eachOf(req.GetInstances(), func(i *pluginv1.Instance) {
		result := resultOf(s.configure(ctx, instanceOf(i)))
		mu.Lock()
		defer mu.Unlock()
		out.Results[i.GetId()] = result
	})
	return out, nil
}

func (s *pluginService) configure(ctx context.Context, in instance.Instance) error {
	e := s.instances.entry(in.ID)
	e.change.Lock()
	defer e.change.Unlock()
	if old, known, failed := e.read(); known && in.Revision <= old.Revision && failed == nil {
		return nil
	}
	var failed error
	for _, v := range s.can().values() {
		if c, ok := v.(instance.Configurer); ok && failed == nil {
			failed = guard(ctx, s.config.Log, "Configure", func() error {
				_, err := c.Configure(ctx, instance.ConfigureRequest{Instance: in})
				return err
			})
		}
	}
	e.write(in, true, failed)
	return failed
}

// RemoveInstance forgets an instance.
func (s *pluginService) RemoveInstance(ctx context.Context, req *pluginv1.RemoveInstanceRequest) (*pluginv1.RemoveInstanceResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	e := s.instances.entry(req.GetInstanceId())
	e.change.Lock()
	defer e.change.Unlock()
	old, known, _ := e.read()
	if !known {
		return &pluginv1.RemoveInstanceResponse{}, nil
	}
	e.write(instance.Instance{}, false, nil)
	for _, v := range s.can().values() {
		if r, ok := v.(instance.Remover); ok {
			if _, err := r.RemoveInstance(ctx, instance.RemoveInstanceRequest{Instance: old}); err != nil {
				return nil, err
			}
		}
	}
	return &pluginv1.RemoveInstanceResponse{}, nil
}

// Health asks every ability that can check about every instance.
func (s *pluginService) Health(ctx context.Context, _ *pluginv1.HealthRequest) (*pluginv1.HealthResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	all := s.instances.all()
	out := &pluginv1.HealthResponse{Instances: make(map[string]*pluginv1.InstanceHealth, len(all))}
	var mu sync.Mutex
	eachOf(all, func(in instance.Instance) {
		h := s.check(ctx, in)
		mu.Lock()
		defer mu.Unlock()
		out.Instances[in.ID] = healthTo(h)
	})
	return out, nil
}

func (s *pluginService) check(ctx context.Context, in instance.Instance) instance.Health {
	if _, _, failed := s.instances.entry(in.ID).read(); failed != nil {
		return downFor(failed)
	}
	worst := instance.Health{}
	for _, v := range s.can().values() {
		c, ok := v.(instance.Checker)
		if !ok {
			continue
		}
		var h instance.Health
		err := guard(ctx, s.config.Log, "CheckHealth", func() error {
			answer, err := c.CheckHealth(ctx, instance.CheckHealthRequest{Instance: in})
			h = answer.Health
			return err
		})
		if err != nil {
			h = downFor(err)
		}
		if badness(h.State) > badness(worst.State) {
			worst = h
		}
	}
	return worst
}

// badness orders states.
func badness(s instance.State) int {
	switch s {
	case instance.Unknown:
		return 1
	case instance.Degraded:
		return 2
	case instance.Down:
		return 3
	case instance.OK:
	}
	return 0
}

// RunScheduled does work that is due.
func (s *pluginService) RunScheduled(ctx context.Context, req *pluginv1.RunScheduledRequest) (*pluginv1.RunScheduledResponse, error) {
	worker, can := firstOf[instance.Scheduled](s.can())
	in, err := s.enter(req.GetInstanceId(), can)
	if err == nil {
		defer s.leave()
		err = guard(ctx, s.config.Log, "RunScheduled", func() error {
			_, failed := worker.RunScheduled(ctx, instance.RunScheduledRequest{
				Instance: in, Key: req.GetKey(), Payload: req.GetPayload(), RunID: req.GetRunId(),
			})
			return failed
		})
	}
	result, err := answered(err)
	return &pluginv1.RunScheduledResponse{Result: result}, err
}

// MigrateState asks every ability that can, one after the other.
func (s *pluginService) MigrateState(ctx context.Context, req *pluginv1.MigrateStateRequest) (*pluginv1.MigrateStateResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	for _, v := range s.can().values() {
		if m, ok := v.(instance.Migrator); ok {
			if _, err := m.MigrateState(ctx, instance.MigrateStateRequest{FromVersion: req.GetFromVersion()}); err != nil {
				return nil, err
			}
		}
	}
	return &pluginv1.MigrateStateResponse{}, nil
}

// Drain lets everything in flight finish.
func (s *pluginService) Drain(ctx context.Context, req *pluginv1.DrainRequest) (*pluginv1.DrainResponse, error) {
	return &pluginv1.DrainResponse{Unfinished: uint32(s.Server.Drain(ctx, req.GetWithin().AsDuration(), req.GetReason()))}, nil //nolint:gosec // what is in flight
}

// Drain takes no more work, lets what is in flight finish, then tells the
// author; it returns how many items were given up after within.
func (s *Server) Drain(ctx context.Context, within time.Duration, reason string) int {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	s.drain.begin()
	unfinished := s.drain.wait(ctx)
	if !s.ready() {
		return unfinished
	}
	for _, v := range s.can().values() {
		d, ok := v.(instance.Drainer)
		if !ok {
			continue
		}
		err := guard(ctx, s.config.Log, "Drain", func() error {
			_, err := d.Drain(ctx, instance.DrainRequest{Reason: reason})
			return err
		})
		if err != nil {
			s.config.Log.WarnContext(ctx, "the plugin could not shut down cleanly", "error", err)
		}
	}
	return unfinished
}

// eachOf calls fn for every item, together at a time, and waits for all.
func eachOf[T any](items []T, fn func(T)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, together)
	for _, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			fn(item)
		})
	}
	wg.Wait()
}
