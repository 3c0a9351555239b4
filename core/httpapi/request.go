package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// ChannelRequestBody is a request of a far side with what became of it.
type ChannelRequestBody struct {
	ID         string     `json:"id"`
	Method     string     `json:"method"`
	Bytes      int64      `json:"bytes" doc:"Of body, headers, path and query together."`
	ReceivedAt time.Time  `json:"received_at"`
	Outcome    string     `json:"outcome" enum:"waiting,processed,refused,forged,given_up" doc:"waiting: for its plugin, or for its turn. refused: by the plugin, or all that it brought was. forged: its signature or its secret is wrong. given_up: nobody could take it for 72 hours."`
	Attempts   int        `json:"attempts" doc:"That failed, after the first, since it came or was last replayed."`
	NextAt     *time.Time `json:"next_at,omitempty" doc:"Of the next attempt, while it waits."`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	TookMS     int64      `json:"took_ms" doc:"The last attempt."`
	Code       string     `json:"code,omitempty" doc:"What went wrong last."`
	Detail     string     `json:"detail,omitempty" doc:"A sentence for who looks after the inbox; left out for those who may not read every conversation."`
	Accepted   int        `json:"accepted" doc:"Items that are in: messages, statuses, edits, events."`
	Duplicates int        `json:"duplicates" doc:"Items that were in before."`
	Refused    int        `json:"refused" doc:"Items that were refused."`
}

// shownValueBody is a header or a parameter.
type shownValueBody struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Hidden bool   `json:"hidden,omitempty" doc:"It may be a secret, and is left out."`
}

// channelRequestTraceBody is a request with what is raw.
type channelRequestTraceBody struct {
	ChannelRequestBody

	Path     string           `json:"path,omitempty" doc:"Below the address of the webhook."`
	Query    []shownValueBody `json:"query" nullable:"false"`
	Headers  []shownValueBody `json:"headers" nullable:"false" doc:"By name. What may be a secret is hidden."`
	Remote   string           `json:"remote,omitempty" doc:"The address that sent it."`
	Body     string           `json:"body"`
	Encoding string           `json:"encoding" enum:"text,base64" doc:"Of body: base64 when the bytes are no text."`
	Kept     bool             `json:"kept" doc:"Whether the request itself is kept, and can be replayed."`
	Withheld bool             `json:"withheld,omitempty" doc:"What is raw is left out, because you may not read every conversation."`
}

func channelRequestOf(r channel.LoggedRequest) ChannelRequestBody {
	out := ChannelRequestBody{
		ID: r.Request.ID, Method: r.Request.Method, Bytes: r.Kept, ReceivedAt: wire.Stamp(r.ReceivedAt), Outcome: string(r.State), Attempts: r.Attempts,
		EndedAt: stampOf(r.At), TookMS: r.Took.Milliseconds(), Code: r.Code, Detail: r.Detail,
		Accepted: r.Accepted, Duplicates: r.Duplicates, Refused: r.Refused,
	}
	if r.State == channel.RequestWaiting {
		out.NextAt = stampOf(r.NextAt)
	}
	return out
}

func shownValues(list []channel.ShownValue) []shownValueBody {
	out := make([]shownValueBody, len(list))
	for i, v := range list {
		out[i] = shownValueBody{Name: v.Name, Value: v.Value, Hidden: v.Hidden}
	}
	return out
}

func (s *Server) requestRoutes() {
	all, tags := apiPrefix+"/workspaces/{workspace}/inboxes/{inbox}/requests", []string{"inboxes"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: all, Summary: "List the raw requests of an inbox", Tags: tags,
		Description: "What far sides posted to its webhook, the newest first, with what became of each. They are kept for as long as the workspace's retention says (channel_requests), 10,000 of an inbox and 64 MiB at most.",
	}, identity.InboxManage, s.listRequests)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: all + "/replay", Summary: "Replay the raw requests of an inbox that failed", Tags: tags,
		Description: "At most 1000, in the order they came. What is in already counts as a duplicate.",
	}, identity.InboxManage, s.replayRequests)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: all + "/{request}", Summary: "Get a raw request", Tags: tags,
		Description: "What is raw is left out for those who may not read every conversation. Reading it is recorded in the audit log.",
	}, identity.InboxManage, s.getRequest)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: all + "/{request}/replay", Summary: "Replay a raw request", Tags: tags,
		Description: "It waits, and is processed within seconds. What is in already counts as a duplicate.",
	}, identity.InboxManage, s.replayRequest)
}

type listRequestsInput struct {
	InboxPath
	Paging
	Outcome string `query:"outcome" enum:"waiting,processed,refused,forged,given_up,failed" doc:"failed: refused and given_up."`
}

// outcomes are the states that a word of the API means; nil: all.
func outcomes(word string) []channel.RequestState {
	switch word {
	case "":
		return nil
	case "failed":
		return []channel.RequestState{channel.RequestRefused, channel.RequestGivenUp}
	default:
		return []channel.RequestState{channel.RequestState(word)}
	}
}

func (s *Server) listRequests(ctx context.Context, scope identity.Scope, in *listRequestsInput) (*body[list[ChannelRequestBody]], error) {
	return asList(channelRequestOf)(s.Requests.List(ctx, scope, channel.InboxID(in.Inbox), outcomes(in.Outcome), in.request()))
}

// RequestPath is the path parameters of one raw request.
type RequestPath struct {
	InboxPath
	Request string `path:"request"`
}

func (s *Server) getRequest(ctx context.Context, scope identity.Scope, in *RequestPath) (*body[channelRequestTraceBody], error) {
	found, err := s.Requests.Get(ctx, scope, channel.InboxID(in.Inbox), in.Request)
	if err != nil {
		return nil, err
	}
	raw := found.Request
	out := channelRequestTraceBody{
		ChannelRequestBody: channelRequestOf(found.LoggedRequest), Path: raw.Path, Query: shownValues(found.Query), Headers: shownValues(found.Headers),
		Remote: raw.Remote, Body: string(raw.Body), Encoding: "text", Kept: !found.Bare, Withheld: found.Withheld,
	}
	if !utf8.Valid(raw.Body) {
		out.Body, out.Encoding = base64.StdEncoding.EncodeToString(raw.Body), "base64"
	}
	return &body[channelRequestTraceBody]{Body: out}, nil
}

func (s *Server) replayRequest(ctx context.Context, scope identity.Scope, in *RequestPath) (*body[ChannelRequestBody], error) {
	return asOne(channelRequestOf)(s.Requests.Replay(ctx, scope, channel.InboxID(in.Inbox), in.Request))
}

type replayRequestsInput struct {
	InboxPath
	Body struct {
		Outcome string     `json:"outcome" enum:"failed,refused,forged,given_up" doc:"failed: refused and given_up."`
		Since   *time.Time `json:"since,omitempty" doc:"Received then or later."`
	}
}

// replayedRequestsBody is how many requests are replayed.
type replayedRequestsBody struct {
	Requests int `json:"requests" doc:"At most 1000: ask again for the rest once these are done."`
}

func (s *Server) replayRequests(ctx context.Context, scope identity.Scope, in *replayRequestsInput) (*body[replayedRequestsBody], error) {
	var since time.Time
	if in.Body.Since != nil {
		since = *in.Body.Since
	}
	n, err := s.Requests.ReplayAll(ctx, scope, channel.InboxID(in.Inbox), outcomes(in.Body.Outcome), since)
	if err != nil {
		return nil, err
	}
	return &body[replayedRequestsBody]{Body: replayedRequestsBody{Requests: n}}, nil
}
