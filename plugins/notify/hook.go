package main

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/phrase"
	"github.com/patchbay-im/patchbay/plugins/notify/queue"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// planned returns what the settings of a connection come to, or what is wrong
// with them.
func (p *plugin) planned(in instance.Instance) (plan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.plans[in.ID]; ok && found.revision == in.Revision {
		return found, nil
	}
	s := defaults()
	if err := in.Decode(&s); err != nil {
		return plan{}, err
	}
	out := plan{revision: in.Revision, language: s.language(in.Locale)}
	out.options = phrase.Options{Texts: s.Texts, Handles: s.handles}
	rules, problems := s.rules(in.TimeZone, out.language.Faults)
	problems = append(problems, s.check(out.language.Faults)...)
	if s.Target == kindMail && s.MailToMembers {
		out.together = sameAddress
		if !in.Allows("members:read.pii") {
			problems = append(problems, instance.Problem{Pointer: "/mail_to_members", Message: out.language.Faults.Scope})
		}
	}
	if len(problems) > 0 {
		return plan{}, errs.Reject("config_invalid", problems[0].Message)
	}
	to, err := p.open(in, s, out.language.Chinese)
	if err != nil {
		return plan{}, err
	}
	out.rules, out.target = rules, to
	p.plans[in.ID] = out
	return out, nil
}

// ValidateConfig implements instance.ConfigValidator. With Probe, when somebody
// presses Test, a robot is sent a test message, as it answers nothing else; a mail
// server is only asked.
func (p *plugin) ValidateConfig(ctx context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	s := defaults()
	if err := req.Decode(&s); err != nil {
		return instance.ValidateConfigResponse{}, errs.Reject(errs.CodeBadRequest, "These are no settings.").WithCause(err)
	}
	t := phrase.For(req.Locale)
	_, problems := s.rules("", t.Faults)
	problems = append(problems, s.check(t.Faults)...)
	if len(problems) == 0 && req.Probe {
		problems = p.probe(ctx, req, s, t)
	}
	return instance.ValidateConfigResponse{Problems: problems}, nil
}

// probe tries settings that are not in use yet.
func (p *plugin) probe(ctx context.Context, req instance.ValidateConfigRequest, s settings, t phrase.Language) []instance.Problem {
	said := s.language(req.Locale)
	to, err := p.open(instance.Instance{Config: req.Config, Secrets: req.Secrets}, s, said.Chinese)
	if err != nil {
		return []instance.Problem{{Pointer: "/target", Message: errs.As(err).Detail}}
	}
	if quiet, ok := to.(target.Prober); ok {
		err = quiet.Probe(ctx)
	} else {
		err = to.Send(ctx, said.Test(""))
	}
	f := target.FailureOf(err)
	if f == nil {
		return nil
	}
	return []instance.Problem{{Pointer: fieldOf(s.Target, f.Code), Message: t.Problem(f.Code)}}
}

// fieldOf is the field that a failure is about.
func fieldOf(kind, code string) string {
	switch {
	case code == target.CodeSignature:
		return "/secret"
	case code == target.CodeSignIn:
		return "/mail_password"
	case code == target.CodeSender:
		return "/mail_from"
	case code == target.CodeRecipient:
		return "/mail_to"
	case code == target.CodeTLS:
		return "/mail_security"
	case kind == kindMail:
		return "/mail_server"
	}
	return "/webhook"
}

// The schedule by which what waits is sent.
const (
	scheduleKey   = "send"
	scheduleEvery = 20 * time.Second
)

// Configure implements instance.Configurer.
func (p *plugin) Configure(ctx context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) { //nolint:unparam // as the interface has it
	if _, err := p.planned(req.Instance); err != nil {
		return instance.ConfigureResponse{}, err
	}
	err := p.host(req.Instance.ID).Schedule.Set(ctx, host.ScheduleRequest{Key: scheduleKey, Every: scheduleEvery})
	if e := errs.As(err); e != nil && e.Code == host.CodeDenied { // an older host: what waits goes with the next event
		p.log.WarnContext(ctx, "the host calls nobody back: what has to wait may wait longer", "instance", req.Instance.ID)
		err = nil
	}
	return instance.ConfigureResponse{}, err
}

// RemoveInstance implements instance.Remover.
func (p *plugin) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.plans, req.Instance.ID)
	delete(p.sending, req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}

// Intercept is asked about nothing.
func (*plugin) Intercept(context.Context, hook.InterceptRequest) (hook.InterceptResponse, error) {
	return hook.Allow(), nil
}

// OnEvents queues what a target is to be told, and sends what is due. What was
// queued is taken, whether or not it could be sent.
func (p *plugin) OnEvents(ctx context.Context, req hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	plan, err := p.planned(req.Instance)
	if err != nil {
		return hook.OnEventsResponse{}, err
	}
	type step struct {
		feed     uint64
		item     *news.Item
		attended *news.Attended
	}
	var steps []step
	for _, e := range req.Events {
		fresh, attended := news.Read(e)
		if fresh != nil && plan.rules.Wants(*fresh) && (plan.together == nil || fresh.Member.Email != "") {
			fresh.Due = plan.rules.Due(*fresh)
			steps = append(steps, step{e.Feed, &fresh.Item, nil})
		}
		if attended != nil {
			steps = append(steps, step{e.Feed, nil, attended})
		}
	}
	if len(steps) == 0 {
		return hook.OnEventsResponse{}, nil
	}
	queued := false
	_, err = queue.Change(ctx, p.host(req.Instance.ID).State, func(d *queue.Document) bool {
		queued = false
		for _, s := range steps {
			queued = d.Take(s.feed, s.item, s.attended) && s.item != nil || queued
		}
		return d.Changed()
	})
	if err != nil || !queued {
		return hook.OnEventsResponse{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	p.flushed(ctx, req.Instance, plan)
	return hook.OnEventsResponse{}, nil
}

// RunScheduled implements instance.Scheduled.
func (p *plugin) RunScheduled(ctx context.Context, req instance.RunScheduledRequest) (instance.RunScheduledResponse, error) { //nolint:unparam // as the interface has it
	plan, err := p.planned(req.Instance)
	if err == nil {
		err = p.flush(ctx, req.Instance, plan)
	}
	return instance.RunScheduledResponse{}, err
}

// CheckHealth implements instance.Checker.
func (p *plugin) CheckHealth(ctx context.Context, req instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	if _, err := p.planned(req.Instance); err != nil {
		return instance.CheckHealthResponse{}, err
	}
	d, err := queue.Read(ctx, p.host(req.Instance.ID).State)
	if err != nil || d.Fault == nil || d.Config != req.Instance.Revision {
		return instance.CheckHealthResponse{}, err
	}
	out := instance.Health{State: instance.Degraded, Code: d.Fault.Code, Detail: phrase.For(req.Instance.Locale).Problem(d.Fault.Code)}
	if d.Fault.Sort == string(target.Paused) {
		out.State = instance.Down
	}
	return instance.CheckHealthResponse{Health: out}, nil
}
