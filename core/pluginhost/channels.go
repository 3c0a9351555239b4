package pluginhost

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// scopeIngest is what a plugin needs to bring messages in, by whichever way.
const scopeIngest = "messages:ingest"

// Limits of an answer, in bytes.
const (
	maxSettings = 64 << 10
	maxBody     = 256 << 10
)

// Types lists the installed channel plugins by id.
func (h *Host) Types() []channel.Type {
	var out []channel.Type
	for _, s := range h.order {
		state, _ := s.now()
		if t, ok := s.installed().channelType(state == extension.Ready); ok {
			t.Barred = h.barred(s.id)
			out = append(out, t)
		}
	}
	return out
}

func (h *Host) find(id channel.PluginID) (*supervisor, error) {
	s, ok := h.byID[id]
	if !ok {
		return nil, errs.New(errs.NotFound, "plugin.not_installed", "The plugin "+string(id)+" is not installed here.")
	}
	return s, nil
}

// at returns a plugin and its process, or why there is none to talk to.
func (h *Host) at(id channel.PluginID) (*supervisor, *session, error) {
	s, err := h.find(id)
	if err != nil {
		return nil, nil, errs.Wrap(err, errs.Unavailable, "plugin.not_installed", "The plugin "+string(id)+" is not installed here.")
	}
	session := s.session.Load()
	if session == nil || !session.ready.Load() {
		return s, nil, s.unavailable()
	}
	return s, session, nil
}

func (s *supervisor) unavailable() *errs.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := errs.New(errs.Unavailable, "plugin."+string(s.state), "The plugin "+string(s.id)+" does not run now. Its page says why.")
	if !s.retryAt.IsZero() {
		e.RetryAfter = max(s.retryAt.Sub(s.host.options.Now()), time.Second)
	}
	return e
}

// failed words a call that the plugin did not answer.
func (s *supervisor) failed(ctx context.Context, call string, err error) *errs.Error {
	s.log.WarnContext(ctx, "a call to a plugin failed", "call", call, "error", err)
	if status.Code(err) == codes.FailedPrecondition {
		return errs.Wrap(err, errs.Invalid, extension.CodeRefused, "The plugin refused: "+words(err))
	}
	return errs.Wrap(err, errs.Unavailable, extension.CodeNoAnswer, "The plugin "+string(s.id)+" did not answer. Its page says more.")
}

// diedWithin is how long after a call that failed the end of a process is looked for.
const diedWithin = 500 * time.Millisecond

// told words a call with events that failed: a process that ended over it, and
// was not asked to, is told apart.
func (s *supervisor) told(ctx context.Context, of *session, call string, err error) *errs.Error {
	if !of.retired.Load() && of.died(ctx, err) {
		s.log.WarnContext(ctx, "a plugin's process ended during a call", "call", call, "ending", of.process.Ending())
		return errs.Wrap(err, errs.Unavailable, extension.CodeDied, "The process of the plugin "+string(s.id)+" ended. Its page says more.")
	}
	return s.failed(ctx, call, err)
}

