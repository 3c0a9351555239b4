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
	// Allowances cut what a plugin is told of what its tool is used for.
	Allowances Allowances
	Circle     Circle
	Calls      CallStore
	// Asked is told of a call that waits for somebody to agree, once it does. nil =
	// nobody cares.
	Asked func(ctx context.Context, c Call, t Tool)
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
	begun, err := b.begin(ctx, w, u, true)
	switch {
	case err != nil || begun.call.State != CallRunning:
		return begun.call, err
	case begun.fresh:
		return b.attempt(ctx, begun.connection, begun.tool, begun.call)
	}
	return b.again(ctx, begun.connection, begun.tool, begun.call)
}

// Start is Use without waiting for the plugin: when it returns, the use is
// written down, and it will be made. GoOn makes it at once; Settled is told how
// it ended.
func (b *ToolBroker) Start(ctx context.Context, w identity.WorkspaceID, u Usage) (Call, error) {
	begun, err := b.begin(ctx, w, u, false)
	return begun.call, err
}

// GoOn goes on with a use that was started, unless somebody else does, or a
// person must agree first. Settled is told when it is over.
func (b *ToolBroker) GoOn(ctx context.Context, call Call) (Call, error) { return b.goOn(ctx, call) }

// begun is a use that is written down.
type begun struct {
	tool       Tool
	connection Connection
	call       Call
	fresh      bool // it was not known before
}

// begin writes a use down; with lease nobody else makes it for now.
func (b *ToolBroker) begin(ctx context.Context, w identity.WorkspaceID, u Usage, lease bool) (begun, error) {
	t, c, err := b.find(ctx, w, u)
	if err != nil {
		return begun{}, err
	}
	if u.Key == "" || len(u.Key) > maxCallKey {
		return begun{}, errs.New(errs.Invalid, "tool.key", "A use of a tool needs an idempotency key of 1 to 200 bytes.")
	}
	if len(bytes.TrimSpace(u.Args)) == 0 {
		u.Args = json.RawMessage("{}")
	}
	if err := b.check(t, u.Args); err != nil {
		return begun{}, err
	}
	if u.Subject, err = b.whole(ctx, w, u.Subject); err != nil {
		return begun{}, err
	}
	now := b.now()
	call := Call{
		Workspace: w, ID: b.ids.New("tci"), Key: u.Key, Connection: c.ID, Plugin: t.Plugin, Tool: t.Name, Args: u.Args, Subject: u.Subject,
		Caller: u.Caller, State: CallRunning, CreatedAt: now, ExpiresAt: now.Add(resultKept),
	}
	switch {
	case t.Approval:
		call.State, call.ExpiresAt = CallPending, now.Add(approvalWithin)
	case lease:
		call.LeaseUntil = now.Add(t.Timeout + callSlack)
	}
	stored, fresh, err := b.Calls.Begin(ctx, call, maxPending, b.told(call)...)
	if err == nil && !fresh && (stored.Plugin != t.Plugin || stored.Tool != t.Name || !bytes.Equal(stored.Args, u.Args)) {
		err = errs.New(errs.Conflict, "tool.key_reused", "This idempotency key was used for something else.")
	}
	if err != nil {
		return begun{}, err
	}
	if fresh && stored.State == CallPending && b.Asked != nil {
		b.Asked(ctx, stored, t)
	}
	return begun{tool: t, connection: c, call: stored, fresh: fresh}, nil
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

// whole adds the contact to a subject that names what it is the contact of.
func (b *ToolBroker) whole(ctx context.Context, w identity.WorkspaceID, s Subject) (Subject, error) {
	if s.Contact != "" || s.Conversation == "" && s.Ticket == "" {
		return s, nil
	}
	return b.Circle.Subject(ctx, identity.SystemScope(w), s.Conversation, s.Ticket)
}

// invoke asks the plugin, which is told what the workspace lets it know.
func (b *ToolBroker) invoke(ctx context.Context, c Connection, t Tool, call Call) (Result, error) {
	allowed, err := b.Allowances.Allowed(ctx, call.Workspace, c.Plugin)
	if err != nil {
		return Result{}, err
	}
	return b.Tools.Invoke(ctx, c, Invocation{
		ID: call.ID, Tool: t.Name, Args: call.Args, Caller: call.Caller, Attempt: call.Attempts + 1, Timeout: t.Timeout,
		Subject: call.Subject.cutTo(func(scope string) bool { return slices.Contains(allowed, scope) }),
	}, nil)
}

// attempt asks the plugin, and keeps what became of it.
func (b *ToolBroker) attempt(ctx context.Context, c Connection, t Tool, call Call) (Call, error) {
	done, err := b.invoke(ctx, c, t, call)
	if err != nil {
		done = Result{Outcome: Retry, Code: CodeNoAnswer, Detail: "The plugin did not answer."}
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
		told := b.told(*x)
		x.State, x.Completed, x.LeaseUntil, x.ExpiresAt = state, done, time.Time{}, b.now().Add(resultKept)
		return told, nil
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

// PluginOf returns the plugin of a tool's full name.
func PluginOf(tool string) PluginID {
	plugin, _, _ := strings.Cut(tool, ":")
	return PluginID(plugin)
}
