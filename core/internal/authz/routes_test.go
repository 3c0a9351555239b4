package authz_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/app"
)

// row is a route as it is promised. See table.
type row struct {
	method, path string
	need         string // the permission; or session, visitor, public, hook, operator
	want         []int  // what who may gets of what they may see
	spends       bool   // asked once, the things are another's, gone or closed
	person       bool   // a key is refused, whatever it may
	query, body  string
}

// placeholder is a parameter of a path, as huma or fiber writes it.
func placeholder() *regexp.Regexp { return regexp.MustCompile(`\{(\w+)\}|:(\w+)`) }

// place is the path with parameters called by the kind of what they name: a
// webhook's key is no inbox's, and only a live inbox has one.
func (r row) place() string {
	return strings.NewReplacer("/secrets/{kid}", "/secrets/{secret}", "{inbox}/identity-secret", "{chat}/identity-secret").Replace(r.path)
}

func (r row) String() string { return r.method + " " + r.path }

// TestRoutes holds the table against the routes that are served, both ways: a
// new route needs a row, and a row needs its route.
func TestRoutes(t *testing.T) {
	served, err := app.Routes()
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]row)
	for _, r := range routes(t) {
		listed[r.String()] = r
	}
	for _, s := range served {
		name := s.Method + " " + s.Path
		r, ok := listed[name]
		delete(listed, name)
		switch {
		case !ok:
			t.Errorf("%s (%s) has no row: say in routes_test.go who may ask it, and with what", name, s.Access)
		case r.need != s.Access:
			t.Errorf("%s is open to %q and must be to %q", name, s.Access, r.need)
		}
	}
	for name := range listed {
		t.Errorf("%s has a row and is not served", name)
	}
}

// routes reads the table.
func routes(t *testing.T) []row {
	t.Helper()
	successes := successes(t)
	var out []row
	for line := range strings.Lines(table) {
		r, ok := parse(t, strings.TrimSpace(line))
		if !ok {
			continue
		}
		if r.want == nil {
			r.want = successes[r.String()]
		}
		out = append(out, r)
	}
	return out
}

// parse reads "METHOD path need [?query] [spends] [person] [=status,...] [:: body]".
func parse(t *testing.T, line string) (row, bool) {
	t.Helper()
	line, body, _ := strings.Cut(line, " :: ")
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(line, "#") {
		return row{}, false
	}
	if len(words) < 3 {
		t.Fatalf("not a row: %s", line)
	}
	r := row{method: words[0], path: strings.Replace(words[1], "~", "/api/v1/workspaces/{workspace}", 1), need: words[2], body: body}
	for _, word := range words[3:] {
		switch {
		case word == "spends":
			r.spends = true
		case word == "person":
			r.person = true
		case strings.HasPrefix(word, "?"):
			r.query = word
		case strings.HasPrefix(word, "="):
			for n := range strings.SplitSeq(word[1:], ",") {
				code, err := strconv.Atoi(n)
				if err != nil {
					t.Fatalf("not a row: %s", line)
				}
				r.want = append(r.want, code)
			}
		default:
			t.Fatalf("not a row: %s", line)
		}
	}
	return r, true
}

// ofMembers reports whether the route is a workspace's; the others, and
// sockets, have tests of their own.
func (r row) ofMembers() bool {
	return !slices.Contains([]string{"session", "visitor", "public", "hook", "operator"}, r.need) && !strings.HasSuffix(r.path, "/live")
}