// died reports whether a call failed because the process ended: the connection
// tells before the system does.
func (s *session) died(ctx context.Context, err error) bool {
	if code := status.Code(err); code != codes.Unavailable && (code != codes.Canceled || ctx.Err() != nil) { // canceled: the connection is closing
		return false
	}
	timer := time.NewTimer(diedWithin)
	defer timer.Stop()
	select {
	case <-s.process.Exited():
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// Webhook lets the plugin verify and parse a stored request.
func (h *Host) Webhook(ctx context.Context, inbox channel.Inbox, r channel.WebhookRequest) (channel.WebhookAnswer, error) {
	s, session, err := h.calling(inbox.Plugin)
	if err != nil {
		return channel.WebhookAnswer{}, err
	}
	defer session.calls.end()
	req := &pluginv1.HandleWebhookRequest{
		WebhookId: r.ID, InstanceId: string(inbox.ID), Method: valid(r.Method), Path: valid(r.Path), Query: valid(r.Query),
		Body: r.Body, RemoteAddr: valid(r.Remote), Replay: r.Replay,
	}
	for name, values := range r.Headers {
		for _, value := range values {
			req.Headers = append(req.Headers, &pluginv1.Header{Name: valid(name), Value: valid(value)})
		}
	}
	answer, err := session.channel.HandleWebhook(ctx, req)
	if err != nil {
		return channel.WebhookAnswer{}, s.failed(ctx, "HandleWebhook", err)
	}
	return s.webhookAnswer(ctx, inbox, answer)
}

func (s *supervisor) webhookAnswer(ctx context.Context, inbox channel.Inbox, a *pluginv1.HandleWebhookResponse) (channel.WebhookAnswer, error) {
	out := channel.WebhookAnswer{
		Status: int(a.GetStatus()), Headers: headersOf(a.GetHeaders()), Body: a.GetBody(), Result: resultOf(a.GetResult()),
	}
	if out.Status == 0 {
		out.Status = http.StatusOK
	}
	if out.Status < 200 || out.Status > 599 || len(out.Body) > maxBody {
		s.log.WarnContext(ctx, "a plugin answered a request badly", "status", out.Status, "bytes", len(out.Body))
		return channel.WebhookAnswer{}, errs.New(errs.Unavailable, extension.CodeBadAnswer, "The plugin answered with a status or a body that cannot be passed on.")
	}
	if len(a.GetInbound()) > 0 {
		if err := s.mayIngest(ctx, inbox); err != nil {
			return channel.WebhookAnswer{}, err
		}
	}
	for _, item := range a.GetInbound() {
		in, refused, ok := inboundOf(item)
		if ok && in.Inbox != inbox.ID {
			ok, refused = false, rejected("foreign_instance", "a request brings messages of its own inbox only")
		}
		if !ok { // one that cannot be stored must not hold back the others
			s.log.WarnContext(ctx, "a plugin brought a message that is not taken", "inbox", string(inbox.ID), "code", refused.Code)
			continue
		}
		out.Inbound = append(out.Inbound, in)
	}
	return out, nil
}

// mayIngest refuses messages of a plugin that the manifest, or the workspace,
// does not let bring any. The request is kept: somebody may agree to it yet.
func (s *supervisor) mayIngest(ctx context.Context, inbox channel.Inbox) error {
	denied := func(sentence string) error {
		s.log.WarnContext(ctx, "a plugin used a permission it does not have", "method", "HandleWebhook", "scope", scopeIngest, "inbox", string(inbox.ID))
		return errs.New(errs.Forbidden, "plugin.scope", sentence)
	}
	if !s.installed().manifest.Asks(scopeIngest) {
		return denied("The plugin's manifest does not ask for " + scopeIngest + ".")
	}
	ports := s.host.ports.Load()
	if ports == nil {
		return s.unavailable()
	}
	granted, err := s.granted(ctx, *ports, inbox.Workspace)
	if err != nil {
		return err
	}
	if !granted.Has(scopeIngest) {
		return denied("The workspace does not allow the plugin " + scopeIngest + ".")
	}
	return nil
}

// headersOf keeps the headers a plugin may set on our origin: what the body is,
// and the far side's own. No cookies, no redirects, nothing a browser would run.
func headersOf(headers []*pluginv1.Header) map[string]string {
	out := make(map[string]string)
	for _, h := range headers {
		name := http.CanonicalHeaderKey(h.GetName())
		value := cut(h.GetValue(), maxDetail)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			continue
		}
		switch {
		case name == "Content-Type":
			kind, _, _ := strings.Cut(strings.ToLower(value), ";")
			switch strings.TrimSpace(kind) {
			case "application/json", "application/xml", "text/xml", "text/plain":
				out[name] = value
			}
		case name == "Retry-After", strings.HasPrefix(name, "X-"):
			out[name] = value
		}
	}
	if out["Content-Type"] == "" {
		out["Content-Type"] = "text/plain; charset=utf-8"
	}
	return out
}

// OpenSession asks a live channel's policy.
func (h *Host) OpenSession(ctx context.Context, inbox channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error) {
	s, session, err := h.calling(inbox.Plugin)
	if err != nil {
		return channel.SessionAnswer{}, err
	}
	defer session.calls.end()
	answer, err := session.channel.OpenSession(ctx, &pluginv1.OpenSessionRequest{
		InstanceId: string(inbox.ID), SessionId: r.Session, EmbedOrigin: valid(r.EmbedOrigin), PageUrl: valid(r.PageURL),
		PageTitle: valid(r.PageTitle), Referrer: valid(r.Referrer), Locale: valid(r.Locale), UserAgent: valid(r.UserAgent), Resumed: r.Resumed,
	})
	if err != nil {
		return channel.SessionAnswer{}, s.failed(ctx, "OpenSession", err)
	}
	out := channel.SessionAnswer{
		Allow: answer.GetAllow(), Reason: cut(answer.GetReason(), maxDetail), Name: cut(answer.GetName(), maxName),
		Attributes: answer.GetAttributes(), Origins: answer.GetOrigins(), Settings: json.RawMessage(answer.GetSettings()),
	}
	if len(out.Settings) == 0 {
		out.Settings = json.RawMessage(`{}`)
	}
	var object map[string]json.RawMessage
	if len(out.Settings) > maxSettings || json.Unmarshal(out.Settings, &object) != nil || object == nil || len(out.Attributes) > maxAttributes {
		return channel.SessionAnswer{}, errs.New(errs.Unavailable, extension.CodeBadAnswer, "The plugin's settings for the widget are no JSON object, or too large.")
	}
	return out, nil
}
