package conversation

import (
	"context"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// AssignedTakenOver is the reason, in the data of Assigned, of a conversation
// that a supervisor took over; its text says why.
const AssignedTakenOver = "taken_over"

// MaxTakeOverReason bounds why a supervisor takes over, in characters.
const MaxTakeOverReason = 200

// CodeHeld is the code of taking over what somebody else has by now. The field's
// detail is the id of who has it.
const CodeHeld = "conversation.held"

// TakingOver is how a supervisor takes a conversation over.
type TakingOver struct {
	From identity.MemberID // who has it as far as the supervisor knows; "" = no colleague
	Why  string            // for colleagues, 1 to MaxTakeOverReason characters
}

// TakeOver gives the conversation to a member who supervises, whoever has it, as
// long as that is whom they know of. It changes nothing if they have it. Nobody's
// capacity is asked for, and who loses it begins no wrap-up.
func (c *Conversation) TakeOver(t Turn, member identity.MemberID, name string, p TakingOver) error {
	switch {
	case c.State == Resolved:
		return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you take it over.")
	case c.Assignee == member:
		return nil
	case c.Assignee != "" && c.Assignee != p.From:
		return errs.New(errs.Conflict, CodeHeld, c.AssigneeName+" has the conversation now.").
			WithFields(errs.Field{Pointer: "/from_id", Code: "held", Detail: string(c.Assignee)})
	}
	c.assignWith(t, member, name, map[string]string{"by": "member", "reason": AssignedTakenOver, "text": p.Why})
	return nil
}

// TakeOver makes a conversation the acting member's and tells whoever had it why.
// What a bot answers is the member's from then on, what is offered is offered no
// more, what sleeps goes on sleeping. Needs ConversationSupervise. Errors:
// errs.Conflict CodeHeld when another colleague has it than the member knows.
func (s *Service) TakeOver(ctx context.Context, scope identity.Scope, id ID, p TakingOver) (Conversation, error) {
	if err := s.supervises(ctx, scope); err != nil {
		return Conversation{}, err
	}
	var err error
	if p.Why, err = checkTakeOver(p.Why); err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error {
		return c.TakeOver(t, scope.Member(), scope.Actor.Name, p)
	})
}

// supervises refuses who cannot answer in the conversations of colleagues.
func (s *Service) supervises(ctx context.Context, scope identity.Scope) error {
	if err := scope.Require(identity.ConversationSupervise); err != nil {
		return err
	}
	if scope.Member() == "" {
		return errs.New(errs.Forbidden, "forbidden", "Only a member supervises.")
	}
	_, err := s.Members.Member(ctx, scope, scope.Member())
	return err
}

// checkTakeOver returns why a conversation is taken over, tidied.
func checkTakeOver(why string) (string, error) {
	why = strings.TrimSpace(clean(oneLine(why)))
	var code, detail string
	switch n := len([]rune(why)); {
	case why == "":
		code, detail = "required", "is empty"
	case n > MaxTakeOverReason:
		code, detail = "too_long", "has more than "+strconv.Itoa(MaxTakeOverReason)+" characters"
	default:
		return why, nil
	}
	return "", errs.New(errs.Invalid, "conversation.take_over_reason", "Say in 1 to "+strconv.Itoa(MaxTakeOverReason)+" characters why you take the conversation over.").
		WithFields(errs.Field{Pointer: "/reason", Code: code, Detail: detail})
}
