package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// walk asks audited routes of a real server and reads what they leave.
type walk struct {
	*site
	want   map[string]string // route → action
	values map[string]string // of the parameters of paths
	reader rig.Member        // the owner
	last   uint64            // the newest row that was read
}

// auditRow is a row of the audit log.
type auditRow struct {
	Seq    uint64 `json:"seq"`
	Action string `json:"action"`
	Actor  struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	} `json:"actor"`
	Address string `json:"address"`
}

// do asks a route and wants its row, by whoever asked.
func (w *walk) do(as rig.Member, route string, in, out any) {
	w.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path = strings.Replace(path, "W", rig.Prefix+"/workspaces/{workspace}", 1)
	full := method + " " + path
	action, listed := w.want[full]
	if !listed {
		w.t.Fatalf("%s is not among the audited routes, or was asked twice", full)
	}
	delete(w.want, full)
	for name, value := range w.values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if _, err := as.Call(w.t.Context(), method, path, in, out); err != nil {
		w.t.Fatalf("%s: %v %+v\n%s", full, err, rig.ProblemOf(err), w.out.Tail())
	}
	w.left(full, action, as.ID)
}

// left wants a row that was not there before.
func (w *walk) left(route, action, actor string) {
	w.t.Helper()
	if w.reader.Workspace == "" { // nobody can read yet: later rows follow these
		return
	}
	var found struct{ Items []auditRow }
	path := w.reader.At("/audit?limit=1&action=" + url.QueryEscape(action))
	if _, err := w.reader.Call(w.t.Context(), http.MethodGet, path, nil, &found); err != nil {
		w.t.Fatal(err)
	}
	switch {
	case len(found.Items) == 0 || found.Items[0].Seq <= w.last:
		w.t.Errorf("%s leaves no %s", route, action)
	case actor != "" && found.Items[0].Actor.ID != actor:
		w.t.Errorf("%s: the row is %s's, not %s's", route, found.Items[0].Actor.ID, actor)
	case found.Items[0].Address == "":
		w.t.Errorf("%s: the row has no address", route)
	default:
		w.last = found.Items[0].Seq
	}
}

