package extension

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Bounds of tools.
const (
	approvalWithin = 24 * time.Hour
	resultKept     = 7 * 24 * time.Hour
	maxPending     = 200 // calls of a workspace that wait for somebody
	maxAttempts    = 5
	maxArgs        = 64 << 10 // bytes
	maxCallKey     = 200      // bytes
	callSlack      = 5 * time.Second
	toolBeat       = 5 * time.Second
	retryAfter     = 10 * time.Second
)

// CallStore keeps uses of tools. A method is one transaction with the events.
type CallStore interface {
	// Begin stores a call, unless its caller has one with its key: then it returns
	// that one and false. errs.Conflict when MaxPending wait already.
	Begin(ctx context.Context, c Call, maxPending int, events ...event.Event) (Call, bool, error)
	// Call returns one, or errs.Absent.
	Call(ctx context.Context, w identity.WorkspaceID, id string) (Call, error)
	// Change loads a call, lets change work on it, and saves it with the events.
	Change(ctx context.Context, w identity.WorkspaceID, id string, change func(*Call) ([]event.Event, error)) (Call, error)
	// Pending lists the workspace's calls that wait for somebody, the oldest first.
	Pending(ctx context.Context, w identity.WorkspaceID) ([]Call, error)
	// Due lists calls that run without a lease or wait for too long, of every
	// workspace.
	Due(ctx context.Context, now time.Time, limit int) ([]Call, error)
	// Forget deletes at most limit calls that are over and whose time has come.
	Forget(ctx context.Context, now time.Time, limit int) (int, error)
}

// ToolDeps is what ToolBroker needs.
type ToolDeps struct {
	Tools     Tools
	Connected Connected
	Circle    Circle
	Calls     CallStore
	// Settled is told of a call that came to its end after whoever asked had
	// gone: it had waited for somebody, or was tried again. nil = nobody cares.
	Settled func(ctx context.Context, c Call)
	Now     func() time.Time
	Log     *slog.Logger
}

// ToolBroker has the tools of plugins used by bots, rules and members: only with
// arguments that the tool's schema accepts, only after somebody agreed where the
// tool wants so, at least once, and once only as far as the plugin keeps its
// word about the call's id. It is safe for concurrent use.
type ToolBroker struct {
	ToolDeps
	ids id.Source
}

// NewToolBroker returns a ToolBroker.
func NewToolBroker(d ToolDeps) *ToolBroker { return &ToolBroker{ToolDeps: d, ids: id.NewSource(d.Now)} }

// Offered is a tool that can be used through one or several connections.
type Offered struct {
	Tool        Tool
	Connections []Connection // the oldest first
}

// List returns the tools that can be used in a workspace: those of plugins with
// a connection in use.
func (b *ToolBroker) List(ctx context.Context, w identity.WorkspaceID) ([]Offered, error) {
	all, err := b.Connected.AllInUse(ctx, w)
	if err != nil {
		return nil, err
	}
	out := []Offered{}
	for _, t := range b.Tools.Tools() {
		o := Offered{Tool: t}
		for _, c := range all {
			if c.Plugin == t.Plugin {
				o.Connections = append(o.Connections, c)
			}
		}
		if len(o.Connections) > 0 {
			out = append(out, o)
		}
	}
	return out, nil
}

// Usage is a tool to be used.
type Usage struct {
	Key        string // idempotency: the caller's own
	Connection ConnectionID
	Tool       string // "<publisher>/<plugin>:<tool>"
	Args       json.RawMessage
	Subject    Subject // that the caller sees
	Caller     Caller
}

