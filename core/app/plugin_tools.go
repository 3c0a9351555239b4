package app

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// askAgain is when a plugin asks again for what has come to no end yet.
const askAgain = 15 * time.Second

// signedIn implements pluginhost.Tokens.
type signedIn struct{ signIns *extension.SignIns }

// AccessToken implements pluginhost.Tokens.
func (s signedIn) AccessToken(ctx context.Context, o extension.Owner, pointer, refused string) (pluginhost.Token, error) {
	t, err := s.signIns.AccessToken(ctx, o.Workspace, o.Instance, pointer, refused)
	return pluginhost.Token(t), err //nolint:wrapcheck // the use case's own error
}

// toolbox implements pluginhost.Toolbox.
type toolbox struct{ broker *extension.ToolBroker }

// Offered implements pluginhost.Toolbox.
func (t toolbox) Offered(ctx context.Context, o extension.Owner, locale string) ([]pluginhost.Tool, error) {
	found, err := t.broker.List(ctx, o.Workspace)
	if err != nil {
		return nil, err //nolint:wrapcheck // the use case's own error
	}
	out := make([]pluginhost.Tool, len(found))
	for i, f := range found {
		out[i] = pluginhost.Tool{
			Name: f.Tool.FullName(), Title: inLocale(f.Tool.Title, locale), Description: inLocale(f.Tool.Description, locale),
			Args: f.Tool.ArgsSchema, Output: f.Tool.OutputSchema, Writes: f.Tool.Writes, NeedsApproval: f.Tool.Approval,
		}
	}
	return out, nil
}

// inLocale returns the text of a language, of the one that it is a kind of, or
// the English one.
func inLocale(texts map[string]string, locale string) string {
	if text, ok := texts[locale]; ok {
		return text
	}
	language, _, _ := strings.Cut(locale, "-")
	if text, ok := texts[language]; ok {
		return text
	}
	return texts["en"]
}

// Call implements pluginhost.Toolbox.
func (t toolbox) Call(ctx context.Context, o extension.Owner, c pluginhost.ToolCall) (pluginhost.ToolAnswer, error) {
	call, err := t.broker.Use(ctx, o.Workspace, extension.Usage{
		Key: c.Key, Tool: c.Tool, Args: c.Args, Subject: extension.Subject{Conversation: c.Conversation},
		Caller: extension.Caller{Kind: extension.CallerBot, ID: o.Instance, Name: string(c.By), Plugin: c.By},
	})
	if err != nil {
		return pluginhost.ToolAnswer{}, err //nolint:wrapcheck // the use case's own error
	}
	done := channel.Result{Code: call.Completed.Code, Detail: call.Completed.Detail}
	switch call.State {
	case extension.CallDone:
		done.Outcome = channel.OutcomeAccepted
		return pluginhost.ToolAnswer{Result: done, Output: call.Completed.Output}, nil
	case extension.CallFailed, extension.CallDenied, extension.CallExpired:
		done.Outcome = channel.OutcomeRejected
	case extension.CallPending:
		done = channel.Result{Outcome: channel.OutcomeRetry, Code: "approval_pending", Detail: "A person must agree first.", RetryAfter: askAgain}
	case extension.CallRunning:
		done.Outcome, done.RetryAfter = channel.OutcomeRetry, max(call.Completed.RetryAfter, askAgain)
	}
	return pluginhost.ToolAnswer{Result: done}, nil
}
