package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// backfillBody is a bringing of older messages.
type backfillBody struct {
	ID         string         `json:"id"`
	Since      time.Time      `json:"since" doc:"Everything since then was asked for, by the far side's clock."`
	State      string         `json:"state" enum:"running,done,failed,interrupted,stopped" doc:"interrupted: the server at work on it stopped. stopped: a member ended it. A new one goes over what it had, which counts as known then."`
	By         string         `json:"by,omitempty" doc:"Who began it: a name."`
	StartedAt  time.Time      `json:"started_at"`
	FinishedAt *time.Time     `json:"finished_at,omitempty"`
	Found      int            `json:"found" doc:"Items that the far side had. What is neither new nor known nor refused was nothing to bring in, such as mail that the inbox sent itself."`
	New        int            `json:"new"`
	Known      int            `json:"known" doc:"Were in the inbox before."`
	Refused    int            `json:"refused"`
	Refusals   []refusalBody  `json:"refusals" nullable:"false" doc:"Why items were refused, at most ten reasons."`
	Failure    *backfillError `json:"failure,omitempty" doc:"Of failed."`
}

// refusalBody is a reason why items were refused.
type refusalBody struct {
	Code   string `json:"code" doc:"Stable."`
	Detail string `json:"detail,omitempty" doc:"Of the first of them."`
	Count  int    `json:"count"`
}

// backfillError is why a bringing failed.
type backfillError struct {
	Code   string `json:"code" doc:"Stable."`
	Detail string `json:"detail,omitempty" doc:"For administrators."`
}

func backfillOf(r backfill.Run) backfillBody {
	out := backfillBody{
		ID: string(r.ID), Since: wire.Stamp(r.Since), State: string(r.State), By: r.Actor.Name, StartedAt: wire.Stamp(r.StartedAt),
		FinishedAt: wire.StampOrNil(r.FinishedAt), Found: r.Found, New: r.New, Known: r.Known, Refused: r.Refused,
		Refusals: make([]refusalBody, len(r.Refusals)),
	}
	for i, x := range r.Refusals {
		out.Refusals[i] = refusalBody(x)
	}
	if r.State == backfill.Failed {
		out.Failure = &backfillError{Code: r.Code, Detail: r.Detail}
	}
	return out
}

func (s *Server) backfillRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/inboxes/{inbox}/backfills"
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path, Summary: "List what was brought later than it came", Tags: []string{"inboxes"}, Description: "The newest 20, the newest first.",
	}, identity.InboxManage, s.listBackfills)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path, Summary: "Bring older messages", Tags: []string{"inboxes"}, DefaultStatus: http.StatusCreated,
		Description: "Has the channel bring everything that came since a time and is not here, of a channel that can: backfill. It is done in the background, one at a time in an inbox; ask for the list to see how far it is.",
	}, identity.InboxManage, s.startBackfill)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/stop", Summary: "Stop bringing older messages", Tags: []string{"inboxes"},
		Description: "Ends what is under way in the inbox, and answers it. What it has brought stays; its counts may still grow for a moment.",
	}, identity.InboxManage, s.stopBackfill)
}

func (s *Server) stopBackfill(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[backfillBody], error) {
	return asOne(backfillOf)(s.Backfills.Stop(ctx, scope, channel.InboxID(in.Inbox)))
}

func (s *Server) listBackfills(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[list[backfillBody]], error) {
	runs, err := s.Backfills.Runs(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	out := &body[list[backfillBody]]{Body: list[backfillBody]{Items: make([]backfillBody, len(runs))}}
	for i, r := range runs {
		out.Body.Items[i] = backfillOf(r)
	}
	return out, nil
}

type startBackfillInput struct {
	InboxPath
	Body struct {
		Since time.Time `json:"since" doc:"By the far side's clock; not in the future, and of the last 90 days."`
	}
}

func (s *Server) startBackfill(ctx context.Context, scope identity.Scope, in *startBackfillInput) (*body[backfillBody], error) {
	return asOne(backfillOf)(s.Backfills.Start(ctx, scope, channel.InboxID(in.Inbox), in.Body.Since))
}
