package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// hookService is what hooks serve.
type hookService struct {
	pluginv1.UnimplementedHookServiceServer
	*Server
}

// Intercept asks the author.
func (s *hookService) Intercept(ctx context.Context, req *pluginv1.InterceptRequest) (*pluginv1.InterceptResponse, error) {
	able := s.can().Hook
	var out *pluginv1.InterceptResponse
	err := s.call(ctx, "Intercept", req.GetInstanceId(), able != nil, func(in instance.Instance) error {
		asked := hook.InterceptRequest{Instance: in, ChangeID: req.GetChangeId()}
		if m := req.GetMessageSend(); m != nil {
			asked.Message = &hook.MessageDraft{
				ConversationID: m.GetConversationId(), Author: authorOf(m.GetAuthor()), AuthorID: m.GetAuthorId(), Content: contentOf(m.GetContent()),
			}
		}
		if r := req.GetConversationRoute(); r != nil {
			asked.Route = &hook.RouteDraft{
				ConversationID: r.GetConversationId(), InboxID: r.GetInboxId(), ContactID: r.GetContactId(), TeamID: r.GetTeamId(),
			}
		}
		answer, err := able.Intercept(ctx, asked)
		if err != nil {
			return err
		}
		out, err = verdictTo(asked, answer)
		return err
	})
	return out, err
}

// verdictTo words a verdict, and refuses one that does not fit the point.
func verdictTo(asked hook.InterceptRequest, r hook.InterceptResponse) (*pluginv1.InterceptResponse, error) {
	out := &pluginv1.InterceptResponse{Reason: r.Reason()}
	switch r.Verdict() {
	case hook.VerdictAllow:
		out.Verdict = pluginv1.InterceptResponse_VERDICT_ALLOW
	case hook.VerdictDeny:
		out.Verdict = pluginv1.InterceptResponse_VERDICT_DENY
	case hook.VerdictChange:
		out.Verdict, out.Team = pluginv1.InterceptResponse_VERDICT_CHANGE, r.Team()
		if (asked.Route != nil) != (r.Team() != "") {
			return nil, errors.New("the change does not fit what is about to happen: ChangeMessage is for messages, ChangeTeam for routes")
		}
		if asked.Message != nil {
			out.Content = contentTo(r.Content())
		}
	case hook.VerdictNone:
		return nil, errors.New("Intercept gave no verdict: return hook.Allow()")
	default:
		return nil, fmt.Errorf("the verdict %d is not known", r.Verdict())
	}
	return out, nil
}

// OnEvents tells the author.
func (s *hookService) OnEvents(ctx context.Context, req *pluginv1.OnEventsRequest) (*pluginv1.OnEventsResponse, error) {
	able := s.can().Hook
	var answer hook.OnEventsResponse
	err := s.call(ctx, "OnEvents", req.GetInstanceId(), able != nil, func(in instance.Instance) (failed error) {
		told := hook.OnEventsRequest{Instance: in, Events: make([]hook.Event, len(req.GetEvents()))}
		for i, e := range req.GetEvents() {
			told.Events[i] = hook.Event{ID: e.GetId(), Type: e.GetType(), Feed: e.GetFeed(), At: timeOf(e.GetAt()), Data: e.GetData()}
		}
		answer, failed = able.OnEvents(ctx, told)
		return failed
	})
	results, err := eachResult(err, answer.Results, len(req.GetEvents()), answer.Results == nil)
	return &pluginv1.OnEventsResponse{Results: results}, err
}

// eachResult words what became of n items: err of all of them, or each of list.
// all takes the place of a list that is nil. After one that comes again nothing
// is taken: order is kept.
func eachResult(err error, list []error, n int, all bool) ([]*pluginv1.Result, error) {
	if err == nil && len(list) > n {
		err = fmt.Errorf("%d answers for %d items", len(list), n)
	}
	one, failed := answered(err)
	if failed != nil {
		return nil, failed
	}
	if err != nil || all {
		if one.GetOutcome() == pluginv1.Outcome_OUTCOME_RETRY {
			return []*pluginv1.Result{one}, nil
		}
		out := make([]*pluginv1.Result, n)
		for i := range out {
			out[i] = one
		}
		return out, nil
	}
	var out []*pluginv1.Result
	for _, e := range list {
		out = append(out, resultOf(e))
		if e != nil && errs.As(e).Source != errs.Rejected {
			break
		}
	}
	return out, nil
}
