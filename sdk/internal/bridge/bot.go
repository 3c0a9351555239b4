package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// turnBudget bounds one Turn of an author, if the host does not end it sooner.
const turnBudget = 10 * time.Minute

// botService is what bots serve.
type botService struct {
	pluginv1.UnimplementedBotServiceServer
	*Server
}

// Turn lets the author say what to do; Done is the bridge's.
func (s *botService) Turn(req *pluginv1.TurnRequest, stream pluginv1.BotService_TurnServer) error {
	ctx, cancel := context.WithTimeout(stream.Context(), turnBudget)
	defer cancel()
	able := s.can().Bot
	var answer bot.TurnResponse
	err := s.call(ctx, "Turn", req.GetInstanceId(), able != nil, func(in instance.Instance) (failed error) {
		var ended atomic.Bool
		out := bot.NewTurn(func(e bot.Event) error {
			switch {
			case ended.Load():
				return errors.New("the turn has ended")
			case ctx.Err() != nil: // nobody wants it any more
				return ctx.Err()
			}
			return stream.Send(eventTo(e))
		})
		answer, failed = able.Turn(ctx, turnRequestOf(in, req), out)
		ended.Store(true)             // for what a goroutine of the author's says later
		unsaid := out.Err()           // waits for one that speaks now
		return cmp.Or(failed, unsaid) // what the author did not look at must not count as said
	})
	if err != nil {
		return err
	}
	if len(answer.Memory) > bot.MaxMemory {
		return fmt.Errorf("the memory has %d bytes, more than %d", len(answer.Memory), bot.MaxMemory)
	}
	return stream.Send(&pluginv1.TurnResponse{Event: &pluginv1.TurnResponse_Done{Done: &pluginv1.Done{
		Memory: answer.Memory, Confidence: min(max(answer.Confidence, 0), 1),
		TokensIn: answer.TokensIn, TokensOut: answer.TokensOut, CostMicros: answer.CostMicros,
	}}})
}

func turnRequestOf(in instance.Instance, r *pluginv1.TurnRequest) bot.TurnRequest {
	out := bot.TurnRequest{
		Instance: in, TurnID: r.GetTurnId(), ConversationID: r.GetConversationId(), History: messagesOf(r.GetHistory()),
		Contact: contactOf(r.GetContact()), Locale: r.GetLocale(), Memory: r.GetMemory(), Attempt: int(r.GetAttempt()),
	}
	switch r.GetTrigger() {
	case pluginv1.TurnRequest_TRIGGER_OPENED:
		out.Trigger = bot.TriggerOpened
	case pluginv1.TurnRequest_TRIGGER_MESSAGE:
		out.Trigger = bot.TriggerMessage
	case pluginv1.TurnRequest_TRIGGER_TOOL_RESULT:
		out.Trigger = bot.TriggerToolResult
	case pluginv1.TurnRequest_TRIGGER_UNSPECIFIED:
	default:
	}
	for _, t := range r.GetToolResults() {
		out.ToolResults = append(out.ToolResults, bot.ToolResult{
			CallID: t.GetCallId(), Err: errorOf(t.GetResult()), Output: t.GetOutput(),
		})
	}
	return out
}

// errorOf returns what a result says, as an error; nil when it is well.
func errorOf(r *pluginv1.Result) *errs.Error {
	switch r.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED, pluginv1.Outcome_OUTCOME_DUPLICATE:
		return nil
	case pluginv1.Outcome_OUTCOME_REJECTED:
		return errs.Reject(r.GetCode(), r.GetDetail())
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED, pluginv1.Outcome_OUTCOME_UNKNOWN:
	}
	return errs.Unavailable(nil, r.GetDetail()).WithCode(r.GetCode()).WithRetryAfter(r.GetRetryAfter().AsDuration())
}

func eventTo(e bot.Event) *pluginv1.TurnResponse {
	switch {
	case e.Reply != nil:
		return &pluginv1.TurnResponse{Event: &pluginv1.TurnResponse_Reply{Reply: contentTo(*e.Reply)}}
	case e.Call != nil:
		args, _ := e.Call.Args.(json.RawMessage) // CallTool has encoded them
		return &pluginv1.TurnResponse{Event: &pluginv1.TurnResponse_ToolCall{ToolCall: &pluginv1.ToolCall{
			CallId: e.Call.CallID, Tool: e.Call.Tool, Args: args,
		}}}
	case e.HandOff != nil:
		return &pluginv1.TurnResponse{Event: &pluginv1.TurnResponse_Handoff{Handoff: &pluginv1.Handoff{
			Team: e.HandOff.Team, Reason: e.HandOff.Reason, Summary: e.HandOff.Summary,
		}}}
	case e.Resolve:
		return &pluginv1.TurnResponse{Event: &pluginv1.TurnResponse_Resolve{Resolve: &pluginv1.Resolve{}}}
	default:
		return &pluginv1.TurnResponse{Event: &pluginv1.TurnResponse_Delta{Delta: e.Delta}}
	}
}
