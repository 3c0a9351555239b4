package pluginhost

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// configure tells the plugin of instances, some at a time, and notes those it
// cannot work with. One whose secrets cannot be opened is not told of.
func (s *supervisor) configure(ctx context.Context, to *session, ports Ports, instances []instance) error {
	for batch := range slices.Chunk(instances, pluginv1.MaxBatch) {
		req := &pluginv1.ConfigureRequest{}
		var sent []instance
		for _, i := range batch {
			if out := s.telling(ctx, to, ports, i); out != nil {
				req.Instances = append(req.Instances, out)
				sent = append(sent, i)
			}
		}
		if len(sent) == 0 {
			continue
		}
		answer, err := to.plugin.Configure(ctx, req)
		if err != nil {
			for _, i := range sent {
				s.book.untell(i.ID)
			}
			return err
		}
		for _, i := range sent {
			s.noteConfigured(i.ID, answer.GetResults()[i.ID])
		}
	}
	return nil
}

// telling is what the plugin is told of an instance, now; nil = nothing.
func (s *supervisor) telling(ctx context.Context, to *session, ports Ports, i instance) *pluginv1.Instance {
	s.book.strike(i.ID)
	if shut, err := s.shut(ctx, to, ports, i); shut || err != nil {
		if err != nil { // the database is away: it is told when it is back
			s.host.changes.add(i.ID)
		}
		return nil
	}
	out, err := s.wireOf(ctx, ports, i)
	if err != nil {
		s.log.ErrorContext(ctx, "the secrets of an instance cannot be opened", "instance", i.ID, "error", err)
		s.noteHealth(i.ID, channel.Health{State: healthDown, Code: "secret_unreadable", Detail: "Its secrets cannot be read: " + errs.As(err).Message})
		return nil
	}
	s.book.tell(i, out.GetSecrets())
	return out
}

// noteConfigured keeps what a plugin answered to the settings of an instance.
// That it takes them says nothing of the far side, which it asks later.
func (s *supervisor) noteConfigured(id string, r *pluginv1.Result) {
	if r != nil && r.GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED && r.GetOutcome() != pluginv1.Outcome_OUTCOME_DUPLICATE {
		s.noteHealth(id, channel.Health{State: healthDown, Code: cut(r.GetCode(), maxCode), Detail: cut(r.GetDetail(), maxDetail)})
		return
	}
	select {
	case s.settings <- struct{}{}:
	default:
	}
	s.reportHealth(id, channel.Health{State: healthUnknown})
	s.keepHealth(id, channel.Health{State: healthOK})
}

// shut closes an instance that is paused, since its far side rejected its
// credentials for good, and reports whether it is.
func (s *supervisor) shut(ctx context.Context, at *session, ports Ports, i instance) (is bool, err error) {
	if ports.Condition == nil {
		return false, nil
	}
	c, err := ports.Condition(ctx, i.Workspace, i.ID)
	if err != nil || !c.Paused(i.revision) {
		return false, err
	}
	if _, known := s.book.toldOf(i.ID); known {
		s.book.untell(i.ID)
		if _, err := at.plugin.RemoveInstance(ctx, &pluginv1.RemoveInstanceRequest{InstanceId: i.ID}); err != nil {
			return true, s.failed(ctx, "RemoveInstance", err)
		}
	}
	s.noteHealth(i.ID, channel.Health{State: healthDown, Code: c.Code, Detail: c.Detail})
	return true, nil
}

// Configure tells the plugin of an inbox; without a process it learns of it at
// the next start. That the plugin cannot work with it shows in Health.
func (h *Host) Configure(ctx context.Context, inbox channel.Inbox) error {
	return h.apply(ctx, ofInbox(inbox))
}

// Remove makes the plugin forget an inbox.
func (h *Host) Remove(ctx context.Context, inbox channel.Inbox) error {
	return h.remove(ctx, ofInbox(inbox))
}

// ConfigureConnection tells the plugin of a connection, as Configure does.
func (h *Host) ConfigureConnection(ctx context.Context, c extension.Connection) error {
	return h.apply(ctx, ofConnection(c))
}