// Use has a tool used. With a key that the caller used before it returns that
// call as it is now, tried again where that is due. A call in CallPending waits
// for somebody; in CallRunning it may be asked for again.
func (b *ToolBroker) Use(ctx context.Context, w identity.WorkspaceID, u Usage) (Call, error) {
	t, c, err := b.find(ctx, w, u)
	if err != nil {
		return Call{}, err
	}
	if u.Key == "" || len(u.Key) > maxCallKey {
		return Call{}, errs.New(errs.Invalid, "tool.key", "A use of a tool needs an idempotency key of 1 to 200 bytes.")
	}
	if len(bytes.TrimSpace(u.Args)) == 0 {
		u.Args = json.RawMessage("{}")
	}
	if err := b.check(t, u.Args); err != nil {
		return Call{}, err
	}
	now := b.now()
	call := Call{
		Workspace: w, ID: b.ids.New("tci"), Key: u.Key, Connection: c.ID, Plugin: t.Plugin, Tool: t.Name, Args: u.Args, Subject: u.Subject,
		Caller: u.Caller, State: CallRunning, CreatedAt: now, LeaseUntil: now.Add(t.Timeout + callSlack), ExpiresAt: now.Add(resultKept),
	}
	if t.Approval {
		call.State, call.LeaseUntil, call.ExpiresAt = CallPending, time.Time{}, now.Add(approvalWithin)
	}
	stored, fresh, err := b.Calls.Begin(ctx, call, maxPending)
	switch {
	case err != nil:
		return Call{}, err
	case fresh && stored.State == CallRunning:
		return b.attempt(ctx, c, t, stored)
	case fresh:
		return stored, nil
	case stored.Plugin != t.Plugin || stored.Tool != t.Name || !bytes.Equal(stored.Args, u.Args):
		return Call{}, errs.New(errs.Conflict, "tool.key_reused", "This idempotency key was used for something else.")
	case stored.State == CallRunning:
		return b.again(ctx, c, t, stored)
	}
	return stored, nil
}

// find returns the tool and the connection it is to be used through: the one
// that is named, or the plugin's only one.
func (b *ToolBroker) find(ctx context.Context, w identity.WorkspaceID, u Usage) (Tool, Connection, error) {
	all, err := b.List(ctx, w)
	if err != nil {
		return Tool{}, Connection{}, err
	}
	at := slices.IndexFunc(all, func(o Offered) bool { return o.Tool.FullName() == u.Tool })
	if at < 0 {
		return Tool{}, Connection{}, errs.Absent()
	}
	o := all[at]
	if u.Connection == "" {
		if len(o.Connections) > 1 {
			return Tool{}, Connection{}, errs.New(errs.Invalid, "tool.connection", "The plugin has several connections here: name one.").
				WithFields(errs.Field{Pointer: "/connection", Code: "required", Detail: "Name one of the plugin's connections."})
		}
		return o.Tool, o.Connections[0], nil
	}
	for _, c := range o.Connections {
		if c.ID == u.Connection {
			return o.Tool, c, nil
		}
	}
	return Tool{}, Connection{}, errs.Absent()
}

func (b *ToolBroker) check(t Tool, args json.RawMessage) error {
	var bad errs.Refusals
	if len(args) > maxArgs {
		bad.Refuse("/args", "too_long", "The arguments have more than 64 KiB.")
		return bad.Refused("tool.args", "The tool does not take these arguments.")
	}
	for _, f := range b.Tools.CheckArgs(t.Plugin, t.Name, args) {
		bad.Refuse("/args"+f.Pointer, f.Code, f.Detail)
	}
	return bad.Refused("tool.args", "The tool does not take these arguments.")
}

// again tries a running call once more, if nobody else does.
func (b *ToolBroker) again(ctx context.Context, c Connection, t Tool, call Call) (Call, error) {
	now, mine := b.now(), false
	call, err := b.Calls.Change(ctx, call.Workspace, call.ID, func(x *Call) ([]event.Event, error) {
		mine = x.State == CallRunning && !x.LeaseUntil.After(now)
		if mine {
			x.LeaseUntil = now.Add(t.Timeout + callSlack)
		}
		return nil, nil
	})
	if err != nil || !mine {
		return call, err
	}
	return b.attempt(ctx, c, t, call)
}

