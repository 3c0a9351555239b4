package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) organiseRoutes() {
	one, tags := conversationsPath+"/{conversation}", []string{"conversations"}
	op := func(method, path, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, Summary: summary, Tags: tags}
	}
	member(s, op(http.MethodPut, one+"/labels", "Set the labels"), identity.ConversationReply, s.setLabels)
	member(s, op(http.MethodPatch, one+"/attributes", "Set custom attributes"), identity.ConversationReply, s.setAttributes)
	member(s, op(http.MethodPut, one+"/priority", "Set the priority"), identity.ConversationReply, s.setPriority)
	member(s, op(http.MethodPut, one+"/participants", "Set who follows a conversation"), identity.ConversationReply, s.setParticipants)
	member(s, op(http.MethodPut, one+"/participants/me", "Follow a conversation"), identity.ConversationRead, s.follow(true))
	member(s, op(http.MethodDelete, one+"/participants/me", "Follow a conversation no more"), identity.ConversationRead, s.follow(false))
	merge := op(http.MethodPost, one+"/merge", "Merge a conversation into another one")
	merge.Description = "Answers with the conversation that goes on. The customer notices nothing; when they write again, the merge is undone."
	member(s, merge, identity.ConversationMerge, s.merge)
	member(s, op(http.MethodPost, one+"/unmerge", "Undo a merge"), identity.ConversationMerge, s.unmerge)
	bulk := op(http.MethodPost, conversationsPath+"/bulk", "Do one thing to many conversations")
	bulk.Description = "Each succeeds or fails by itself. To assign needs the permission for that, too."
	member(s, bulk, identity.ConversationReply, s.bulk)
}

type assignInput struct {
	ConversationPath
	Body destination
}

// destination is where conversations go.
type destination struct {
	MemberID *string `json:"member_id,omitempty" maxLength:"40" doc:"Empty: the queue of its team, or of everybody."`
	TeamID   *string `json:"team_id,omitempty" maxLength:"40" doc:"Empty: no team. Without member_id: for the team. Another team than its own takes it out of its queue."`
	QueueID  *string `json:"queue_id,omitempty" maxLength:"40" doc:"A queue, which gives its team. Empty: out of its queue."`
}

func (d destination) domain() conversation.Destination {
	var out conversation.Destination
	if d.MemberID != nil {
		id := identity.MemberID(*d.MemberID)
		out.Member = &id
	}
	if d.TeamID != nil {
		id := team.ID(*d.TeamID)
		out.Team = &id
	}
	out.Queue = (*queue.ID)(d.QueueID)
	return out
}

func (s *Server) assign(ctx context.Context, scope identity.Scope, in *assignInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.Transfer(ctx, scope, in.id(), in.Body.domain())
	return s.answered(ctx, scope, c, err)
}

// answered is answer for the result of a use case.
func (s *Server) answered(ctx context.Context, scope identity.Scope, c conversation.Conversation, err error) (*body[wire.Conversation], error) {
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, scope, c)
}

type setLabelsInput struct {
	ConversationPath
	Body struct {
		LabelIDs []string `json:"label_ids" maxItems:"50" nullable:"false"`
	}
}

func (s *Server) setLabels(ctx context.Context, scope identity.Scope, in *setLabelsInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.SetLabels(ctx, scope, in.id(), named[catalog.LabelID](in.Body.LabelIDs))
	return s.answered(ctx, scope, c, err)
}

type setAttributesInput struct {
	ConversationPath
	Body struct {
		Set map[string]any `json:"set" doc:"Values by key; null takes one away."`
	}
}

func (s *Server) setAttributes(ctx context.Context, scope identity.Scope, in *setAttributesInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.SetAttributes(ctx, scope, in.id(), in.Body.Set)
	return s.answered(ctx, scope, c, err)
}

type setPriorityInput struct {
	ConversationPath
	Body struct {
		Priority string `json:"priority" enum:",low,normal,high,urgent" doc:"Empty: not said."`
	}
}

func (s *Server) setPriority(ctx context.Context, scope identity.Scope, in *setPriorityInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.SetPriority(ctx, scope, in.id(), conversation.Priority(in.Body.Priority))
	return s.answered(ctx, scope, c, err)
}

