package pluginhost

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
)

// askAgain is when a plugin asks again for what has come to no end yet.
const askAgain = 15 * time.Second

// SignedIn has the tokens of the sign-ins.
func SignedIn(s *extension.SignIns) Tokens { return signedIn{s} }

// Shared has the tools of a broker.
func Shared(b *extension.ToolBroker) Toolbox { return toolbox{b} }

// signedIn implements Tokens.
type signedIn struct{ signIns *extension.SignIns }

// AccessToken implements Tokens.
func (s signedIn) AccessToken(ctx context.Context, o extension.Owner, pointer, refused string) (Token, error) {
	t, err := s.signIns.AccessToken(ctx, o.Workspace, o.Instance, pointer, refused)
	return Token(t), err
}

// toolbox implements Toolbox.
type toolbox struct{ broker *extension.ToolBroker }

// Offered implements Toolbox.
func (t toolbox) Offered(ctx context.Context, o extension.Owner, locale string) ([]Tool, error) {
	found, err := t.broker.List(ctx, o.Workspace)
	if err != nil {
		return nil, err
	}
	out := make([]Tool, len(found))
	for i, f := range found {
		out[i] = Tool{
			Name: f.Tool.FullName(), Title: extension.InLocale(f.Tool.Title, locale), Description: extension.InLocale(f.Tool.Description, locale),
			Args: f.Tool.ArgsSchema, Output: f.Tool.OutputSchema, Writes: f.Tool.Writes, NeedsApproval: f.Tool.Approval,
		}
	}
	return out, nil
}

// Call implements Toolbox.
func (t toolbox) Call(ctx context.Context, o extension.Owner, c ToolCall) (ToolAnswer, error) {
	call, err := t.broker.Use(ctx, o.Workspace, extension.Usage{
		Key: c.Key, Tool: c.Tool, Args: c.Args, Subject: extension.Subject{Conversation: c.Conversation},
		Caller: extension.Caller{Kind: extension.CallerBot, ID: o.Instance, Name: string(c.By), Plugin: c.By},
	})
	if err != nil {
		return ToolAnswer{}, err
	}
	done := channel.Result{Code: call.Completed.Code, Detail: call.Completed.Detail}
	switch call.State {
	case extension.CallDone:
		done.Outcome = channel.OutcomeAccepted
		return ToolAnswer{Result: done, Output: call.Completed.Output}, nil
	case extension.CallFailed, extension.CallDenied, extension.CallExpired:
		done.Outcome = channel.OutcomeRejected
	case extension.CallPending:
		done = channel.Result{Outcome: channel.OutcomeRetry, Code: "approval_pending", Detail: "A person must agree first.", RetryAfter: askAgain}
	case extension.CallRunning:
		done.Outcome, done.RetryAfter = channel.OutcomeRetry, max(call.Completed.RetryAfter, askAgain)
	}
	return ToolAnswer{Result: done}, nil
}
