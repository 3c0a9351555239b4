package channel_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// desk is a log of raw requests, with what was recorded of those who used it.
type desk struct {
	*intake
	*channel.RequestLog
	inbox    channel.Inbox
	token    string
	recorded []string
}

func newDesk(t *testing.T) *desk {
	d := &desk{intake: newIntake(t)}
	d.inbox, d.token = d.intake.inbox(mail)
	d.RequestLog = channel.NewRequestLog(d.store, d.store, d, d.now)
	return d
}

// Keep implements channel.Keeper.
func (d *desk) Keep(_ context.Context, _ identity.Scope, r *event.Record) error {
	d.recorded = append(d.recorded, r.Action)
	return nil
}

// narrow is an administrator who may not read every conversation.
func narrow() identity.Scope {
	return as(identity.RoleAdministrator).With(identity.Rights{
		Permissions: []identity.Permission{identity.InboxManage, identity.ConversationRead}, Reach: identity.Reach{Kind: identity.ReachTeam},
	})
}

func TestRawRequestsAreShownWithoutSecrets(t *testing.T) {
	d := newDesk(t)
	_, err := d.Handle(t.Context(), d.token, channel.WebhookRequest{
		Method: http.MethodPost, Path: "/callback", Query: "msg_signature=abc&timestamp=1&echo%20str=a+b", Remote: "192.0.2.1", Body: []byte("m1"),
		Headers: map[string][]string{
			"Authorization": {"Bearer x"}, "X-Hub-Signature-256": {"sha256=x"}, "X-Telegram-Bot-Api-Secret-Token": {"x"},
			"X-Original-Uri": {"/hooks/" + d.token + "/callback"}, "Content-Type": {"application/json"},
		},
	})
	d.ok(err)
	id := d.log(d.inbox.ID)[0].Request.ID
	got, err := d.Get(t.Context(), as(identity.RoleOwner), d.inbox.ID, id)
	d.ok(err)
	want := `[{Authorization  true} {Content-Type application/json false} {X-Hub-Signature-256  true} {X-Original-Uri  true} {X-Telegram-Bot-Api-Secret-Token  true}]`
	if fmt.Sprint(got.Headers) != want {
		t.Errorf("headers %v", got.Headers)
	}
	if want := `[{msg_signature  true} {timestamp 1 false} {echo str a b false}]`; fmt.Sprint(got.Query) != want {
		t.Errorf("query %v", got.Query)
	}
	if string(got.Request.Body) != "m1" || got.Request.Path != "/callback" || got.Request.Query != "" || got.Request.Headers != nil {
		t.Errorf("shown %+v", got.Request)
	}
	if !slices.Equal(d.recorded, []string{channel.ActionRequestRead}) {
		t.Errorf("recorded %q", d.recorded)
	}
}

func TestRawRequestsAreForWhoReadsEverything(t *testing.T) {
	d := newDesk(t)
	d.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: 400, Result: channel.Result{Outcome: channel.OutcomeRejected, Code: "odd", Detail: "Alice wrote it."}}, nil
	}
	d.handle(d.token, "m1")
	id := d.log(d.inbox.ID)[0].Request.ID
	got, err := d.Get(t.Context(), narrow(), d.inbox.ID, id)
	d.ok(err)
	if !got.Withheld || got.Request.Body != nil || got.Headers != nil || got.Detail != "" || got.Code != "odd" || len(d.recorded) != 0 {
		t.Errorf("shown %+v, recorded %q", got, d.recorded)
	}
	list, err := d.List(t.Context(), narrow(), d.inbox.ID, nil, page.Request{})
	d.ok(err)
	if len(list.Items) != 1 || list.Items[0].Detail != "" {
		t.Errorf("listed %+v", list.Items)
	}
	for name, ask := range map[string]func(identity.Scope) error{
		"list": func(s identity.Scope) error {
			_, err := d.List(t.Context(), s, d.inbox.ID, nil, page.Request{})
			return err
		},
		"get": func(s identity.Scope) error { _, err := d.Get(t.Context(), s, d.inbox.ID, id); return err },
		"replay": func(s identity.Scope) error {
			_, err := d.Replay(t.Context(), s, d.inbox.ID, id)
			return err
		},
		"replay all": func(s identity.Scope) error {
			_, err := d.ReplayAll(t.Context(), s, d.inbox.ID, failed(), time.Time{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d.refused(ask(as(identity.RoleAgent)), errs.Forbidden, "forbidden")
			abroad := as(identity.RoleOwner)
			abroad.Workspace = "wsp_abroad"
			d.refused(ask(abroad), errs.NotFound, "not_found")
		})
	}
}