// attempt asks the plugin, and keeps what became of it.
func (b *ToolBroker) attempt(ctx context.Context, c Connection, t Tool, call Call) (Call, error) {
	done, err := b.Tools.Invoke(ctx, c, Invocation{
		ID: call.ID, Tool: t.Name, Args: call.Args, Subject: call.Subject, Caller: call.Caller, Attempt: call.Attempts + 1, Timeout: t.Timeout,
	}, nil)
	if err != nil {
		done = Result{Outcome: Retry, Code: "plugin.no_answer", Detail: "The plugin did not answer."}
		if e := errs.As(err); e != nil && e.Kind != errs.Internal {
			done.Code, done.Detail, done.RetryAfter = e.Code, e.Message, e.RetryAfter
		}
	}
	return b.Calls.Change(context.WithoutCancel(ctx), call.Workspace, call.ID, func(x *Call) ([]event.Event, error) {
		if x.Over() {
			return nil, nil
		}
		x.Attempts++
		x.Completed, x.LeaseUntil = done, time.Time{}
		switch {
		case done.Outcome == Accepted:
			x.State = CallDone
		case done.Outcome == Rejected, x.Attempts >= maxAttempts:
			x.State = CallFailed
		default:
			x.LeaseUntil = b.now().Add(max(done.RetryAfter, time.Duration(x.Attempts)*retryAfter))
		}
		x.ExpiresAt = b.now().Add(resultKept)
		return nil, nil
	})
}

// UseAs is Use for a member, who must reach what it is about.
func (b *ToolBroker) UseAs(ctx context.Context, scope identity.Scope, u Usage) (Call, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Call{}, err
	}
	var err error
	if u.Subject != (Subject{}) {
		if u.Subject, err = b.Circle.Subject(ctx, scope, u.Subject.Conversation, u.Subject.Ticket); err != nil {
			return Call{}, err
		}
	}
	u.Caller = Caller{Kind: CallerAgent, ID: scope.Actor.ID, Name: scope.Actor.Name}
	return b.Use(ctx, scope.Workspace, u)
}

// ListAs is List for a member.
func (b *ToolBroker) ListAs(ctx context.Context, scope identity.Scope) ([]Offered, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	return b.List(ctx, scope.Workspace)
}

// Approvals lists the calls that wait for somebody and are about what the member
// reaches, or about nothing.
func (b *ToolBroker) Approvals(ctx context.Context, scope identity.Scope) ([]Call, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	all, err := b.Calls.Pending(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	out := []Call{}
	for _, c := range all {
		switch err := b.reached(ctx, scope, c); {
		case err == nil:
			out = append(out, c)
		case !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Forbidden):
			return nil, err
		}
	}
	return out, nil
}

func (b *ToolBroker) reached(ctx context.Context, scope identity.Scope, c Call) error {
	if c.Subject.Conversation == "" && c.Subject.Ticket == "" {
		return nil
	}
	_, err := b.Circle.Subject(ctx, scope, c.Subject.Conversation, c.Subject.Ticket)
	return err
}

