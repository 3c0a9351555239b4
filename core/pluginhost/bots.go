package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// patience is how long a bot may say nothing in a turn.
const patience = 20 * time.Second

// Limits of what a bot says in a turn.
const (
	maxDeltas   = 10_000
	maxToolName = 256
	maxToolArgs = 64 << 10
)

// ready returns a plugin's process and its connection that is asked, with what
// the workspace allows it. session.calls.end must follow, as after calling.
func (h *Host) ready(ctx context.Context, to extension.Address) (addressee, error) {
	s, _, err := h.at(channel.PluginID(to.Plugin))
	if err != nil {
		return addressee{}, err
	}
	ports := h.ports.Load()
	if ports == nil {
		return addressee{}, s.unavailable()
	}
	in, err := s.look(ctx, *ports, to.Instance)
	if err != nil {
		return addressee{}, err
	}
	s, session, err := h.calling(s.id)
	return addressee{s, session, in}, err
}

// addressee is who is asked.
type addressee struct {
	supervisor *supervisor
	session    *session
	instance   instance
}

// Turn implements extension.Bots.
func (h *Host) Turn(ctx context.Context, to extension.Address, t extension.Turn, say func(extension.TurnEvent) error) error {
	if err := h.barred(channel.PluginID(to.Plugin)); err != nil {
		return err
	}
	leave, err := h.queueTurn(ctx, to.Plugin)
	if err != nil {
		return err
	}
	defer leave()
	who, err := h.ready(ctx, to)
	if err != nil {
		return err
	}
	defer who.session.calls.end()
	s, session, in := who.supervisor, who.session, who.instance
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(patience, cancel)
	defer quiet.Stop()
	stream, err := pluginv1.NewBotServiceClient(session.process.Conn()).Turn(ctx, turnTo(to, t, in.May("contacts:read.pii")))
	if err != nil {
		return s.failed(ctx, "Turn", err)
	}
	var c turnCheck
	for {
		answer, err := stream.Recv()
		if err != nil {
			return s.turnFailed(ctx, quiet, err)
		}
		quiet.Reset(patience)
		event, err := c.read(answer)
		if err != nil {
			return s.failed(ctx, "Turn", err)
		}
		if event == (extension.TurnEvent{}) { // of a newer protocol, or nothing
			continue
		}
		if err := say(event); err != nil || event.Done != nil {
			return err
		}
	}
}

// queueTurn waits until a bot may be asked, no longer than it may be silent.
func (h *Host) queueTurn(ctx context.Context, plugin extension.PluginID) (leave func(), err error) {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return h.queue(within, plugin, func(b bounds) places { return b.turns })
}

