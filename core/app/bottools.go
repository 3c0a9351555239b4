package app

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// scopeTools is what a bot needs to have tools used.
const scopeTools = "tools:invoke"

// turnKey begins the keys of what bots ask for in a turn. What comes of it is
// told with a later turn.
const turnKey = "turn/"

// botTools has tools used for bots.
type botTools struct {
	broker  *extension.ToolBroker
	hooks   extension.Hooks
	allowed extension.Allowances
}

// use has a tool used; the bot is told with its next turn. What is asked for is
// written down before this returns, so that no crash loses it; asking for it
// again, on a later attempt at the turn, is the same use.
func (s *said) use(ctx context.Context, call extension.ToolCall) error {
	by := s.turn.BotClaim
	refused := func(code, detail string) error {
		return s.talks.ToolDone(ctx, conversation.Ref{Workspace: by.Workspace, ID: by.Conversation}, by.Bot.ID, //nolint:wrapcheck // the use case's own error
			conversation.BotToolResult{Call: call.Call, Code: code, Detail: detail})
	}
	plugin := extension.PluginID(by.Bot.Plugin)
	scopes, err := s.tools.allowed.Allowed(ctx, by.Workspace, plugin)
	if err != nil {
		return err //nolint:wrapcheck // a port's error says where it comes from
	}
	if !slices.Contains(scopes, scopeTools) || !s.tools.hooks.Asks(plugin, scopeTools) {
		return refused("not_allowed", "The workspace does not let this plugin use tools.")
	}
	begun, err := s.tools.broker.Start(ctx, by.Workspace, extension.Usage{
		Key: turnKey + string(by.Conversation) + "/" + call.Call, Tool: call.Tool, Args: call.Args,
		Subject: extension.Subject{Conversation: string(by.Conversation)},
		Caller:  extension.Caller{Kind: extension.CallerBot, ID: by.Bot.ID, Name: by.Bot.Name, Plugin: plugin},
	})
	switch {
	case errs.Is(err, errs.NotFound):
		return refused("unknown_tool", "This workspace has no such tool.")
	case errs.Is(err, errs.Invalid), errs.Is(err, errs.Conflict):
		return refused(errs.As(err).Code, errs.As(err).Message)
	case err != nil:
		return err //nolint:wrapcheck // the use case's own error
	}
	s.later.Go(func() { // the broker goes on with it by itself, should this end early
		if _, err := s.tools.broker.GoOn(context.WithoutCancel(ctx), begun); err != nil {
			s.log.WarnContext(ctx, "a bot's use of a tool could not go on: it is tried again", "call", begun.ID, "error", err)
		}
	})
	return nil
}

// toolSettled tells a bot what came of a tool that it asked for in a turn.
func (s *server) toolSettled(ctx context.Context, c extension.Call) {
	rest, ok := strings.CutPrefix(c.Key, turnKey)
	in, call, found := strings.Cut(rest, "/")
	if !ok || !found || c.Caller.Kind != extension.CallerBot || in != c.Subject.Conversation {
		return
	}
	code := c.Completed.Code
	if c.State == extension.CallDenied {
		code = "denied" // as the SDK has it
	}
	err := s.conversations.ToolDone(ctx, conversation.Ref{Workspace: c.Workspace, ID: conversation.ID(in)}, c.Caller.ID, conversation.BotToolResult{
		Call: call, OK: c.State == extension.CallDone, Code: code, Detail: c.Completed.Detail, Output: c.Completed.Output,
	})
	if err != nil && !errs.Is(err, errs.NotFound) {
		s.log.ErrorContext(ctx, "a bot could not be told what came of a tool", "conversation", in, "call", c.ID, "error", err)
	}
	s.bots.wake()
}