// Decide agrees to a call, or denies it. Who agreed stands in the audit log; the
// call is then made at once.
func (b *ToolBroker) Decide(ctx context.Context, scope identity.Scope, which string, agree bool) (Call, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Call{}, err
	}
	call, err := b.Calls.Call(ctx, scope.Workspace, which)
	if err == nil {
		err = b.reached(ctx, scope, call)
	}
	if errs.Is(err, errs.Forbidden) {
		err = errs.Absent()
	}
	if err != nil {
		return Call{}, err
	}
	now := b.now()
	call, err = b.Calls.Change(ctx, scope.Workspace, which, func(x *Call) ([]event.Event, error) {
		if x.State != CallPending || !now.Before(x.ExpiresAt) {
			return nil, errs.New(errs.Conflict, "approval.decided", "This was decided already, or nobody decided in time.")
		}
		x.DecidedBy, x.DecidedAt, x.ExpiresAt = scope.Member(), now, now.Add(resultKept)
		action := "approval.given"
		x.State = CallRunning
		if !agree {
			action, x.State = "approval.denied", CallDenied
			x.Completed = Result{Outcome: Rejected, Code: "approval_denied", Detail: "A person did not agree."}
		}
		r := identity.Record(ctx, scope, action, event.Party{Kind: "tool", ID: x.ID, Name: string(x.Plugin) + ":" + x.Tool})
		return []event.Event{b.chained(*x, r.Say(map[string]string{"caller": string(x.Caller.Kind), "caller_id": x.Caller.ID, "connection": string(x.Connection)}))}, nil
	})
	if err != nil {
		return Call{}, err
	}
	return b.goOn(ctx, call)
}

// goOn makes a call whose caller has gone, and tells who cares when it is over.
func (b *ToolBroker) goOn(ctx context.Context, call Call) (Call, error) {
	if call.State == CallRunning {
		t, c, err := b.find(ctx, call.Workspace, Usage{Connection: call.Connection, Tool: string(call.Plugin) + ":" + call.Tool})
		switch {
		case errs.Is(err, errs.NotFound):
			call, err = b.end(ctx, call, CallFailed, Result{Outcome: Rejected, Code: "tool_gone", Detail: "The tool or its connection is not there any more."})
		case err == nil:
			call, err = b.again(ctx, c, t, call)
		}
		if err != nil {
			return call, err
		}
	}
	if call.Over() && b.Settled != nil {
		b.Settled(ctx, call)
	}
	return call, nil
}

func (b *ToolBroker) end(ctx context.Context, call Call, state CallState, done Result) (Call, error) {
	return b.Calls.Change(ctx, call.Workspace, call.ID, func(x *Call) ([]event.Event, error) {
		if x.Over() {
			return nil, nil
		}
		x.State, x.Completed, x.LeaseUntil, x.ExpiresAt = state, done, time.Time{}, b.now().Add(resultKept)
		return nil, nil
	})
}

// Run tries again what is to be tried again, and ends what nobody decided, until
// ctx ends.
func (b *ToolBroker) Run(ctx context.Context) {
	tick := time.NewTicker(toolBeat)
	defer tick.Stop()
	for {
		if err := b.Sweep(ctx); err != nil && ctx.Err() == nil {
			b.Log.ErrorContext(ctx, "uses of tools could not be swept", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep does once what Run does.
func (b *ToolBroker) Sweep(ctx context.Context) error {
	const batch = 50
	due, err := b.Calls.Due(ctx, b.now(), batch)
	if err != nil {
		return err
	}
	for _, call := range due {
		if call.State == CallPending {
			call, err = b.end(ctx, call, CallExpired, Result{Outcome: Rejected, Code: "approval_expired", Detail: "Nobody agreed within 24 hours."})
		}
		if err == nil {
			_, err = b.goOn(ctx, call)
		}
		if err != nil {
			b.Log.WarnContext(ctx, "a use of a tool could not go on", "call", call.ID, "error", err)
			err = nil
		}
	}
	_, err = b.Calls.Forget(ctx, b.now(), batch)
	return err
}

func (b *ToolBroker) now() time.Time { return b.Now().UTC().Truncate(time.Millisecond) }

// chained is the event of a record that is for the audit log alone.
func (b *ToolBroker) chained(c Call, r *event.Record) event.Event {
	return event.Event{ID: b.ids.New("aud"), Workspace: string(c.Workspace), At: b.now(), Audit: r}
}

// PluginOf returns the plugin of a tool's full name.
func PluginOf(tool string) PluginID {
	plugin, _, _ := strings.Cut(tool, ":")
	return PluginID(plugin)
}
