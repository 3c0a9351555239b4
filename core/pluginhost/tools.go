package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// How long a tool may take.
const (
	toolTime    = 20 * time.Second // what a manifest gets that says nothing
	maxToolTime = 30 * time.Second
)

// Tools implements extension.Tools.
func (h *Host) Tools() []extension.Tool {
	var out []extension.Tool
	for _, s := range h.order {
		p := s.installed()
		if p.fault != "" {
			continue
		}
		for _, t := range p.manifest.Tools {
			out = append(out, toolOf(s.id, t))
		}
	}
	return out
}

func toolOf(id channel.PluginID, t manifest.Tool) extension.Tool {
	out := extension.Tool{
		Plugin: extension.PluginID(id), Name: t.Name, Title: t.Title, Description: t.Description, ArgsSchema: json.RawMessage(t.ArgsSchema),
		OutputSchema: json.RawMessage(t.OutputSchema), Writes: t.Writes, Approval: t.Approval == manifest.ApprovalAlways,
		Timeout: min(time.Duration(t.TimeoutS)*time.Second, maxToolTime),
	}
	if t.TimeoutS <= 0 {
		out.Timeout = toolTime
	}
	return out
}

// CheckArgs implements extension.Tools.
func (h *Host) CheckArgs(plugin extension.PluginID, tool string, args json.RawMessage) []errs.Field {
	s, ok := h.byID[channel.PluginID(plugin)]
	if !ok {
		return []errs.Field{{Code: "unknown_tool", Detail: "There is no such tool."}}
	}
	for _, t := range s.installed().manifest.Tools {
		if t.Name == tool {
			return argsProblems(t.ArgsSchema, args)
		}
	}
	return []errs.Field{{Code: "unknown_tool", Detail: "There is no such tool."}}
}

func argsProblems(of manifest.Schema, args json.RawMessage) []errs.Field {
	compiled, err := schema.Compile(of)
	if err != nil {
		return []errs.Field{{Code: "schema", Detail: "The tool's own schema is not accepted."}}
	}
	var out []errs.Field
	for _, p := range compiled.Validate(args) {
		out = append(out, errs.Field{Pointer: p.Pointer, Code: "schema", Detail: p.Message})
	}
	return out
}

// Invoke implements extension.Tools.
func (h *Host) Invoke(ctx context.Context, c extension.Connection, i extension.Invocation, progress func(string)) (extension.Result, error) {
	if h.toolWrites(c.Plugin, i.Tool) {
		if err := h.barred(channel.PluginID(c.Plugin)); err != nil {
			return extension.Result{}, err
		}
	}
	var done *pluginv1.InvokeToolResponse_Completed
	err := h.ask(ctx, c.Plugin, pluginv1.AbilityTool, "InvokeTool", func(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
		ctx, cancel := timely(ctx, i.Timeout, maxToolTime)
		defer cancel()
		done, err = invoke(ctx, pluginv1.NewToolServiceClient(conn), invocationTo(c, i), progress)
		return err
	})
	if err != nil {
		return extension.Result{}, err
	}
	r := resultOf(done.GetResult())
	out := extension.Result{Outcome: extension.Retry, Code: r.Code, Detail: r.Detail, RetryAfter: r.RetryAfter}
	switch r.Outcome {
	case channel.OutcomeAccepted, channel.OutcomeDuplicate:
		out.Outcome = extension.Accepted
	case channel.OutcomeRejected:
		out.Outcome = extension.Rejected
	case channel.OutcomeRetry:
	default:
	}
	out.Output, err = h.value(ctx, c.Plugin, "InvokeTool", done.GetOutput())
	return out, err
}

func invocationTo(c extension.Connection, i extension.Invocation) *pluginv1.InvokeToolRequest {
	return &pluginv1.InvokeToolRequest{
		InvocationId: i.ID, InstanceId: string(c.ID), Tool: i.Tool, Args: i.Args, ConversationId: i.Subject.Conversation,
		TicketId: i.Subject.Ticket, ContactId: i.Subject.Contact, CallerKind: string(i.Caller.Kind), CallerId: i.Caller.ID,
		Attempt: uint32(max(i.Attempt, 0)), //nolint:gosec // a small number
	}
}

// maxProgress is how many sentences of progress are heard of one use.
const maxProgress = 1000

// invoke reads a stream to its Completed.
func invoke(ctx context.Context, client pluginv1.ToolServiceClient, req *pluginv1.InvokeToolRequest, progress func(string)) (*pluginv1.InvokeToolResponse_Completed, error) {
	stream, err := client.InvokeTool(ctx, req)
	if err != nil {
		return nil, err
	}
	for range maxProgress {
		e, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the stream ended without a result")
		case err != nil:
			return nil, err
		case e.GetCompleted() != nil:
			return e.GetCompleted(), nil
		case progress != nil && e.GetProgress() != "":
			progress(cut(e.GetProgress(), maxDetail))
		}
	}
	return nil, errors.New("the stream does not come to its result")
}
