package pluginhost

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// scheduleDesk serves HostScheduleService.
type scheduleDesk struct {
	pluginv1.UnimplementedHostScheduleServiceServer
	*desk
}

// Schedule sets a schedule.
func (d *scheduleDesk) Schedule(ctx context.Context, req *pluginv1.ScheduleRequest) (*pluginv1.ScheduleResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	want := extension.Schedule{
		Plugin: extension.PluginID(d.id), Key: req.GetKey(), Every: req.GetEvery().AsDuration(), Payload: req.GetPayload(),
	}
	if req.GetAt() != nil {
		want.At = req.GetAt().AsTime()
	}
	if req.GetEvery() != nil && want.Every == 0 {
		want.Every = -1 // not at all, and not once
	}
	if err := d.ports.Desks.Scheduler.Put(ctx, o, want); err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.ScheduleResponse{}, nil
}

// CancelSchedule removes a schedule.
func (d *scheduleDesk) CancelSchedule(ctx context.Context, req *pluginv1.CancelScheduleRequest) (*pluginv1.CancelScheduleResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	found, err := d.ports.Desks.Scheduler.Cancel(ctx, o, req.GetKey())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.CancelScheduleResponse{Cancelled: found}, nil
}

// Runners implements extension.Scheduled.
func (h *Host) Runners() []extension.PluginID {
	var out []extension.PluginID
	for _, s := range h.order {
		if session := s.session.Load(); session != nil && session.ready.Load() {
			out = append(out, extension.PluginID(s.id))
		}
	}
	return out
}

// RunScheduled implements extension.Scheduled. A run of an instance that is not
// in use, or that may not have schedules any more, waits.
func (h *Host) RunScheduled(ctx context.Context, r extension.Run) (extension.RunOutcome, error) {
	const later = time.Hour
	s, ok := h.byID[channel.PluginID(r.Plugin)]
	ports := h.ports.Load()
	if !ok || ports == nil {
		return extension.RunOutcome{}, errs.Absent()
	}
	session := s.session.Load()
	if session == nil || !session.ready.Load() {
		return extension.RunOutcome{}, errs.New(errs.Unavailable, "plugin.not_running", "The plugin is not running.")
	}
	i, err := s.look(ctx, *ports, r.Instance)
	if errs.Is(err, errs.NotFound) || err == nil && !i.May("schedule") {
		return extension.RunOutcome{Pause: later}, nil
	}
	if err != nil {
		return extension.RunOutcome{}, err
	}
	answer, err := session.plugin.RunScheduled(ctx, &pluginv1.RunScheduledRequest{
		InstanceId: r.Instance, Key: r.Key, Payload: r.Payload, RunId: r.ID,
	})
	if status.Code(err) == codes.Unimplemented {
		return extension.RunOutcome{Done: true}, errs.Wrap(err, errs.Conflict, "plugin.not_scheduled", "The plugin asked to be called and has no method for it.")
	}
	if err != nil {
		return extension.RunOutcome{}, err
	}
	result := answer.GetResult()
	switch result.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED, pluginv1.Outcome_OUTCOME_DUPLICATE:
		return extension.RunOutcome{Done: true}, nil
	case pluginv1.Outcome_OUTCOME_REJECTED:
		s.log.WarnContext(ctx, "a plugin refused scheduled work for good", "instance", r.Instance, "key", r.Key,
			"code", cut(valid(result.GetCode()), maxCode), "detail", cut(valid(result.GetDetail()), maxDetail))
		return extension.RunOutcome{Done: true}, nil
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED, pluginv1.Outcome_OUTCOME_UNKNOWN:
	}
	return extension.RunOutcome{Pause: min(result.GetRetryAfter().AsDuration(), 24*time.Hour)}, nil
}