type setParticipantsInput struct {
	ConversationPath
	Body struct {
		MemberIDs []string `json:"member_ids" maxItems:"50" nullable:"false"`
	}
}

func (s *Server) setParticipants(ctx context.Context, scope identity.Scope, in *setParticipantsInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.SetParticipants(ctx, scope, in.id(), named[identity.MemberID](in.Body.MemberIDs))
	return s.answered(ctx, scope, c, err)
}

func (s *Server) follow(on bool) func(context.Context, identity.Scope, *ConversationPath) (*body[wire.Conversation], error) {
	return func(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[wire.Conversation], error) {
		c, err := s.Conversations.Follow(ctx, scope, in.id(), on)
		return s.answered(ctx, scope, c, err)
	}
}

type mergeInput struct {
	ConversationPath
	Body struct {
		Into string `json:"into" minLength:"1" maxLength:"40" doc:"The conversation that goes on."`
	}
}

func (s *Server) merge(ctx context.Context, scope identity.Scope, in *mergeInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.Merge(ctx, scope, in.id(), conversation.ID(in.Body.Into))
	return s.answered(ctx, scope, c, err)
}

func (s *Server) unmerge(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[wire.Conversation], error) {
	c, err := s.Conversations.Unmerge(ctx, scope, in.id())
	return s.answered(ctx, scope, c, err)
}

type bulkInput struct {
	WorkspacePath
	Body struct {
		IDs          []string   `json:"ids" minItems:"1" maxItems:"200" nullable:"false"`
		Action       string     `json:"action" enum:"assign,resolve,reopen,snooze,label,unlabel,read,priority"`
		MemberID     *string    `json:"member_id,omitempty" maxLength:"40" doc:"To assign: as in one conversation's."`
		TeamID       *string    `json:"team_id,omitempty" maxLength:"40"`
		QueueID      *string    `json:"queue_id,omitempty" maxLength:"40"`
		SnoozedUntil *time.Time `json:"snoozed_until,omitempty"`
		LabelIDs     []string   `json:"label_ids,omitempty" maxItems:"50" nullable:"false"`
		Priority     string     `json:"priority,omitempty" enum:",low,normal,high,urgent"`
	}
}

// bulkBody says what became of each.
type bulkBody struct {
	Items []bulkItem `json:"items" nullable:"false"`
}

type bulkItem struct {
	ID     string `json:"id"`
	OK     bool   `json:"ok"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty" doc:"A sentence that may be shown."`
}

func (s *Server) bulk(ctx context.Context, scope identity.Scope, in *bulkInput) (*body[bulkBody], error) {
	b := conversation.Bulk{
		IDs: named[conversation.ID](in.Body.IDs), Action: conversation.Action(in.Body.Action),
		To:     destination{MemberID: in.Body.MemberID, TeamID: in.Body.TeamID, QueueID: in.Body.QueueID}.domain(),
		Labels: named[catalog.LabelID](in.Body.LabelIDs), Priority: conversation.Priority(in.Body.Priority),
	}
	if in.Body.SnoozedUntil != nil {
		b.Until = *in.Body.SnoozedUntil
	}
	outcomes, err := s.Conversations.Bulk(ctx, scope, b)
	if err != nil {
		return nil, err
	}
	return bulkBodyOf(ctx, s.Log, "conversation", outcomes), nil
}

// bulkBodyOf says what became of each thing, named for the log, and logs what
// was our fault.
func bulkBodyOf[K ~string](ctx context.Context, log *slog.Logger, thing string, outcomes []conversation.OutcomeOf[K]) *body[bulkBody] {
	out := &body[bulkBody]{Body: bulkBody{Items: make([]bulkItem, len(outcomes))}}
	for i, o := range outcomes {
		out.Body.Items[i] = bulkItem{ID: string(o.ID), OK: o.Err == nil}
		if o.Err == nil {
			continue
		}
		e := errs.As(o.Err)
		if e.Kind == errs.Internal {
			log.ErrorContext(ctx, "one of many could not be changed", thing, string(o.ID), "error", o.Err)
		}
		out.Body.Items[i].Code, out.Body.Items[i].Detail = e.Code, e.Message
	}
	return out
}

// named turns plain strings into named ones.
func named[T ~string](list []string) []T {
	out := make([]T, len(list))
	for i, x := range list {
		out[i] = T(x)
	}
	return out
}
