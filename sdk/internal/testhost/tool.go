package testhost

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// How uses of tools go on.
const (
	askAgain    = 15 * time.Second
	toolPause   = 10 * time.Second // and as much more with each try
	maxTries    = 5
	approveTime = day
	useKept     = 7 * day
)

// Tool is a tool of another plugin.
type Tool struct {
	*pluginv1.Tool
	// Do does it. An answer of the outcome RETRY is tried again.
	Do func(ctx context.Context, u ToolUse) (*pluginv1.Result, []byte)
}

// ToolUse is a use of a tool.
type ToolUse struct {
	Instance, Tool, Key string
	Args                json.RawMessage
	Conversation        string
	Attempt             int // 1 = the first
}

// use is what became of a use of a tool.
type use struct {
	ToolUse
	waits  bool // for a person
	result *pluginv1.Result
	output []byte
	lease  time.Time // when it may be tried again
	until  time.Time // how long somebody may agree, then how long it is known
}

// AddTool makes a tool of another plugin known. The schema of its arguments must
// be one.
func (h *Host) AddTool(t Tool) error {
	if len(t.GetArgsSchema()) > 0 {
		if _, err := schema.Compile(t.GetArgsSchema()); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tools = append(h.tools, &t)
	return nil
}

// ToolUses returns the uses of tools that plugins asked for, with the number of
// times that each was tried.
func (h *Host) ToolUses() []ToolUse {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []ToolUse
	for _, u := range h.uses {
		out = append(out, u.ToolUse)
	}
	slices.SortFunc(out, func(a, b ToolUse) int { return strings.Compare(a.Instance+"\x00"+a.Key, b.Instance+"\x00"+b.Key) })
	return out
}

// Decide agrees to a use that waits for a person, or does not; it reports
// whether there was one.
func (h *Host) Decide(instance, key string, agree bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := h.uses[place{instance, key}]
	if u == nil || !u.waits || !u.until.After(h.now()) {
		return false
	}
	u.waits, u.until = false, h.now().Add(useKept)
	if !agree {
		u.result = rejected("approval_denied", "A person did not agree.")
	}
	return true
}

type tools struct {
	pluginv1.UnimplementedHostToolServiceServer
	*desk
}

// ListTools lists the tools of others.
func (h *tools) ListTools(_ context.Context, _ *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := &pluginv1.ListToolsResponse{}
	for _, t := range h.tools {
		out.Tools = append(out.Tools, proto.CloneOf(t.Tool))
	}
	return out, nil
}

// CallTool uses one.
func (h *tools) CallTool(ctx context.Context, req *pluginv1.CallToolRequest) (*pluginv1.CallToolResponse, error) {
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, err
	}
	t, u, err := h.use(req)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	if u.waits && !u.until.After(h.now()) {
		u.waits, u.result = false, rejected("approval_expired", "Nobody agreed within 24 hours.")
	}
	tries := !u.waits && !ended(u.result) && !u.lease.After(h.now())
	if tries {
		u.Attempt++
		u.lease = h.now().Add(time.Hour) // nobody else tries meanwhile
	}
	asked := u.ToolUse
	h.mu.Unlock()
	if tries {
		result, output := t.Do(ctx, asked)
		h.tried(u, result, output)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return u.answer(), nil
}

// use finds the tool, and the use that the key stands for.
func (h *tools) use(req *pluginv1.CallToolRequest) (*Tool, *use, error) {
	const maxArgs = 64 << 10
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := req.GetConversationId(); c != "" && h.conversation(req.GetInstanceId(), c) == nil {
		return nil, nil, absent()
	}
	i := slices.IndexFunc(h.tools, func(t *Tool) bool { return t.GetName() == req.GetTool() })
	if i < 0 {
		return nil, nil, absent()
	}
	t, args := h.tools[i], json.RawMessage(bytes.Clone(req.GetArgs()))
	if len(bytes.TrimSpace(args)) == 0 {
		args = json.RawMessage("{}")
	}
	if len(args) > maxArgs {
		return nil, nil, invalid("tool.args", "The tool does not take these arguments.", [2]string{"/args", "The arguments have more than 64 KiB."})
	}
	if problems := checkArgs(t.GetArgsSchema(), args); len(problems) > 0 {
		return nil, nil, invalid("tool.args", "The tool does not take these arguments.", problems...)
	}
	at := place{req.GetInstanceId(), req.GetIdempotencyKey()}
	u := h.uses[at]
	switch {
	case u == nil:
		u = &use{ToolUse: ToolUse{
			Instance: at.instance, Tool: t.GetName(), Key: at.name, Args: args, Conversation: req.GetConversationId(),
		}, waits: t.GetNeedsApproval(), until: h.now().Add(useKept)}
		if u.waits {
			u.until = h.now().Add(approveTime)
		}
		h.uses[at] = u
	case u.Tool != t.GetName() || !bytes.Equal(u.Args, args):
		return nil, nil, conflict("tool.key_reused", "This idempotency key was used for something else.")
	}
	return t, u, nil
}

func checkArgs(raw []byte, args json.RawMessage) [][2]string {
	if len(raw) == 0 {
		raw = []byte(`{"type":"object"}`)
	}
	compiled, err := schema.Compile(raw)
	if err != nil {
		return [][2]string{{"/args", err.Error()}}
	}
	var out [][2]string
	for _, p := range compiled.Validate(args) {
		out = append(out, [2]string{"/args" + p.Pointer, p.Message})
	}
	return out
}

func ended(r *pluginv1.Result) bool {
	switch r.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED, pluginv1.Outcome_OUTCOME_DUPLICATE, pluginv1.Outcome_OUTCOME_REJECTED:
		return true
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED, pluginv1.Outcome_OUTCOME_UNKNOWN:
	}
	return false
}

// tried keeps what became of a try.
func (h *Host) tried(u *use, result *pluginv1.Result, output []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	u.result, u.output, u.lease = proto.CloneOf(result), bytes.Clone(output), time.Time{}
	if ended(result) {
		return
	}
	if u.Attempt >= maxTries {
		u.result.Outcome = pluginv1.Outcome_OUTCOME_REJECTED
		return
	}
	u.lease = h.now().Add(max(result.GetRetryAfter().AsDuration(), time.Duration(u.Attempt)*toolPause))
}

// answer is what the plugin is told of a use.
func (u *use) answer() *pluginv1.CallToolResponse {
	switch {
	case u.waits:
		return &pluginv1.CallToolResponse{Result: &pluginv1.Result{
			Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: "approval_pending", Detail: "A person must agree first.", RetryAfter: durationpb.New(askAgain),
		}}
	case u.result.GetOutcome() == pluginv1.Outcome_OUTCOME_REJECTED:
		return &pluginv1.CallToolResponse{Result: proto.CloneOf(u.result)}
	case ended(u.result):
		out := proto.CloneOf(u.result)
		out.Outcome = pluginv1.Outcome_OUTCOME_ACCEPTED
		return &pluginv1.CallToolResponse{Result: out, Output: bytes.Clone(u.output)}
	}
	out := &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: u.result.GetCode(), Detail: u.result.GetDetail()}
	out.RetryAfter = durationpb.New(max(u.result.GetRetryAfter().AsDuration(), askAgain))
	return &pluginv1.CallToolResponse{Result: out}
}