// TestEveryAuditedRouteLeavesItsRow asks each administrative and security route
// of the real server, and reads its row in the audit log. What the routes are
// is the list that core/httpapi compares with all routes there are.
func TestEveryAuditedRouteLeavesItsRow(t *testing.T) {
	w := &walk{site: &site{t: t, acked: map[string]string{}}, want: make(map[string]string)}
	text, err := os.ReadFile("../httpapi/testdata/audited.json")
	if err == nil {
		err = json.Unmarshal(text, &w.want)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.options, w.out = settings(t)
	w.options.Env = []string{"PATCHBAY_OUTBOUND_ALLOW_NETWORKS=127.0.0.0/8", "PATCHBAY_WEBHOOKS_RETRY=10ms"}
	w.options.Product.Plugins = sold(t, "patchbay-echo", "receive_only")
	w.start()
	w.found()
	w.catalog()
	w.customers()
	w.integrations()
	w.people()
	w.secondStep()
	for route, reason := range map[string]string{
		"POST /api/v1/workspaces/{workspace}/plugins/{publisher}/{name}/rollback": "needs two versions: core/pluginhost's tests go back, core/extension's want the record",
		"POST /api/v1/workspaces/{workspace}/inboxes/{inbox}/backfills":           "needs a channel that keeps what came: core/channel/backfill's tests want the record",
		"POST /api/v1/workspaces/{workspace}/inboxes/{inbox}/backfills/stop":      "likewise",
		"POST /api/v1/session/link":                   "made by --demo alone: web/e2e signs in by it",
		"DELETE /api/v1/account/providers/{provider}": "needs a person at a provider: core/httpapi's tests of signing in by one",
	} {
		if _, ok := w.want[route]; !ok {
			t.Errorf("%s is excused (%s) and not listed", route, reason)
		}
		delete(w.want, route)
	}
	for route, action := range w.want {
		t.Errorf("nobody asked %s, which is to leave %s", route, action)
	}
	var verified struct {
		Whole bool   `json:"whole"`
		Rows  uint64 `json:"rows"`
	}
	if _, err := w.reader.Call(t.Context(), http.MethodGet, w.reader.At("/audit/verification"), nil, &verified); err != nil || !verified.Whole || verified.Rows < w.last {
		t.Errorf("the log is %+v, %v", verified, err)
	}
}

// found sets the server up; from then on the owner reads.
func (w *walk) found() {
	w.t.Helper()
	var token []string
	w.until("the link to set it up", func() bool { // it is said a little after it is ready
		token = regexp.MustCompile(`setup\?token=(\S+)`).FindStringSubmatch(w.out.String())
		return token != nil
	})
	first := rig.Member{API: rig.NewAPI(w.server.URL())}
	w.do(first, "POST /api/v1/setup", map[string]string{
		"token": token[1], "email": ownerEmail, "password": ownerPassword, "name": "Wei", "workspace_name": "Tea",
	}, nil)
	var err error
	if w.reader, err = first.SignIn(w.t.Context(), ownerEmail, ownerPassword); err != nil {
		w.t.Fatal(err)
	}
	w.owner = w.reader
	w.values = map[string]string{"workspace": w.reader.Workspace}
	w.left("POST /api/v1/setup", "workspace.founded", "")
	w.left("signing in", "session.started", w.reader.ID)
	delete(w.want, "POST /api/v1/session")
}

// made is what most answers are.
type made struct {
	ID  string `json:"id"`
	KID string `json:"kid"`
}

// thing makes, changes and deletes one of a kind.
func (w *walk) thing(list, param string, body, change any) {
	w.t.Helper()
	var m made
	w.do(w.owner, "POST W/"+list, body, &m)
	w.values[param] = m.ID
	w.do(w.owner, "PATCH W/"+list+"/{"+param+"}", change, nil)
	w.do(w.owner, "DELETE W/"+list+"/{"+param+"}", nil, nil)
}

type obj = map[string]any

// catalog is what the workspace is described by.
func (w *walk) catalog() {
	w.do(w.owner, "PATCH W", obj{"name": "Tea & Time"}, nil)
	w.thing("labels", "label", obj{"name": "Late", "color": "#2f80ed"}, obj{"name": "Later"})
	w.thing("attributes", "attribute", obj{"target": "contact", "key": "plan", "name": "Plan", "type": "text"}, obj{"name": "The plan"})
	w.thing("canned", "canned", obj{"shortcut": "hi", "title": "Hi", "text": "Hello", "scope": "workspace"}, obj{"title": "Hello"})
	w.thing("views", "view", obj{"name": "All", "scope": "workspace", "filter": obj{"and": []any{}}}, obj{"name": "Everything"})
	w.thing("teams", "team", obj{"name": "Sales"}, obj{"name": "The sales"})
	w.hours()
	w.policies()
	w.alerting()
	w.do(w.owner, "PUT W/routing", obj{"revision": 0, "rules": []obj{{"name": "urgent", "enabled": true, "then": obj{"priority": "urgent"}}}}, nil)
	w.thing("queues", "queue", obj{"name": "VIP"}, obj{"name": "The VIPs"})
	w.thing("skills", "skill", obj{"name": "German"}, obj{"name": "Deutsch"})
	w.thing("ticket-types", "type", obj{"name": "Repair"}, obj{"name": "Repairs"})
	w.thing("roles", "role", obj{"name": "First line", "permissions": []string{"conversation.read"}}, obj{"name": "The first line"})
	w.do(w.owner, "PUT W/audit/retention", obj{"months": 12}, nil)
	w.do(w.owner, "PATCH W/retention", obj{"notifications": 30}, nil)
	var job made
	w.do(w.owner, "POST W/exports", obj{"with_files": false}, &job)
	w.values["export"] = job.ID
	w.do(w.owner, "DELETE W/exports/{export}", nil, nil)
}

// hours is what is done to calendars.
func (w *walk) hours() {
	week := obj{"monday": []obj{{"from": "09:00", "to": "17:00"}}}
	var m made
	w.do(w.owner, "POST W/calendars", obj{"name": "Office", "time_zone": "UTC", "week": week}, &m)
	w.values["calendar"] = m.ID
	w.do(w.owner, "POST W/calendars/{calendar}/import", obj{"set": "cn-2026", "revision": 1}, nil)
	w.do(w.owner, "PATCH W/calendars/{calendar}", obj{"revision": 2, "name": "The office"}, nil)
	w.do(w.owner, "DELETE W/calendars/{calendar}", nil, nil)
}

// policies is what is done to the dispatch policy.
func (w *walk) policies() {
	call := func(method, path string, body obj) { // the walk asks each route once
		if _, err := w.owner.Call(w.t.Context(), method, w.owner.At("/dispatch-policy"+path), body, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	call(http.MethodPut, "/draft", obj{"revision": 0, "order": obj{"by": "value"}})
	call(http.MethodPost, "/publish", obj{"revision": 1})
	w.do(w.owner, "PUT W/dispatch-policy/draft", obj{"revision": 1, "order": obj{"by": "deadline"}}, nil)
	w.do(w.owner, "POST W/dispatch-policy/publish", obj{"revision": 2, "note": "earlier"}, nil)
	w.do(w.owner, "POST W/dispatch-policy/restore", obj{"number": 1, "published": 2}, nil)
}

// alerting is what is done to when supervisors are alerted.
func (w *walk) alerting() {
	w.do(w.owner, "PUT W/alert-rules", obj{
		"revision": 0, "wait": obj{"on": true, "after_s": 300, "of_target": 150}, "staff": obj{"on": true, "fewer_than": 1, "after_s": 60},
		"risk": obj{"on": true, "more_than": 3}, "away": obj{"on": true, "after_s": 900},
	}, nil)
}

// customers is what is done to contacts, beyond daily work.
func (w *walk) customers() {
	contact := func(name string) string {
		var m made
		if _, err := w.owner.Call(w.t.Context(), http.MethodPost, w.owner.At("/contacts"), obj{"name": name}, &m); err != nil {
			w.t.Fatal(err)
		}
		return m.ID
	}
	into := contact("Ada")
	w.values["contact"] = contact("Ada L.")
	var merged struct {
		MergeID string `json:"merge_id"`
		Merge   made   `json:"merge"`
	}
	w.do(w.owner, "POST W/contacts/{contact}/merge", obj{"into": into}, &merged)
	w.values["merge"] = merged.MergeID + merged.Merge.ID
	w.do(w.owner, "POST W/merges/{merge}/undo", nil, nil)
	w.values["contact"] = contact("Eve")
	w.do(w.owner, "POST W/contacts/{contact}/erase", obj{"confirm": "Eve"}, nil)

	answer, err := w.owner.As("Content-Type", "text/csv").Raw(w.t.Context(), http.MethodPost, w.owner.At("/imports"), []byte("name,email\nNo,no@example.com\n"))
	var m made
	if err == nil {
		err = json.Unmarshal(answer.Body, &m)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.values["import"] = m.ID
	w.do(w.owner, "POST W/imports/{import}/run", nil, nil)
}

// integrations is what connects the workspace with others.
// posted returns the id of a raw request that the plugin of an inbox refuses.
func (w *walk) posted(inbox rig.Inbox) string {
	w.t.Helper()
	_, path, _ := strings.Cut(inbox.HookURL, "/hooks/")
	if _, err := w.owner.Call(w.t.Context(), http.MethodPost, "/hooks/"+path, obj{}, nil); err != nil && rig.ProblemOf(err) == nil {
		w.t.Fatal(err)
	}
	var list struct {
		Items []struct{ ID, Outcome string }
	}
	if _, err := w.owner.Call(w.t.Context(), http.MethodGet, w.owner.At("/inboxes/"+inbox.ID+"/requests"), nil, &list); err != nil || len(list.Items) != 1 {
		w.t.Fatalf("the raw requests: %v %+v", err, list)
	}
	return list.Items[0].ID
}

func (w *walk) integrations() {
	ctx := w.t.Context()
	echo, err := w.owner.Connect(ctx, "Echo", "patchbay/echo", obj{}) // waits for the plugin
	if err != nil {
		w.t.Fatal(err)
	}
	w.values["inbox"], w.values["request"] = echo.ID, w.posted(echo)
	w.do(w.owner, "POST W/inboxes/{inbox}/requests/{request}/replay", nil, nil)
	w.do(w.owner, "POST W/inboxes/{inbox}/requests/replay", obj{"outcome": "failed"}, nil)
	var m made
	w.do(w.owner, "POST W/inboxes", obj{"name": "Shop", "plugin": "patchbay/webchat", "config": obj{}}, &m)
	w.values["inbox"] = m.ID
	w.do(w.owner, "PATCH W/inboxes/{inbox}", obj{"name": "The shop"}, nil)
	w.do(w.owner, "PUT W/inboxes/{inbox}/rules", obj{"revision": 0, "rules": []obj{{"name": "All", "enabled": true, "then": obj{"priority": "high"}}}}, nil)
	w.do(w.owner, "POST W/inboxes/{inbox}/retry", nil, nil)
	w.do(w.owner, "POST W/inboxes/{inbox}/rotate-hook", nil, nil)
	w.watched(m.ID)
	var secret made
	w.do(w.owner, "POST W/inboxes/{inbox}/identity-secret", nil, &secret)
	w.values["kid"] = secret.KID
	w.do(w.owner, "DELETE W/inboxes/{inbox}/identity-secret/{kid}", nil, nil)
	w.values["publisher"], w.values["name"] = "patchbay", "echo"
	w.do(w.owner, "POST W/plugins/{publisher}/{name}/restart", nil, nil)
	w.template()
	w.connection()
	w.do(w.owner, "POST W/plugins/{publisher}/{name}/upgrade", obj{"accept": []string{}}, nil)
	w.do(w.owner, "POST W/plugins/{publisher}/{name}/pin", obj{"version": ""}, nil)
	w.do(w.owner, "POST W/licenses", obj{"token": licensed(w.t, "patchbay/echo", "L-1", time.Time{})}, &m)
	w.values["license"] = m.ID
	w.do(w.owner, "DELETE W/licenses/{license}", nil, nil)
	w.do(w.owner, "POST W/plugins/{publisher}/{name}/disable", nil, nil)
	w.do(w.owner, "POST W/plugins/{publisher}/{name}/enable", nil, nil)

	w.do(w.owner, "POST W/api-keys", obj{"name": "Till", "scopes": []string{"contact.read"}}, &m)
	w.values["key"] = m.ID
	w.do(w.owner, "DELETE W/api-keys/{key}", nil, nil)

	w.do(w.owner, "POST W/sandboxes", obj{}, &m)
	w.values["sandbox"] = m.ID
	w.do(w.owner, "POST W/sandboxes/{sandbox}/reset", nil, nil)
	w.do(w.owner, "DELETE W/sandboxes/{sandbox}", nil, nil)

	var hook made
	w.do(w.owner, "POST W/webhooks", obj{"url": "http://127.0.0.1:1/hook", "events": []string{"*"}}, &hook)
	w.values["webhook"] = hook.ID
	w.do(w.owner, "PATCH W/webhooks/{webhook}", obj{"description": "Stock"}, nil)
	w.do(w.owner, "POST W/webhooks/{webhook}/secrets", obj{}, nil)
	w.values["kid"] = hook.KID
	w.do(w.owner, "DELETE W/webhooks/{webhook}/secrets/{kid}", nil, nil)
	w.do(w.owner, "POST W/webhooks/{webhook}/test", nil, nil)
	w.dead(hook.ID)
	w.do(w.owner, "POST W/webhooks/{webhook}/replay", obj{"state": "dead"}, nil)
	w.do(w.owner, "DELETE W/webhooks/{webhook}", nil, nil)
}

// watched has the owner watch what a visitor of an inbox says.
func (w *walk) watched(inbox string) {
	w.t.Helper()
	ctx := w.t.Context()
	w.whenReady("a visitor gets in", func() (err error) {
		w.visitor, err = w.owner.OpenSession(ctx, inbox, "")
		return err
	})
	path := rig.Prefix + "/live/" + inbox + "/messages"
	if _, err := w.asVisitor().Call(ctx, http.MethodPost, path, obj{"client_msg_id": "watched", "text": "hello"}, nil); err != nil {
		w.t.Fatal(err)
	}
	var list struct{ Items []made }
	if _, err := w.owner.Call(ctx, http.MethodGet, w.owner.At("/conversations?view=all"), nil, &list); err != nil || len(list.Items) == 0 {
		w.t.Fatalf("no conversation: %v", err)
	}
	w.values["conversation"] = list.Items[0].ID
	w.do(w.owner, "POST W/conversations/{conversation}/watch", nil, nil)
}

// connection connects a plugin, and takes back what another one may do.
func (w *walk) connection() {
	w.t.Helper()
	var m made
	w.do(w.owner, "POST W/connections", obj{"plugin": "patchbay/keyword-bot", "name": "Bot", "config": obj{}}, &m)
	w.values["connection"] = m.ID
	w.do(w.owner, "PATCH W/connections/{connection}", obj{"name": "The bot"}, nil)
	w.do(w.owner, "POST W/connections/{connection}/retry", nil, nil)
	w.do(w.owner, "DELETE W/connections/{connection}", nil, nil)
	name := w.values["name"]
	w.values["name"] = "echo"
	w.do(w.owner, "PUT W/plugins/{publisher}/{name}/grants", obj{"scopes": []string{}}, nil)
	w.values["name"] = name
}

// template applies an industry template and removes it again.
func (w *walk) template() {
	w.t.Helper()
	w.values["name"], w.values["template"] = "template-retail", "retail"
	var plan struct{ Hash string }
	at := w.owner.At("/templates/patchbay/template-retail/retail")
	if _, err := w.owner.Call(w.t.Context(), http.MethodPost, at+"/plan", obj{"locale": "zh-CN"}, &plan); err != nil {
		w.t.Fatal(err)
	}
	w.do(w.owner, "POST W/templates/{publisher}/{name}/{template}/apply", obj{"locale": "zh-CN", "hash": plan.Hash}, nil)
	if _, err := w.owner.Call(w.t.Context(), http.MethodGet, at+"/removal", nil, &plan); err != nil {
		w.t.Fatal(err)
	}
	w.do(w.owner, "POST W/templates/{publisher}/{name}/{template}/removal", obj{"hash": plan.Hash}, nil)
}

// dead waits until a webhook that nobody answers has a dead letter: of a label
// that is made.
func (w *walk) dead(hook string) {
	w.t.Helper()
	if _, err := w.owner.Call(w.t.Context(), http.MethodPost, w.owner.At("/labels"), obj{"name": "Gone", "color": "#2f80ed"}, nil); err != nil {
		w.t.Fatal(err)
	}
	var state struct{ Dead int }
	w.until("a delivery dies", func() bool {
		if _, err := w.owner.Call(w.t.Context(), http.MethodGet, w.owner.At("/webhooks/"+hook), nil, &state); err != nil {
			w.t.Fatal(err)
		}
		return state.Dead > 0
	})
}

const moEmail, moPassword, moNext = "mo@badinput.example", "a-long-enough-word-17", "another-long-word-18"

// people is what is done to members, and by them to their accounts.
func (w *walk) people() {
	ctx := w.t.Context()
	var invited struct {
		ID, Link   string
		Invitation made
	}
	w.do(w.owner, "POST W/invitations", obj{"email": "nobody@badinput.example", "role": "agent"}, &invited)
	w.values["invitation"] = invited.ID + invited.Invitation.ID
	w.do(w.owner, "DELETE W/invitations/{invitation}", nil, nil)
	mo, err := w.owner.Invite(ctx, moEmail, "Mo", "administrator", moPassword)
	if err != nil {
		w.t.Fatal(err)
	}
	w.left("POST /api/v1/invitations/accept", "member.joined", mo.ID)
	delete(w.want, "POST /api/v1/invitations/accept")
	w.values["member"] = mo.ID
	w.do(w.owner, "PATCH W/members/{member}", obj{"capacity": 3}, nil)
	w.do(w.owner, "PUT W/members/{member}/skills", obj{"skills": []obj{}}, nil)

	w.do(mo, "PATCH /api/v1/session", obj{"name": "Mo M."}, nil)
	w.another()
	w.do(mo, "DELETE /api/v1/account/sessions", nil, nil)
	w.another()
	w.values["session"] = w.sessionOf(mo)
	w.do(mo, "DELETE /api/v1/account/sessions/{session}", nil, nil)
	w.do(mo, "POST /api/v1/session/password", obj{"current": moPassword, "new": moNext}, nil)
	w.do(mo, "DELETE /api/v1/session", nil, nil)
	mo = w.signIn(moNext)
	var sessions struct{ Items []made }
	if _, err := w.owner.Call(ctx, http.MethodGet, w.owner.At("/members/"+mo.ID+"/sessions"), nil, &sessions); err != nil || len(sessions.Items) == 0 {
		w.t.Fatalf("%+v %v", sessions, err)
	}
	w.values["session"] = sessions.Items[0].ID
	w.do(w.owner, "DELETE W/members/{member}/sessions/{session}", nil, nil)
	w.signIn(moNext)
	w.do(w.owner, "DELETE W/members/{member}/sessions", nil, nil)
	var reset struct{ URL string }
	w.do(w.owner, "POST W/members/{member}/password-reset", nil, &reset)
	link, err := url.Parse(reset.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	token := link.Query().Get("token") + strings.TrimPrefix(link.Fragment, "token=")
	w.do(rig.Member{API: rig.NewAPI(w.server.URL()), ID: mo.ID}, "POST /api/v1/password-resets/use", obj{"token": token, "password": moPassword}, nil)
}

func (w *walk) signIn(password string) rig.Member {
	w.t.Helper()
	m, err := rig.NewAPI(w.server.URL()).SignIn(w.t.Context(), moEmail, password)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// another signs Mo in elsewhere.
func (w *walk) another() { w.t.Helper(); w.signIn(moPassword) }

// sessionOf returns a session of a member that is not the one that asks.
func (w *walk) sessionOf(m rig.Member) string {
	w.t.Helper()
	var list struct {
		Items []struct {
			ID      string `json:"id"`
			Current bool   `json:"current"`
		} `json:"items"`
	}
	if _, err := m.Call(w.t.Context(), http.MethodGet, rig.Prefix+"/account/sessions", nil, &list); err != nil {
		w.t.Fatal(err)
	}
	for _, s := range list.Items {
		if !s.Current {
			return s.ID
		}
	}
	w.t.Fatalf("there is no other session: %+v", list)
	return ""
}

// secondStep is the second step of signing in, the rules and the providers.
func (w *walk) secondStep() {
	mo := w.signIn(moPassword)
	var enrolment struct{ Secret string }
	if _, err := mo.Call(w.t.Context(), http.MethodPost, rig.Prefix+"/account/totp", obj{"password": moPassword}, &enrolment); err != nil {
		w.t.Fatal(err)
	}
	var recovery struct {
		Codes []string `json:"recovery_codes"`
	}
	now := time.Now()
	w.do(mo, "POST /api/v1/account/totp/confirm", obj{"code": w.code(enrolment.Secret, now)}, &recovery)
	w.do(mo, "POST /api/v1/account/totp/recovery-codes", obj{"code": w.code(enrolment.Secret, now.Add(30*time.Second))}, &recovery)
	if len(recovery.Codes) < 3 {
		w.t.Fatalf("codes: %+v", recovery)
	}
	var challenge struct {
		Challenge struct{ Token string } `json:"challenge"`
	}
	if _, err := rig.NewAPI(w.server.URL()).Call(w.t.Context(), http.MethodPost, rig.Prefix+"/session", obj{"email": moEmail, "password": moPassword}, &challenge); err != nil {
		w.t.Fatal(err)
	}
	w.do(rig.Member{API: rig.NewAPI(w.server.URL()), ID: mo.ID}, "POST /api/v1/session/second", obj{"challenge": challenge.Challenge.Token, "code": recovery.Codes[0]}, nil)
	w.do(mo, "POST /api/v1/account/totp/disable", obj{"code": recovery.Codes[1], "password": moPassword}, nil)
	if _, err := mo.Call(w.t.Context(), http.MethodPost, rig.Prefix+"/account/totp", obj{"password": moPassword}, &enrolment); err != nil {
		w.t.Fatal(err)
	}
	if _, err := mo.Call(w.t.Context(), http.MethodPost, rig.Prefix+"/account/totp/confirm", obj{"code": w.code(enrolment.Secret, time.Now())}, nil); err != nil {
		w.t.Fatal(err)
	}
	w.do(w.owner, "DELETE W/members/{member}/second-factor", nil, nil)

	var provider made
	w.do(w.owner, "POST W/sign-in/providers", obj{"name": "Office", "client_id": "tea", "client_secret": "s3cret", "issuer": w.issuer()}, &provider)
	w.values["provider"] = provider.ID
	w.do(w.owner, "PATCH W/sign-in/providers/{provider}", obj{"name": "The office"}, nil)
	w.do(w.owner, "DELETE W/sign-in/providers/{provider}", nil, nil)
	w.do(w.owner, "PATCH W/sign-in/policy", obj{"idle_seconds": 7200}, nil)
}

// issuer is the address of a provider that says what it is, and no more.
func (w *walk) issuer() string {
	var server *httptest.Server
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(obj{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/authorize", "token_endpoint": server.URL + "/token",
			"jwks_uri": server.URL + "/keys", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	}))
	server.Start()
	w.t.Cleanup(server.Close)
	return server.URL
}

// code is the one-time code of a secret at a time (RFC 6238: SHA-1, 30 s, 6 digits).
func (w *walk) code(secret string, at time.Time) string {
	w.t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		w.t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30) // a hash takes it
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}