// RemoveConnection makes the plugin forget a connection.
func (h *Host) RemoveConnection(ctx context.Context, c extension.Connection) error {
	return h.remove(ctx, ofConnection(c))
}

func (h *Host) apply(ctx context.Context, i instance) error {
	if !i.enabled() {
		return h.remove(ctx, i)
	}
	s, err := h.find(i.Plugin)
	if err != nil {
		return err
	}
	s.configuring.Lock()
	defer s.configuring.Unlock()
	s.book.strike(i.ID)
	session, ports := s.session.Load(), h.ports.Load()
	if session == nil || ports == nil {
		return nil
	}
	s.book.strikeGrants(i.Workspace) // who connects agrees to something
	if i, err = s.with(ctx, *ports, i); err != nil {
		return err
	}
	if err := s.configure(ctx, session, *ports, []instance{i}); err != nil {
		return s.failed(ctx, "Configure", err)
	}
	return nil
}

func (h *Host) remove(ctx context.Context, i instance) error {
	s, err := h.find(i.Plugin)
	if err != nil {
		return err
	}
	return s.forget(ctx, i.ID)
}

// forget makes the plugin forget an instance.
func (s *supervisor) forget(ctx context.Context, id string) error {
	s.configuring.Lock()
	defer s.configuring.Unlock()
	s.book.strike(id)
	s.book.untell(id)
	s.forgetHealth(id)
	session := s.session.Load()
	if session == nil {
		return nil
	}
	if _, err := session.plugin.RemoveInstance(ctx, &pluginv1.RemoveInstanceRequest{InstanceId: id}); err != nil {
		return s.failed(ctx, "RemoveInstance", err)
	}
	return nil
}

// Health returns what is known of an inbox. With the plugin down a messaging
// channel is down; a live one goes on with the last known policy.
func (h *Host) Health(inbox channel.Inbox) channel.Health { return h.health(ofInbox(inbox)) }

// ConnectionHealth returns what is known of a connection.
func (h *Host) ConnectionHealth(c extension.Connection) inst.Health { return h.health(ofConnection(c)) }

func (h *Host) health(i instance) channel.Health {
	s, ok := h.byID[i.Plugin]
	if !ok {
		return channel.Health{State: healthDown, Code: "plugin_missing", Detail: "The plugin " + string(i.Plugin) + " is not installed here."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, configured := s.health[i.ID]
	switch {
	case !i.enabled():
		return channel.Health{State: healthUnknown}
	case s.state == extension.Ready && configured:
		return known
	case s.state == extension.Ready, s.state == extension.Starting:
		return channel.Health{State: healthUnknown}
	}
	out := channel.Health{State: healthDown, Code: "plugin_" + string(s.state), Detail: s.detail}
	if s.plugin.manifest.Live() {
		out.State = healthDegraded
	}
	return out
}

// ValidateConfig checks a configuration with its secrets: by the schema, and by
// the plugin when it runs and the schema has no objection.
func (h *Host) ValidateConfig(ctx context.Context, id channel.PluginID, c inst.Candidate) ([]channel.Problem, error) {
	s, err := h.find(id)
	if err != nil {
		return nil, err
	}
	p := s.installed()
	if problems := p.problems(c); len(problems) > 0 {
		return problems, nil
	}
	session := s.session.Load()
	if session == nil || !session.ready.Load() {
		return nil, nil
	}
	answer, err := session.plugin.ValidateConfig(ctx, &pluginv1.ValidateConfigRequest{Config: c.Config, Secrets: c.Secrets, Probe: c.Probe, Locale: c.Locale})
	if err != nil {
		return nil, s.failed(ctx, "ValidateConfig", err)
	}
	var out []channel.Problem
	for _, p := range answer.GetProblems() {
		out = append(out, channel.Problem{Pointer: cut(p.GetPointer(), maxDetail), Message: c.Hide(cut(p.GetMessage(), maxDetail))})
	}
	return out, nil
}

// ValidateConnection is ValidateConfig for connections.
func (h *Host) ValidateConnection(ctx context.Context, id extension.PluginID, c inst.Candidate) ([]inst.Problem, error) {
	return h.ValidateConfig(ctx, channel.PluginID(id), c)
}

// problems checks a configuration against the schema. A field that is got by
// signing in is not there yet, and nobody is to blame.
func (p installed) problems(c inst.Candidate) []channel.Problem {
	if p.schema == nil {
		if trimmed := bytes.TrimSpace(c.Config); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("{}")) {
			return []channel.Problem{{Message: "takes no configuration"}}
		}
		return nil
	}
	merged := c.Merged()
	if len(bytes.TrimSpace(merged)) == 0 {
		merged = json.RawMessage(`{}`)
	}
	form := inst.FormOf(json.RawMessage(p.manifest.ConfigSchema))
	var out []channel.Problem
	for _, problem := range p.schema.Validate(merged) {
		if _, signedIn := form.Signed(problem.Pointer); !signedIn {
			out = append(out, channel.Problem{Pointer: problem.Pointer, Message: problem.Message})
		}
	}
	return out
}

// changes are the instances that somebody changed, here or on another node, and
// that the processes here must hear of.
type changes struct {
	mu      sync.Mutex
	waiting map[string]bool
	news    chan struct{}
}

func newChanges() changes {
	return changes{waiting: make(map[string]bool), news: make(chan struct{}, 1)}
}

func (c *changes) add(ids ...string) {
	c.mu.Lock()
	for _, id := range ids {
		c.waiting[id] = true
	}
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *changes) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]string, 0, len(c.waiting))
	for id := range c.waiting {
		out = append(out, id)
	}
	clear(c.waiting)
	slices.Sort(out)
	return out
}