// table says of every route who may ask it. After the permission: "spends" for
// what changes things so that the next needs others, "person" for what refuses keys, "=" and statuses where
// who may gets another answer than the document's (the thing is not in a state
// for it), and a body that is right.
const table = `
GET /livez public
GET /readyz public
GET /operator/live operator
GET /operator/bundle operator
GET /openapi.json public
GET /docs public
GET /docs/api public
GET /docs/api/:guide public
GET /docs/errors public
GET /docs/errors/:code public
GET /docs/files/:name public
GET /t/:token public
POST /t/:token/comments public
POST /t/:token/rating public
POST /t/:token/uploads public
PATCH /t/:token/uploads/:upload public
GET /t/:token/files/:attachment public
GET /r/:token public
POST /r/:token public
GET /hooks/{token}/* hook
POST /hooks/{token}/* hook
PUT /hooks/{token}/* hook
GET /w/:inbox/* public
GET /chat/:inbox public
GET /* public
GET /api/v1/media/:attachment public
GET /api/v1/media/:attachment/preview public

GET /api/v1/setup public
POST /api/v1/setup public
POST /api/v1/session public
POST /api/v1/session/link public
POST /api/v1/session/second public
GET /api/v1/sign-in/providers public
GET /api/v1/oidc/{provider}/start public
GET /api/v1/oidc/{provider}/callback public
GET /api/v1/oauth/plugin/callback public
POST /api/v1/invitations/accept public
POST /api/v1/invitations/lookup public
POST /api/v1/password-resets/lookup public
POST /api/v1/password-resets/use public

GET /api/v1/session session
PATCH /api/v1/session session :: {"locale":"en"}
DELETE /api/v1/session session spends
POST /api/v1/session/password session =422,429 :: {"current":"x","new":"correct-horse-battery-43"}
GET /api/v1/account/providers session
POST /api/v1/account/providers/{provider} session =404 :: {"return":"/"}
DELETE /api/v1/account/providers/{provider} session =404
GET /api/v1/account/sessions session
DELETE /api/v1/account/sessions session
DELETE /api/v1/account/sessions/{session} session =404
GET /api/v1/account/push session
PUT /api/v1/account/push session =422 :: {"endpoint":"https://push.example/x","key":"x","auth":"x"}
POST /api/v1/account/push/test session =409
DELETE /api/v1/account/push/{session} session =404
GET /api/v1/account/totp session
POST /api/v1/account/totp session =422,429 :: {"password":"x"}
POST /api/v1/account/totp/confirm session =409,422,429 :: {"code":"000000"}
POST /api/v1/account/totp/disable session =409,422,429 :: {"code":"000000","password":"x"}
POST /api/v1/account/totp/recovery-codes session =409,422,429 :: {"code":"000000"}

GET /api/v1/trial/{pass} public
GET /api/v1/trial/{pass}/socket public

GET /api/v1/live/{inbox} public
GET /api/v1/live/{inbox}/socket public
POST /api/v1/live/{inbox}/sessions public
GET /api/v1/live/{inbox}/changes visitor
POST /api/v1/live/{inbox}/messages visitor :: {"client_msg_id":"v{n}","text":"hello"}
POST /api/v1/live/{inbox}/offline visitor :: {"name":"A","email":"a@example.com","message":"call me","client_msg_id":"f{n}"}
POST /api/v1/live/{inbox}/pageviews visitor :: {"views":[{"url":"https://shop.example/","at":"{now}"}]}
POST /api/v1/live/{inbox}/prechat visitor :: {"name":"A"}
POST /api/v1/live/{inbox}/rating visitor =409 :: {"score":5}
POST /api/v1/live/{inbox}/read visitor :: {"seq":1}
GET /api/v1/live/{inbox}/transcript visitor
GET /api/v1/live/{inbox}/waiting visitor
POST /api/v1/live/{inbox}/waiting/callback visitor =403,409 :: {"phone":"+4930123456","client_msg_id":"c{n}"}
POST /api/v1/live/{inbox}/waiting/leave visitor =204,409
POST /api/v1/live/{inbox}/uploads visitor :: {"name":"a.txt","size":1}
GET /api/v1/live/{inbox}/uploads/{upload} visitor
PATCH /api/v1/live/{inbox}/uploads/{upload} visitor ?offset=0 :: a
DELETE /api/v1/live/{inbox}/uploads/{upload} visitor
DELETE /api/v1/live/{inbox}/sessions visitor spends

GET ~ workspace.read
PATCH ~ workspace.manage :: {"locale":"en"}
GET ~/checklist workspace.read
GET ~/events member.read
GET ~/live member.read
GET ~/presence member.read
GET ~/figures conversation.supervise
PUT ~/presence/me conversation.reply :: {"status":"away"}
POST ~/presence/me/ready conversation.reply
GET ~/reach inbox.manage
GET ~/notifications workspace.read
POST ~/notifications/read workspace.read :: {"all":true}
GET ~/notification-preferences workspace.read
PUT ~/notification-preferences workspace.read :: {"rules":{}}
GET ~/permissions role.read
GET ~/retention retention.manage
PATCH ~/retention retention.manage :: {}
GET ~/retention/preview retention.manage
GET ~/exports workspace.export
POST ~/exports workspace.export =201,409 :: {"with_files":false}
GET ~/exports/{export} workspace.export
DELETE ~/exports/{export} workspace.export
GET ~/exports/{export}/file workspace.export person =200,404

GET ~/members member.read
PATCH ~/members/{member} member.manage :: {"capacity":4}
GET ~/members/{member}/sessions member.manage
DELETE ~/members/{member}/sessions member.manage
DELETE ~/members/{member}/sessions/{session} member.manage spends
DELETE ~/members/{member}/second-factor member.manage =204,409
POST ~/members/{member}/password-reset member.manage
GET ~/invitations member.manage
POST ~/invitations member.manage :: {"email":"new{n}@example.com","role":"agent"}
DELETE ~/invitations/{invitation} member.manage spends
GET ~/roles role.read
POST ~/roles role.manage :: {"name":"New {n}"}
GET ~/roles/{role} role.read
PATCH ~/roles/{role} role.manage :: {"description":"x"}
DELETE ~/roles/{role} role.manage spends
GET ~/teams team.read
POST ~/teams team.manage :: {"name":"New {n}"}
PATCH ~/teams/{team} team.manage :: {"description":"x"}
DELETE ~/teams/{team} team.manage spends
GET ~/calendars team.read
POST ~/calendars team.manage :: {"name":"New {n}","time_zone":"UTC","week":{"monday":[{"from":"09:00","to":"17:00"}]}}
GET ~/calendars/{calendar} team.read
PATCH ~/calendars/{calendar} team.manage =200,409 :: {"name":"Named {n}","revision":1}
DELETE ~/calendars/{calendar} team.manage spends
GET ~/calendars/{calendar}/days team.read
GET ~/alerts conversation.supervise
POST ~/alerts/{alert}/acknowledge conversation.supervise =404
GET ~/alert-rules conversation.supervise
PUT ~/alert-rules team.manage =200,409 :: {"revision":0,"wait":{"on":true,"after_s":600,"of_target":0},"staff":{"on":true,"fewer_than":1,"after_s":60},"risk":{"on":false,"more_than":5},"away":{"on":true,"after_s":600}}
GET ~/dispatch-policy team.read
PUT ~/dispatch-policy/draft team.manage =200,409 :: {"revision":0}
POST ~/dispatch-policy/publish team.manage =200,409 :: {"revision":1}
POST ~/dispatch-policy/restore team.manage =200,404,409 :: {"number":1,"published":1}
POST ~/dispatch-policy/compare team.manage :: {"plans":["draft","current"],"day":{"kind":"own","staff":[{"count":1,"capacity":1}],"streams":[{"channel":"chat","per_hour":1,"handling_s":60}]}}
GET ~/dispatch-policy/days team.manage
GET ~/dispatch-policy/days/{day} team.manage =422
GET ~/dispatch-policy/revisions team.read
GET ~/routing team.read
PUT ~/routing team.manage =200,409 :: {"revision":0,"rules":[]}
POST ~/routing/try team.manage :: {"text":"x"}
GET ~/queues team.read
POST ~/queues team.manage :: {"name":"New {n}"}
GET ~/queues/{queue} team.read
PATCH ~/queues/{queue} team.manage :: {"description":"x"}
DELETE ~/queues/{queue} team.manage spends
GET ~/skills team.read
POST ~/skills team.manage :: {"name":"New {n}"}
PATCH ~/skills/{skill} team.manage :: {"name":"Renamed {n}"}
DELETE ~/skills/{skill} team.manage spends
GET ~/members/{member}/skills team.read
PUT ~/members/{member}/skills team.manage :: {"skills":[]}
GET ~/holiday-sets team.read
POST ~/calendars/{calendar}/import/preview team.manage :: {"set":"cn-2026"}
POST ~/calendars/{calendar}/import team.manage =200,409 :: {"set":"cn-2026","revision":1}
GET ~/api-keys apikey.own
POST ~/api-keys apikey.own :: {"name":"x","scopes":["member.read"]}
DELETE ~/api-keys/{key} apikey.own spends
GET ~/sandboxes sandbox.manage
POST ~/sandboxes sandbox.manage =201,409 :: {"name":"New {n}"}
GET ~/sandboxes/{sandbox} sandbox.manage
POST ~/sandboxes/{sandbox}/reset sandbox.manage =202,409
DELETE ~/sandboxes/{sandbox} sandbox.manage spends
GET ~/sign-in/policy signin.manage
PATCH ~/sign-in/policy signin.manage :: {"two_factor":"optional"}
GET ~/sign-in/providers signin.manage
POST ~/sign-in/providers signin.manage :: {"name":"P{n}","client_id":"c","client_secret":"s","issuer":"{issuer}"}
GET ~/sign-in/providers/{provider}/check signin.manage
PATCH ~/sign-in/providers/{provider} signin.manage :: {"name":"y"}
DELETE ~/sign-in/providers/{provider} signin.manage spends
GET ~/audit audit.read
GET ~/audit/export audit.export
GET ~/system system.read
GET ~/system/trial system.read
GET ~/system/bundle/contents system.read
GET ~/system/bundle system.read
GET ~/audit/verification audit.read
GET ~/audit/retention audit.read
PUT ~/audit/retention retention.manage =200,403 :: {"months":12}

GET ~/channels inbox.manage
GET ~/inboxes inbox.read
POST ~/inboxes inbox.manage :: {"name":"New {n}","plugin":"test/channel","config":{}}
POST ~/inboxes/validate inbox.manage :: {"plugin":"test/channel","config":{}}
GET ~/inboxes/{inbox} inbox.read
GET ~/inboxes/{inbox}/health inbox.read
POST ~/inboxes/{inbox}/retry inbox.manage :: {}
GET ~/inboxes/{inbox}/backfills inbox.manage
POST ~/inboxes/{inbox}/backfills inbox.manage =422 :: {"since":"2026-01-01T00:00:00Z"}
POST ~/inboxes/{inbox}/backfills/stop inbox.manage =409
GET ~/inboxes/{inbox}/templates inbox.read =422
POST ~/inboxes/{inbox}/templates/refresh inbox.read =422 :: {}
GET ~/inboxes/{inbox}/requests inbox.manage
GET ~/inboxes/{inbox}/requests/{request} inbox.manage
POST ~/inboxes/{inbox}/requests/{request}/replay inbox.manage =200,409 :: {}
POST ~/inboxes/{inbox}/requests/replay inbox.manage :: {"outcome":"failed"}
GET ~/inboxes/{inbox}/rules inbox.manage
PUT ~/inboxes/{inbox}/rules inbox.manage =200,409 :: {"revision":0,"rules":[]}
POST ~/inboxes/{inbox}/rules/try inbox.manage =200,404 :: {"text":"hi"}
PATCH ~/inboxes/{inbox} inbox.manage :: {"name":"Renamed"}
POST ~/inboxes/{inbox}/oauth inbox.manage person =200,404,409 :: {"pointer":"/account"}
POST ~/inboxes/{inbox}/rotate-hook inbox.manage :: {}
GET ~/inboxes/{inbox}/identity-secret inbox.manage
POST ~/inboxes/{inbox}/identity-secret inbox.manage :: {}
DELETE ~/inboxes/{inbox}/identity-secret/{kid} inbox.manage spends
GET ~/plugins plugin.read
GET ~/plugins/{publisher}/{name}/history plugin.manage =404
GET ~/plugins/{publisher}/{name}/logs plugin.manage =404
POST ~/plugins/{publisher}/{name}/disable plugin.manage =404
POST ~/plugins/{publisher}/{name}/enable plugin.manage =404
POST ~/plugins/{publisher}/{name}/pin plugin.manage =404 :: {"version":"1.0.0"}
POST ~/plugins/{publisher}/{name}/restart plugin.manage =404
GET ~/licenses plugin.manage
POST ~/licenses plugin.manage =422 :: {"token":"a.b.c"}
DELETE ~/licenses/{license} plugin.manage =404
GET ~/templates plugin.read
POST ~/templates/{publisher}/{name}/{template}/plan plugin.manage =404 :: {"locale":"en"}
POST ~/templates/{publisher}/{name}/{template}/apply plugin.manage =404 :: {"locale":"en","hash":"x"}
GET ~/templates/{publisher}/{name}/{template}/removal plugin.manage =404
POST ~/templates/{publisher}/{name}/{template}/removal plugin.manage =404 :: {"hash":"x"}
POST ~/plugins/{publisher}/{name}/rollback plugin.manage =404
POST ~/plugins/{publisher}/{name}/upgrade plugin.manage =404 :: {"accept":["messages:ingest"]}
GET ~/plugins/{publisher}/{name}/versions plugin.manage =404
PUT ~/plugins/{publisher}/{name}/grants plugin.manage =404 :: {"scopes":[]}
GET ~/connections plugin.read
POST ~/connections plugin.manage :: {"plugin":"test/channel","name":"New {n}","config":{}}
POST ~/connections/validate plugin.manage :: {"plugin":"test/channel","config":{}}
GET ~/connections/{connection} plugin.read
GET ~/connections/{connection}/skipped plugin.read
GET ~/connections/{connection}/health plugin.read
POST ~/connections/{connection}/retry plugin.manage :: {}
PATCH ~/connections/{connection} plugin.manage :: {"name":"Renamed"}
DELETE ~/connections/{connection} plugin.manage spends
POST ~/connections/{connection}/oauth plugin.manage person :: {"pointer":"/account"}
GET /frames/:publisher/:name/:version/* public
GET /x/{publisher}/{name}/{instance}/* public
POST /x/{publisher}/{name}/{instance}/* public
PUT /x/{publisher}/{name}/{instance}/* public
DELETE /x/{publisher}/{name}/{instance}/* public
GET ~/panels workspace.read =200,403,404
POST ~/connections/{connection}/panels/{panel}/render workspace.read =404 :: {}
POST ~/connections/{connection}/panels/{panel}/act workspace.read =404 :: {"action_id":"a","action":"a"}
POST ~/connections/{connection}/panels/{panel}/frame workspace.read =404 :: {}
POST ~/connections/{connection}/panels/{panel}/call workspace.read =404 :: {"token":"x","method":"m"}
GET ~/connections/{connection}/objects contact.read =503
GET ~/connections/{connection}/records contact.read =503 ?object=party
POST ~/connections/{connection}/records contact.write =503 :: {"key":"k","object":"party","fields":{}}
GET ~/contacts/{contact}/records contact.read
POST ~/conversations/{conversation}/summary conversation.reply =404,503 :: {"key":"k","connection":"pin_none","object":"party","record":"1","text":"x"}
GET ~/tools conversation.reply
POST ~/tools/{publisher}/{name}/{tool} conversation.reply =404 :: {"key":"k"}
GET ~/approvals conversation.reply
POST ~/approvals/{approval} conversation.reply =404 :: {"approve":false}
GET ~/webhooks webhook.read
POST ~/webhooks webhook.manage :: {"url":"https://example.com/x","events":["*"],"active":false}
GET ~/webhooks/events webhook.read
GET ~/webhooks/deliveries/{delivery} webhook.read
GET ~/webhooks/{webhook} webhook.read
PATCH ~/webhooks/{webhook} webhook.manage :: {"description":"x"}
DELETE ~/webhooks/{webhook} webhook.manage spends
GET ~/webhooks/{webhook}/deliveries webhook.read
POST ~/webhooks/{webhook}/replay webhook.manage =200,409,422 :: {}
POST ~/webhooks/{webhook}/secrets webhook.manage spends :: {"overlap_hours":1}
DELETE ~/webhooks/{webhook}/secrets/{kid} webhook.manage spends
POST ~/webhooks/{webhook}/test webhook.manage

GET ~/labels catalog.read
POST ~/labels catalog.manage :: {"name":"New {n}","color":"#2f80ed"}
PATCH ~/labels/{label} catalog.manage :: {"description":"x"}
DELETE ~/labels/{label} catalog.manage spends
GET ~/attributes catalog.read
POST ~/attributes catalog.manage :: {"target":"contact","key":"n{n}","name":"New {n}","type":"text"}
PATCH ~/attributes/{attribute} catalog.manage :: {"name":"y{n}"}
DELETE ~/attributes/{attribute} catalog.manage spends
GET ~/canned catalog.read
POST ~/canned conversation.reply :: {"shortcut":"n{n}","title":"x","text":"x","scope":"personal"}
PATCH ~/canned/{canned} conversation.reply :: {"title":"y"}
DELETE ~/canned/{canned} conversation.reply spends
POST ~/canned/{canned}/use conversation.reply
GET ~/views conversation.read
POST ~/views conversation.read :: {"name":"New {n}","filter":{"field":"state","op":"is","value":"open"}}
PATCH ~/views/{view} conversation.read :: {"icon":"star"}
DELETE ~/views/{view} conversation.read spends

GET ~/contacts contact.read
POST ~/contacts contact.write :: {"name":"New {n}"}
GET ~/contacts/{contact} contact.read
PATCH ~/contacts/{contact} contact.write :: {"note":"x"}
GET ~/contacts/{contact}/duplicates contact.read
GET ~/contacts/{contact}/erase contact.erase
POST ~/contacts/{contact}/erase contact.erase spends :: {"confirm":"{contact}"}
GET ~/contacts/{contact}/journey contact.read
POST ~/contacts/{contact}/merge contact.merge =404 :: {"into":"con_none"}
GET ~/contacts/{contact}/merges contact.read
GET ~/contacts/{contact}/notes contact.read
POST ~/contacts/{contact}/notes contact.write :: {"text":"x"}
PATCH ~/contacts/{contact}/notes/{note} contact.write :: {"text":"y"}
DELETE ~/contacts/{contact}/notes/{note} contact.write spends
GET ~/contacts/{contact}/organisation-suggestion contact.read
GET ~/contacts/{contact}/pages contact.read
GET ~/contacts/{contact}/tickets ticket.read
GET ~/erasures contact.erase
POST ~/merges/{merge}/undo contact.merge spends
GET ~/organisations contact.read
POST ~/organisations contact.write :: {"name":"New {n}"}
GET ~/organisations/{organisation} contact.read
PATCH ~/organisations/{organisation} contact.write :: {"note":"x"}
DELETE ~/organisations/{organisation} contact.write spends
# an erasure of anybody throws imports away: each is asked anew
GET ~/imports contact.import
POST ~/imports contact.import =415,422 :: {}
GET ~/imports/{import} contact.import
PATCH ~/imports/{import} contact.import spends :: {"mapping":{"1":"email"}}
POST ~/imports/{import}/check contact.import spends
GET ~/imports/{import}/errors.csv contact.import
POST ~/imports/{import}/run contact.import spends

GET ~/conversations conversation.read
POST ~/conversations conversation.reply =404 :: {"client_msg_id":"b{n}","inbox_id":"inb_none","envelope":{"subject":"s"},"text":"x"}
POST ~/conversations/bulk conversation.reply :: {"ids":["cnv_none"],"action":"read"}
POST ~/conversations/check conversation.read :: {"ids":["cnv_none"]}
GET ~/conversations/counts conversation.read
POST ~/conversations/query conversation.read :: {}
GET ~/conversations/{conversation} conversation.read
POST ~/conversations/{conversation}/accept conversation.reply =200,409
POST ~/conversations/{conversation}/reject conversation.reply =409 :: {}
POST ~/conversations/{conversation}/assign conversation.assign spends :: {"member_id":""}
PATCH ~/conversations/{conversation}/attributes conversation.reply :: {"set":{}}
GET ~/conversations/{conversation}/draft conversation.reply
PUT ~/conversations/{conversation}/draft conversation.reply =200,409 :: {"text":"x","kind":"text","rev":0}
GET ~/conversations/{conversation}/findings conversation.read
GET ~/conversations/{conversation}/group-members conversation.read
PUT ~/conversations/{conversation}/labels conversation.reply :: {"label_ids":[]}
POST ~/conversations/{conversation}/merge conversation.merge =404 :: {"into":"cnv_none"}
POST ~/conversations/{conversation}/unmerge conversation.merge =409
POST ~/conversations/{conversation}/messages conversation.reply :: {"client_msg_id":"x{n}","kind":"note","text":"hi"}
GET ~/conversations/{conversation}/messages/{message}/delivery conversation.read
GET ~/conversations/{conversation}/messages/{message}/html conversation.read =404
GET ~/conversations/{conversation}/messages/{message}/picture conversation.read =404
GET ~/conversations/{conversation}/messages/{message}/versions conversation.read
PATCH ~/conversations/{conversation}/messages/{message} conversation.reply =403,409 :: {"text":"x"}
POST ~/conversations/{conversation}/messages/{message}/recall conversation.reply =200,403,409
POST ~/conversations/{conversation}/messages/{message}/delivery conversation.reply =200,409 :: {"resolve":"send_again"}
POST ~/conversations/{conversation}/messages/{message}/attachments/{attachment}/fetch conversation.reply =404
PUT ~/conversations/{conversation}/participants conversation.reply :: {"member_ids":[]}
PUT ~/conversations/{conversation}/participants/me conversation.read spends
DELETE ~/conversations/{conversation}/participants/me conversation.read
PUT ~/conversations/{conversation}/priority conversation.reply :: {"priority":"high"}
POST ~/conversations/{conversation}/rating-link conversation.reply spends =200,409
PUT ~/conversations/{conversation}/read conversation.read :: {"seq":1}
GET ~/conversations/{conversation}/scheduled conversation.read
POST ~/conversations/{conversation}/scheduled conversation.reply spends :: {"client_msg_id":"y{n}","text":"later","send_at":"{tomorrow}"}
PATCH ~/conversations/{conversation}/scheduled/{scheduled} conversation.reply :: {"text":"later still"}
DELETE ~/conversations/{conversation}/scheduled/{scheduled} conversation.reply spends
POST ~/conversations/{conversation}/state conversation.reply spends :: {"state":"resolved"}
GET ~/conversations/{conversation}/ticket-draft ticket.write
GET ~/conversations/{conversation}/tickets ticket.read
GET ~/conversations/{conversation}/timeline conversation.read
GET ~/conversations/{conversation}/transcript conversation.read
GET ~/conversations/{conversation}/whispers conversation.read
POST ~/conversations/{conversation}/take-over conversation.supervise spends =200,409 :: {"from_id":"","reason":"a complaint"}
POST ~/conversations/{conversation}/join conversation.supervise =200,409
POST ~/conversations/{conversation}/leave conversation.supervise
POST ~/conversations/{conversation}/watch conversation.supervise
POST ~/conversations/{conversation}/whispers conversation.supervise =201,409 :: {"client_msg_id":"w{n}","text":"offer ten percent"}
GET ~/drafts conversation.reply
POST ~/findings/{finding}/dismiss conversation.reply
GET ~/ratings rating.read
GET ~/search conversation.read ?q=hello
POST ~/uploads conversation.reply :: {"name":"a.txt","size":1}
GET ~/uploads/{upload} conversation.reply
PATCH ~/uploads/{upload} conversation.reply ?offset=0 spends :: a
DELETE ~/uploads/{upload} conversation.reply spends

GET ~/ticket-types ticket.read
POST ~/ticket-types ticket.manage :: {"name":"New {n}"}
PATCH ~/ticket-types/{type} ticket.manage :: {"description":"x"}
DELETE ~/ticket-types/{type} ticket.manage spends
GET ~/tickets ticket.read
POST ~/tickets ticket.write :: {"title":"New {n}"}
GET ~/tickets/board ticket.read
POST ~/tickets/bulk ticket.write :: {"ids":["tkt_none"],"action":"priority","priority":"high"}
GET ~/tickets/counts ticket.read
GET ~/tickets/export ticket.export
GET ~/tickets/{ticket} ticket.read
PATCH ~/tickets/{ticket} ticket.write :: {"title":"y"}
POST ~/tickets/{ticket}/assign ticket.assign spends :: {"assignee_id":""}
GET ~/tickets/{ticket}/changes ticket.read
POST ~/tickets/{ticket}/comments ticket.write :: {"client_id":"x{n}","text":"hi","public":false}
PUT ~/tickets/{ticket}/followers/me ticket.read spends
DELETE ~/tickets/{ticket}/followers/me ticket.read
PUT ~/tickets/{ticket}/followers/{member} ticket.write
DELETE ~/tickets/{ticket}/followers/{member} ticket.write
PUT ~/tickets/{ticket}/labels ticket.write :: {"label_ids":[]}
POST ~/tickets/{ticket}/link ticket.write
DELETE ~/tickets/{ticket}/link ticket.write
POST ~/tickets/{ticket}/links ticket.write =404 :: {"kind":"relates","ticket_id":"tkt_none"}
DELETE ~/tickets/{ticket}/links/{link} ticket.write spends
POST ~/tickets/{ticket}/merge ticket.merge =404 :: {"into":"tkt_none"}
POST ~/tickets/{ticket}/unmerge ticket.merge =409
`