func failed() []channel.RequestState {
	return []channel.RequestState{channel.RequestRefused, channel.RequestGivenUp}
}

func TestRawRequestsAreReplayedByHand(t *testing.T) {
	d := newDesk(t)
	owner := as(identity.RoleOwner)
	accept := d.answer
	d.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: 400, Result: channel.Result{Outcome: channel.OutcomeRejected, Code: "odd"}}, nil
	}
	for n := range 3 {
		d.handle(d.token, fmt.Sprint("m", n))
		d.pass(time.Second)
	}
	d.answer, d.asked = accept, nil
	n, err := d.ReplayAll(t.Context(), owner, d.inbox.ID, failed(), d.log(d.inbox.ID)[1].ReceivedAt)
	d.ok(err)
	if n != 2 {
		t.Errorf("%d are replayed", n)
	}
	d.replay(2, 0)
	if got := d.receiver.came(); !slices.Equal(got, []string{"m1", "m2"}) || !d.asked[0].Replay {
		t.Errorf("committed %q", got)
	}
	first := d.log(d.inbox.ID)[0].Request.ID
	again, err := d.Replay(t.Context(), owner, d.inbox.ID, first)
	d.ok(err)
	if again.State != channel.RequestWaiting || again.Request.Body != nil {
		t.Errorf("replayed %+v", again)
	}
	d.replay(1, 0)
	d.became(d.inbox.ID, channel.RequestProcessed, channel.RequestProcessed, channel.RequestProcessed)
	if want := []string{channel.ActionRequestsReplayed, channel.ActionRequestsReplayed}; !slices.Equal(d.recorded, want) {
		t.Errorf("recorded %q", d.recorded)
	}
}

// What was given up long ago is tried as long as a new one.
func TestRawRequestsThatWereGivenUpAreTriedAnew(t *testing.T) {
	d := newDesk(t)
	d.failing(errs.New(errs.Unavailable, "plugin.down", "It is down."))
	d.handle(d.token, "m1")
	d.pass(72 * time.Hour)
	d.replay(1, 0)
	d.pass(time.Hour)
	d.replay(1, 1)
	d.became(d.inbox.ID, channel.RequestGivenUp)
	given := d.log(d.inbox.ID)[0]
	if given.Code != "plugin.down" {
		t.Errorf("given up because of %q", given.Code)
	}
	_, err := d.Replay(t.Context(), as(identity.RoleOwner), d.inbox.ID, given.Request.ID)
	d.ok(err)
	d.replay(1, 0) // and fails again
	d.became(d.inbox.ID, channel.RequestWaiting)
	d.accepting()
	d.pass(time.Minute)
	d.replay(1, 0)
	d.became(d.inbox.ID, channel.RequestProcessed)
}

func TestRawRequestsThatCannotBeReplayed(t *testing.T) {
	d := newDesk(t)
	owner := as(identity.RoleOwner)
	d.failing(errs.New(errs.Unavailable, "plugin.down", "It is down."))
	d.handle(d.token, "m1")
	id := d.log(d.inbox.ID)[0].Request.ID
	_, err := d.Replay(t.Context(), owner, d.inbox.ID, id)
	d.refused(err, errs.Conflict, "hook.in_progress")
	for _, states := range [][]channel.RequestState{nil, {channel.RequestProcessed}} {
		_, err = d.ReplayAll(t.Context(), owner, d.inbox.ID, states, time.Time{})
		d.refused(err, errs.Invalid, "hook.replay_states")
	}
	d.ok(d.store.EndRequest(t.Context(), home, id, channel.Ending{State: channel.RequestForged, At: d.at, Bare: true}))
	_, err = d.Replay(t.Context(), owner, d.inbox.ID, id)
	d.refused(err, errs.Conflict, "hook.not_kept")
	_, err = d.Update(t.Context(), owner, d.inbox.ID, channel.Edit{Enabled: new(false)})
	d.ok(err)
	_, err = d.ReplayAll(t.Context(), owner, d.inbox.ID, failed(), time.Time{})
	d.refused(err, errs.Conflict, "hook.inbox_off")
	_, err = d.Replay(t.Context(), owner, d.inbox.ID, "whk_none")
	d.refused(err, errs.Conflict, "hook.inbox_off")
}
