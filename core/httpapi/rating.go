package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/wire"
)

// ratingBody is a rating that a customer gave.
type ratingBody struct {
	ID             string          `json:"id"`
	ConversationID string          `json:"conversation_id,omitempty" doc:"Absent of a ticket's."`
	Ticket         *ratedTicket    `json:"ticket,omitempty" doc:"Of a ticket's alone."`
	InboxID        string          `json:"inbox_id"`
	Contact        wire.ContactRef `json:"contact"`
	MemberID       string          `json:"member_id,omitempty" doc:"Whose work it is about: who answered last before it was asked for, or who has the ticket."`
	Score          int             `json:"score" minimum:"1" maximum:"5"`
	Comment        string          `json:"comment,omitempty"`
	Via            string          `json:"via" enum:"widget,link"`
	At             time.Time       `json:"at"`
}

// ratedTicket names the ticket that was rated.
type ratedTicket struct {
	ID     string `json:"id"`
	Number uint64 `json:"number"`
	Title  string `json:"title"`
}

// ratingSummaryBody counts all that a filter selects, not one page.
type ratingSummaryBody struct {
	Count   int            `json:"count"`
	Average float64        `json:"average" doc:"0 when there are none."`
	ByScore map[string]int `json:"by_score" doc:"By 1 to 5."`
}

type ratingsBody struct {
	Items      []ratingBody      `json:"items"`
	NextCursor string            `json:"next_cursor,omitempty" doc:"Give it as cursor for the next page; absent at the end."`
	Summary    ratingSummaryBody `json:"summary"`
}

// ratingLinkBody is where a customer can rate a conversation.
type ratingLinkBody struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Server) ratingRoutes() {
	tags := []string{"ratings"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/ratings", Summary: "List ratings", Tags: tags,
		Description: "Of conversations, or of tickets (which needs the right to read them). The newest first. Agents see those of their own work.",
	},
		identity.RatingRead, s.listRatings)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath + "/{conversation}/rating-link", Summary: "Make a link by which the customer can rate", Tags: tags,
		Description: "Asks for a rating unless one is open.",
	},
		identity.ConversationReply, s.ratingLink)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/rating", Summary: "Rate my conversation", Tags: []string{"visitors"}, DefaultStatus: http.StatusNoContent,
		Description: "Answers what was asked for last, once. The same answer again is no error.",
	},
		accessVisitor, s.visitorRates)
	s.ratingPages()
}

type ratingsInput struct {
	WorkspacePath
	Paging
	About  string    `query:"about" enum:"conversations,tickets" default:"conversations"`
	From   time.Time `query:"from" doc:"Given at or after this time."`
	To     time.Time `query:"to" doc:"Given before this time."`
	Member string    `query:"member"`
	Team   string    `query:"team"`
	Inbox  string    `query:"inbox"`
}

func (s *Server) listRatings(ctx context.Context, scope identity.Scope, in *ratingsInput) (*body[ratingsBody], error) {
	all, sum, err := s.Surveys.List(ctx, scope, survey.Filter{
		Tickets: in.About == "tickets", From: in.From, To: in.To, Member: identity.MemberID(in.Member), Team: team.ID(in.Team), Inbox: channel.InboxID(in.Inbox),
	}, in.request())
	if err != nil {
		return nil, err
	}
	found := listOf(all, ratingOf).Body
	out := ratingsBody{Items: found.Items, NextCursor: found.NextCursor, Summary: ratingSummaryBody{Count: sum.Count(), Average: sum.Average(), ByScore: make(map[string]int)}}
	for i, n := range sum.ByScore {
		out.Summary.ByScore[strconv.Itoa(i+1)] = n
	}
	return &body[ratingsBody]{Body: out}, nil
}

func ratingOf(r survey.Rating) ratingBody {
	out := ratingBody{
		ID: string(r.ID), ConversationID: string(r.Conversation), InboxID: string(r.Inbox),
		Contact: wire.ContactRef{ID: string(r.Contact), Name: r.ContactName}, MemberID: string(r.Member),
		Score: r.Score, Comment: r.Comment, Via: string(r.Via), At: wire.Stamp(r.GivenAt),
	}
	if t := r.Ticket; t != nil {
		out.Ticket = &ratedTicket{ID: string(t.ID), Number: t.Number, Title: t.Title}
	}
	return out
}

func (s *Server) ratingLink(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[ratingLinkBody], error) {
	token, until, err := s.Surveys.Link(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return &body[ratingLinkBody]{Body: ratingLinkBody{URL: s.BaseURL + ratingPrefix + token, ExpiresAt: wire.Stamp(until)}}, nil
}

type visitorRatingInput struct {
	LivePathInput
	Body struct {
		Score   int    `json:"score" minimum:"1" maximum:"5"`
		Comment string `json:"comment,omitempty" doc:"At most 1,000 characters."`
	}
}

func (s *Server) visitorRates(ctx context.Context, in *visitorRatingInput) (*struct{}, error) {
	v, err := s.formOf(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Surveys.AnswerWidget(ctx, v, in.Body.Score, in.Body.Comment)
}