// turnFailed words the end of a stream that came without Done.
func (s *supervisor) turnFailed(ctx context.Context, quiet *time.Timer, err error) error {
	switch {
	case errors.Is(err, io.EOF):
		err = status.Error(codes.Unavailable, "it ended a turn without Done")
	case status.Code(err) == codes.Canceled && !quiet.Stop():
		err = status.Error(codes.DeadlineExceeded, "it said nothing for too long")
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return s.failed(ctx, "Turn", err)
}

// turnCheck holds a bot to its limits.
type turnCheck struct{ replies, deltas, calls int }

// read checks one event; the zero event is one to be left out.
func (c *turnCheck) read(r *pluginv1.TurnResponse) (extension.TurnEvent, error) {
	tooMuch := func(what string) (extension.TurnEvent, error) {
		return extension.TurnEvent{}, status.Error(codes.ResourceExhausted, "it said too much in one turn: "+what)
	}
	switch e := r.GetEvent().(type) {
	case *pluginv1.TurnResponse_Delta:
		if c.deltas++; c.deltas > maxDeltas {
			return tooMuch("deltas")
		}
		return extension.TurnEvent{Delta: cut(valid(e.Delta), maxDetail)}, nil
	case *pluginv1.TurnResponse_Reply:
		if c.replies++; c.replies > extension.MaxReplies {
			return tooMuch("replies")
		}
		out := &extension.Reply{Text: valid(e.Reply.GetText())}
		for _, a := range e.Reply.GetAttachments() {
			out.Files = append(out.Files, cut(valid(a.GetBlobId()), maxCode))
		}
		return extension.TurnEvent{Reply: out}, nil
	case *pluginv1.TurnResponse_ToolCall:
		if c.calls++; c.calls > extension.MaxCalls {
			return tooMuch("tool calls")
		}
		return toolCallOf(e.ToolCall)
	case *pluginv1.TurnResponse_Handoff:
		return extension.TurnEvent{Handoff: &extension.Handoff{
			Team: cut(valid(e.Handoff.GetTeam()), maxName), Reason: codeOf(e.Handoff.GetReason()), Summary: valid(e.Handoff.GetSummary()),
		}}, nil
	case *pluginv1.TurnResponse_Resolve:
		return extension.TurnEvent{Resolve: true}, nil
	case *pluginv1.TurnResponse_Done:
		d := e.Done
		if len(d.GetMemory()) > extension.MaxMemory {
			return tooMuch("its memory has more than 64 KiB")
		}
		return extension.TurnEvent{Done: &extension.Done{
			Memory: d.GetMemory(), Confidence: fraction(d.GetConfidence()), TokensIn: d.GetTokensIn(), TokensOut: d.GetTokensOut(), CostMicros: d.GetCostMicros(),
		}}, nil
	default:
		return extension.TurnEvent{}, nil
	}
}

func toolCallOf(c *pluginv1.ToolCall) (extension.TurnEvent, error) {
	bad := func(why string) (extension.TurnEvent, error) {
		return extension.TurnEvent{}, status.Error(codes.InvalidArgument, "its tool call has "+why)
	}
	switch args := c.GetArgs(); {
	case !external(c.GetCallId()) || len(c.GetCallId()) > maxCode:
		return bad("no call_id of 1 to 64 bytes")
	case !external(c.GetTool()) || len(c.GetTool()) > maxToolName:
		return bad("no tool")
	case len(args) > maxToolArgs || len(args) > 0 && !json.Valid(args):
		return bad("args that are no JSON of at most 64 KiB")
	}
	return extension.TurnEvent{Tool: &extension.ToolCall{Call: c.GetCallId(), Tool: c.GetTool(), Args: c.GetArgs()}}, nil
}

// codeOf keeps a code that is one: lower case, digits, underscores.
func codeOf(s string) string {
	if s == "" || len(s) > maxCode {
		return "unspecified"
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '.' && r != '-' {
			return "unspecified"
		}
	}
	return s
}

// fraction is f between 0 and 1.
func fraction(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return min(max(f, 0), 1)
}

func turnTo(to extension.Address, t extension.Turn, pii bool) *pluginv1.TurnRequest {
	out := &pluginv1.TurnRequest{
		TurnId: t.ID, InstanceId: to.Instance, ConversationId: t.Conversation, Trigger: pluginv1.TurnRequest_TRIGGER_MESSAGE,
		History: messagesTo(t.History, pii), Contact: customerTo(t.Customer, pii), Locale: t.Locale, Memory: t.Memory, Attempt: uint32(max(t.Attempt, 0)), //nolint:gosec // a small number
	}
	switch t.Trigger {
	case extension.TriggerOpened:
		out.Trigger = pluginv1.TurnRequest_TRIGGER_OPENED
	case extension.TriggerTool:
		out.Trigger = pluginv1.TurnRequest_TRIGGER_TOOL_RESULT
	case extension.TriggerMessage:
	}
	for _, r := range t.Tools {
		result := &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED, Code: r.Code, Detail: r.Detail}
		if !r.OK {
			result.Outcome = pluginv1.Outcome_OUTCOME_REJECTED
		}
		out.ToolResults = append(out.ToolResults, &pluginv1.ToolResult{CallId: r.Call, Result: result, Output: r.Output})
	}
	return out
}

func authorTo(a extension.Author) pluginv1.Author {
	switch a {
	case extension.AuthorCustomer:
		return pluginv1.Author_AUTHOR_CUSTOMER
	case extension.AuthorAgent:
		return pluginv1.Author_AUTHOR_AGENT
	case extension.AuthorBot:
		return pluginv1.Author_AUTHOR_BOT
	case extension.AuthorSystem:
		return pluginv1.Author_AUTHOR_SYSTEM
	default:
		return pluginv1.Author_AUTHOR_UNSPECIFIED
	}
}

func contentTo(text string, files []extension.File) *pluginv1.Content {
	out := &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}}
	for _, f := range files {
		out.Attachments = append(out.Attachments, &pluginv1.Attachment{
			BlobId: f.ID, MediaType: f.MediaType, Filename: f.Name, Size: uint64(max(f.Size, 0)),
		})
	}
	return out
}

// messagesTo shows messages to a plugin; without pii, not what customers are called.
func messagesTo(all []extension.Message, pii bool) []*pluginv1.Message {
	out := make([]*pluginv1.Message, len(all))
	for i, m := range all {
		out[i] = &pluginv1.Message{
			Id: m.ID, ConversationId: m.Conversation, Seq: m.Seq, Author: authorTo(m.Author), AuthorId: m.AuthorID, AuthorName: m.AuthorName,
			Content: contentTo(m.Text, m.Files), At: timestamppb.New(m.At),
		}
		if m.Author == extension.AuthorCustomer {
			out[i].AuthorId = ""
			if !pii {
				out[i].AuthorName = ""
			}
		}
	}
	return out
}

func customerTo(c extension.Customer, pii bool) *pluginv1.Contact {
	out := &pluginv1.Contact{Id: c.ID, Locale: c.Locale, CreatedAt: timestamppb.New(c.CreatedAt), Revision: c.Revision}
	if pii {
		out.Name, out.Emails, out.Phones, out.ExternalId, out.Attributes = c.Name, c.Emails, c.Phones, c.External, c.Attributes
	}
	return out
}
