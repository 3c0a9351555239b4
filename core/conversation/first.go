package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/team"
)

// first is who takes a customer whom nobody answers yet. It is found out before
// the transaction opens.
type first struct {
	bot    *Bot    // nil = people
	team   team.ID // of a new conversation, where routed
	routed bool    // an interceptor said which team

	answer *acknowledging // nil = nothing is answered by itself
	rule   *ruling        // of a new conversation; nil = none takes it
	closed *outside       // the queue in which the customer waits; nil = it is open
}

// when is f with its rule and its answer where they are to be.
func (f first) when(rules, answers bool) first {
	if !rules {
		f.rule = nil
	}
	f.answer = f.answer.when(answers)
	return f
}

// firstOf finds out who takes the customer of an inbound item.
func (s *Service) firstOf(ctx context.Context, inbox channel.Inbox, in accepted) (first, error) {
	var out first
	var err error
	if out.answer, err = s.acknowledges(ctx, inbox, in); err != nil {
		return out, err
	}
	if out.rule, err = s.ruled(ctx, inbox, in); err != nil {
		return out, err
	}
	if out.rule != nil && out.rule.then.Team != "" {
		out.team, out.routed = team.ID(out.rule.then.Team), true
	}
	if !in.noReply && !in.late() {
		if out.bot, err = s.botOf(ctx, inbox); err != nil {
			return out, err
		}
	}
	if s.Interceptor == nil || !s.Interceptor.Routes(ctx, inbox.Workspace) {
		return out, nil
	}
	if s.capabilities(inbox.Plugin).Threads == "" { // else what is known of a person does not say where it goes
		known, err := s.Reader.OfContact(ctx, inbox.Workspace, inbox.ID, in.known())
		if err != nil || known != nil {
			return out, err
		}
	}
	if !out.routed {
		if _, out.team, err = s.standsIn(ctx, inbox); err != nil {
			return out, err
		}
	}
	to, err := s.routed(ctx, inbox.Workspace, Routing{Key: string(inbox.ID) + "/" + in.external, Inbox: inbox.ID, Team: out.team})
	switch {
	case err == nil:
		out.team, out.routed = to, out.routed || to != out.team
	case errs.Is(err, errs.Unavailable) && ctx.Err() != nil:
		return out, err
	default: // a customer cannot be refused: they wait where the inbox sends them
	}
	return out, nil
}