// InstanceChanged says that an inbox or a connection was made, changed, paused,
// resumed or deleted, on whichever node. What the host keeps of it does not hold any more,
// and the process here is told soon. It does not block.
func (h *Host) InstanceChanged(id string) {
	for _, s := range h.order {
		s.book.strike(id)
	}
	h.changes.add(id)
}

// GrantsChanged says that a workspace lets a plugin do more, or less. It does
// not block.
func (h *Host) GrantsChanged(w identity.WorkspaceID, plugin extension.PluginID) {
	if s, ok := h.byID[channel.PluginID(plugin)]; ok {
		h.changes.add(s.book.strikeGrants(w)...)
	}
}

// follow tells processes of changes until ctx ends. What cannot be told now,
// because the database is away, is tried again.
func (h *Host) follow(ctx context.Context, ports Ports) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.changes.news:
		}
		for _, id := range h.changes.take() {
			if err := h.refresh(ctx, ports, id); errs.Is(err, errs.Unavailable) && ctx.Err() == nil {
				h.changes.later(ctx, id, h.options.Timing.Reopen)
			}
		}
	}
}

// later adds an instance after a pause.
func (c *changes) later(ctx context.Context, id string, pause time.Duration) {
	timer := time.NewTimer(pause)
	go func() {
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
			c.add(id)
		}
	}()
}

// refresh reads an instance and tells its process, unless that knows it so.
func (h *Host) refresh(ctx context.Context, ports Ports, id string) error {
	i, err := read1(ctx, ports, id)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if err != nil || !i.enabled() {
		return h.drop(ctx, id)
	}
	s, ok := h.byID[i.Plugin]
	if !ok {
		return nil
	}
	s.configuring.Lock()
	defer s.configuring.Unlock()
	session := s.session.Load()
	if session == nil {
		return nil
	}
	if i, err = s.with(ctx, ports, i); err != nil {
		return err
	}
	if shut, err := s.shut(ctx, session, ports, i); shut || err != nil {
		return err
	}
	if t, known := s.book.toldOf(id); known && t.revision >= i.revision {
		return nil
	}
	if err := s.configure(ctx, session, ports, []instance{i}); err != nil {
		return s.failed(ctx, "Configure", err)
	}
	return nil
}

// drop makes the processes that know an instance forget it.
func (h *Host) drop(ctx context.Context, id string) error {
	for _, s := range h.order {
		if _, known := s.book.toldOf(id); known {
			if err := s.forget(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// Facts returns what a plugin's manifest says of connecting it.
func (h *Host) Facts(id extension.PluginID) (extension.Facts, bool) {
	s, ok := h.byID[channel.PluginID(id)]
	if !ok {
		return extension.Facts{}, false
	}
	return s.installed().facts(), true
}
