package authz_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// door is a place beside the path where a request names a thing: a property of
// a body, or a parameter of a query.
type door struct {
	row
	name  string
	kind  string
	query bool
	body  string // with {X} where the name goes
}

func (d door) String() string { return d.row.String() + " " + d.name }

// names says what the texts of bodies and queries name: a kind of thing, or
// nothing (""). A text that is not here fails the test, so that no id passes by
// unseen. "into" and "ids" are what the path is about.
func names() map[string]string {
	out := map[string]string{
		"assignee_id": "member", "from_id": "member", "member_id": "member", "member_ids": "member", "mentions": "member", "team_id": "team", "queue_id": "queue", "calendar_id": "calendar", "skill_id": "skill", "drop": "skill", "type_id": "type",
		"contact_id": "contact", "conversation_id": "conversation", "follow_up_of": "ticket", "ticket_id": "ticket", "label_ids": "label", "labels": "label",
		"attachment_ids": "attachment", "reply_to": "message", "forwards": "message", "message_id": "message", "organisation_id": "organisation", "inbox_ids": "inbox", "delivery_id": "delivery",
		"role": "role", "default_role": "role", "into": "path", "ids": "path",
		// of queries
		"contact": "contact", "inbox": "inbox", "label": "label", "team": "team", "queue": "queue", "view": "view", "views": "view", "member": "member",
		"organisation": "organisation", "actor": "member", "filter": "filter", "inbox_id": "inbox", "connection_id": "connection", "connection": "connection", "conversation": "conversation", "ticket": "ticket",
	}
	for name := range strings.FieldsSeq(`client_id client_msg_id client_secret color columns confirm cursor description domains email email_domains events
external_id from icon issuer key locale name note options permissions phone plugin reason scopes sha256 shortcut text timezone title to url
action after before format kinds limit notes offset q scope sort state target type unread since mapping idle_seconds fields attributes set
conversations files contacts outcome page_views channel_requests webhook_deliveries notifications exports about config secrets enabled probe pointer answers
action_id object record slot theme token method version hash accept id address subject pictures n group_mentions language
time_zone week exceptions hours effect weekday file set make_up page_url page_title findings by channel channels kind plans group date load seed`) {
		out[name] = ""
	}
	return out
}

// bodies are those of doors that need more than the row's body.
func bodies() map[string]string {
	return map[string]string{
		"POST ~/conversations/bulk label_ids":                         `{"ids":["{conversation}"],"action":"label","label_ids":["{X}"]}`,
		"POST ~/conversations/bulk member_id":                         `{"ids":["{conversation}"],"action":"assign","member_id":"{X}"}`,
		"POST ~/conversations/bulk queue_id":                          `{"ids":["{conversation}"],"action":"assign","queue_id":"{X}"}`,
		"POST ~/conversations/bulk team_id":                           `{"ids":["{conversation}"],"action":"assign","team_id":"{X}"}`,
		"POST ~/conversations/bulk ids":                               `{"ids":["{X}"],"action":"resolve"}`,
		"POST ~/conversations/check ids":                              `{"ids":["{X}"],"view":"all"}`,
		"POST ~/conversations/{conversation}/assign":                  `{}`,
		"POST ~/conversations/{conversation}/take-over":               `{"reason":"a complaint"}`,
		"PUT ~/conversations/{conversation}/draft":                    `{"text":"x","kind":"text","rev":0}`,
		"POST ~/conversations/{conversation}/messages":                `{"client_msg_id":"d{n}","kind":"note","text":"hi"}`,
		"POST ~/conversations/{conversation}/messages attachment_ids": `{"client_msg_id":"d{n}","kind":"note","text":"","attachment_ids":["{X}"]}`,
		"PUT ~/routing queue_id":                                      `{"revision":0,"rules":[{"name":"x","enabled":true,"then":{"queue_id":"{X}"}}]}`,
		"PUT ~/routing skill_id":                                      `{"revision":0,"rules":[{"name":"x","enabled":true,"then":{"skills":[{"skill_id":"{X}","level":1}]}}]}`,
		"POST ~/queues queue_id":                                      `{"name":"Over {n}","overflow":{"queue_id":"{X}","after_s":60}}`,
		"PATCH ~/queues/{queue} queue_id":                             `{"overflow":{"queue_id":"{X}","after_s":60}}`,
		"POST ~/queues calendar_id":                                   `{"name":"Open {n}","calendar_id":"{X}"}`,
		"PATCH ~/queues/{queue} calendar_id":                          `{"calendar_id":"{X}"}`,
		"POST ~/queues skill_id":                                      `{"name":"Skilled {n}","skills":[{"skill_id":"{X}","level":1}]}`,
		"PATCH ~/queues/{queue} skill_id":                             `{"skills":[{"skill_id":"{X}","level":1}]}`,
		"POST ~/queues drop":                                          `{"name":"Drops {n}","skills":[{"skill_id":"{X}","level":1}],"ladder":[{"after_s":60,"drop":["{X}"]}]}`,
		"PATCH ~/queues/{queue} drop":                                 `{"skills":[{"skill_id":"{X}","level":1}],"ladder":[{"after_s":60,"drop":["{X}"]}]}`,
		"PUT ~/members/{member}/skills skill_id":                      `{"skills":[{"skill_id":"{X}","level":1}]}`,
		"POST ~/canned team_id":                                       `{"shortcut":"n{n}","title":"x","text":"x","scope":"team","team_id":"{X}"}`,
		"POST ~/views team_id":                                        `{"name":"New {n}","filter":{"and":[]},"scope":"team","team_id":"{X}"}`,
		"PATCH ~/views/{view} team_id":                                `{"scope":"team","team_id":"{X}"}`,
		"POST ~/tickets/bulk ids":                                     `{"ids":["{X}"],"action":"priority","priority":"high"}`,
		"POST ~/tickets/bulk assignee_id":                             `{"ids":["{ticket}"],"action":"assign","assignee_id":"{X}"}`,
		"POST ~/tickets/bulk team_id":                                 `{"ids":["{ticket}"],"action":"assign","team_id":"{X}"}`,
		"POST ~/tickets/bulk label_ids":                               `{"ids":["{ticket}"],"action":"label","label_ids":["{X}"]}`,
		"POST ~/tickets/bulk type_id":                                 `{"ids":["{ticket}"],"action":"type","type_id":"{X}"}`,
		"POST ~/tickets/{ticket}/assign":                              `{}`,
		"POST ~/notifications/read ids":                               `{"ids":["{X}"]}`,
		"POST ~/webhooks/{webhook}/replay delivery_id":                `{"delivery_id":"{X}"}`,
		"POST ~/connections/validate connection_id":                   `{"plugin":"test/channel","connection_id":"{X}","config":{}}`,
		"POST ~/inboxes/validate inbox_id":                            `{"plugin":"test/channel","inbox_id":"{X}","config":{}}`,
		"PATCH ~/inboxes/{inbox} connection_id":                       `{"bot":{"connection_id":"{X}"}}`,
		"PUT ~/inboxes/{inbox}/rules team_id":                         `{"revision":0,"rules":[{"name":"x","enabled":true,"then":{"team_id":"{X}"}}]}`,
		"PUT ~/inboxes/{inbox}/rules label_ids":                       `{"revision":0,"rules":[{"name":"x","enabled":true,"then":{"label_ids":["{X}"]}}]}`,
		"PUT ~/inboxes/{inbox}/rules type_id":                         `{"revision":0,"rules":[{"name":"x","enabled":true,"then":{"ticket":{"type_id":"{X}"}}}]}`,
		"POST ~/inboxes/{inbox}/rules/try message_id":                 `{"conversation_id":"{conversation}","message_id":"{X}"}`,
		"POST ~/webhooks inbox_ids":                                   `{"url":"{sink}","events":["*"],"active":false,"inbox_ids":["{X}"]}`,
		"POST ~/tickets/{ticket}/comments attachment_ids":             `{"client_id":"d{n}","text":"hi","public":false,"attachment_ids":["{X}"]}`,
	}
}

// doors finds every door of the workspace's routes in the OpenAPI document.
func (w *world) doors() []door {
	w.t.Helper()
	d, known := openAPI(w.t), names()
	var out []door
	for _, r := range w.table {
		op, ok := d.Paths[r.path][strings.ToLower(r.method)]
		if !ok || !r.ofMembers() {
			continue
		}
		add := func(name string, list, query bool) {
			kind, ok := known[name]
			if !ok {
				w.t.Errorf("%s: what does %q name? Say so in names()", r, name)
			}
			if kind == "" {
				return
			}
			if kind == "path" {
				kind = r.about()
			}
			out = append(out, door{row: r, name: name, kind: kind, query: query, body: r.with(name, list, query)})
		}
		for name, list := range d.texts(op.Body.Content["application/json"].Schema) {
			add(name, list, false)
		}
		for _, p := range op.Parameters {
			if p.In == "query" {
				add(p.Name, false, true)
			}
		}
	}
	slices.SortFunc(out, func(a, b door) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// about is the kind of thing that a route is about: the last one in its path.
func (r row) about() string {
	if strings.HasPrefix(r.short(), "POST ~/notifications") {
		return "notification"
	}
	words := strings.Split(strings.TrimPrefix(r.path, "/api/v1/workspaces/{workspace}/"), "/")
	return strings.TrimSuffix(words[0], "s")
}

func (r row) short() string {
	return r.method + " " + strings.Replace(r.path, "/api/v1/workspaces/{workspace}", "~", 1)
}

// with is the route's body with {X} in one more property.
func (r row) with(name string, list, query bool) string {
	if query {
		return r.body
	}
	if body, ok := bodies()[r.short()+" "+name]; ok {
		return body
	}
	body := r.body
	if other, ok := bodies()[r.short()]; ok {
		body = other
	}
	value := `"{X}"`
	if list {
		value = `["{X}"]`
	}
	if name == "filter" {
		value = `{X}`
	}
	body = regexp.MustCompile(`"`+name+`":("[^"]*"|\[[^\]]*\]|\{[^}]*\}),?`).ReplaceAllString(body, "")
	body = strings.TrimSuffix(strings.TrimSpace(body), "}")
	body = strings.TrimSuffix(body, ",")
	if body == "{" || body == "" {
		return `{"` + name + `":` + value + `}`
	}
	return body + `,"` + name + `":` + value + `}`
}

// texts are the properties of a body that hold a text or a list of them.
func (d document) texts(s schema) map[string]bool {
	out := make(map[string]bool)
	seen := make(map[string]bool)
	var walk func(name string, s schema, list bool)
	walk = func(name string, s schema, list bool) {
		if s.Ref != "" {
			if seen[s.Ref] {
				return
			}
			seen[s.Ref] = true
			s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		}
		kind := fmt.Sprint(s.Type)
		if name != "" && strings.Contains(kind, "string") && len(s.Enum) == 0 && s.Format != "date-time" || name == "filter" {
			out[name] = list
		}
		if s.Items != nil {
			walk(name, *s.Items, true)
		}
		for name, p := range s.Properties {
			walk(name, p, false)
		}
	}
	walk("", s, false)
	return out
}

// volatile are the parts of an answer that differ from one request to the next.
func volatile() *regexp.Regexp {
	return regexp.MustCompile(`"(kid|secret)":"[^"]*"|"behind":(true|false)|\b[a-z]{3}_[0-9A-Za-z]{26}\b|\d{8}-\d{6}|\d{4}-\d\d-\d\d[T-][0-9:.]+Z?|\b[a-zA-Z]\d+\b|[TN][A-Za-z]* ?\d+|:\d+`)
}

// TestDoors names things in bodies and queries: whatever may not be seen is
// answered as a thing that never was, and nothing of it changes.
func TestDoors(t *testing.T) {
	w := newWorld(t)
	doors := w.doors()
	w.chat = w.newChat()
	owner, own := w.people["owner"], w.people["agent of their own"]
	for _, d := range doors {
		if d.kind != "filter" {
			for _, variant := range variants() {
				w.shared(variant).id(d.kind)
			}
		}
	}
	before := w.digest(w.there)
	cases, opened := 0, 0
	for _, d := range doors {
		if d.kind == "filter" {
			continue // below
		}
		cases += w.through(d, owner, isForeign, isDeleted)
		if own.may(d.need) && kinds()[d.kind].held != byWorkspace {
			cases += w.through(d, own, isOthers, isOuter, isForeign)
		}
		if w.open(d, owner) {
			opened++
		}
		cases++
	}
	w.filters(doors)
	if after := w.digest(w.there); after != before {
		t.Errorf("the other workspace was changed:\n%s", difference(before, after))
	}
	fmt.Printf("authz: %d side doors, %d cases, %d of them open for what is one's own\n", len(doors), cases, opened)
	if len(doors) < 60 {
		t.Errorf("only %d doors were found", len(doors))
	}
}

// through asks through a door for what may not be seen, and compares with what
// never was.
func (w *world) through(d door, p *person, variants ...string) (cases int) {
	w.t.Helper()
	none, _ := w.pass(d, p, w.shared(isRandom).id(d.kind))
	for _, variant := range variants {
		if variant == isDeleted && kinds()[d.kind].gone == nil {
			continue
		}
		cases++
		id := w.shared(variant).id(d.kind)
		if got, a := w.pass(d, p, id); got != none || a.status >= http.StatusInternalServerError {
			w.t.Errorf("%s by %s of %s (%s) answers\n%s\n--- and of nothing\n%s", d, p.name, variant, id, got, none)
		}
	}
	return cases
}

// open asks through a door for one's own: a door that never opens shows
// nothing of who it is closed to.
func (w *world) open(d door, p *person) bool {
	w.t.Helper()
	s := w.beforeDoor(d, p)
	mine := s
	if d.kind != "delivery" && d.kind != "message" { // which are of what the path names
		mine = w.newSet(isOwn)
		mine.by = p
	}
	_, a := w.knockAt(d, p, s, mine.id(d.kind))
	if a.status < http.StatusBadRequest {
		return true
	}
	if code, ok := unserved()[d.name]; slices.Contains(d.want, a.status) || ok && strings.Contains(a.text, `"`+code+`"`) {
		return false
	}
	w.t.Errorf("%s by %s of their own answers %d %s", d, p.name, a.status, a.text)
	return false
}

// unserved are the codes by which a door stays shut because the row's plugin does
// not serve it: it is no bot, its messages have no addresses, and customers begin.
func unserved() map[string]string {
	return map[string]string{"connection_id": "inbox.bot", "forwards": "message.forward", "inbox_id": "conversation.cannot_begin"}
}

// beforeDoor is what a request names beside the door: the asker's own, made
// anew, so that no request meets what another left.
func (w *world) beforeDoor(d door, p *person) *set {
	if d.name == "reply_to" || d.name == "attachment_ids" { // only a chat carries these
		if strings.HasSuffix(d.path, "/draft") { // which begins once
			return w.newChat()
		}
		return w.chat
	}
	s := w.newSet(isOwn)
	if strings.Contains(d.place(), "{view}") || strings.Contains(d.place(), "{canned}") {
		s.by = p
	}
	return s
}

func (w *world) pass(d door, p *person, id string) (plain string, a answer) {
	w.t.Helper()
	return w.knockAt(d, p, w.beforeDoor(d, p), id)
}

// knockAt is one request through a door.
func (w *world) knockAt(d door, p *person, s *set, id string) (plain string, a answer) {
	w.t.Helper()
	path := w.here.path(d.row, s)
	if d.query {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + d.name + "=" + url.QueryEscape(id)
	}
	a = w.ask(p, d.method, path, strings.ReplaceAll(s.fill(d.body), "{X}", id))
	return http.StatusText(a.status) + " " + volatile().ReplaceAllString(a.plain(append(slices.Collect(maps.Values(s.ids)), id)...), "N"), a
}

// filters names in filters what may not be seen: it finds what one finds that
// names nothing.
func (w *world) filters(doors []door) {
	w.t.Helper()
	cases, found := 0, 0
	for _, d := range doors {
		if d.kind != "filter" || d.method == http.MethodPatch {
			continue
		}
		for field, kind := range map[string]string{
			"assignee": "member", "offered": "member", "team": "team", "queue": "queue", "inbox": "inbox", "contact": "contact", "label": "label", "contact.organisation": "organisation",
			"participant": "member", "mention": "member", "follower": "member", "type": "type",
		} {
			n, ok := w.filtered(d, field, kind)
			cases += n
			if ok {
				found++
			}
		}
	}
	fmt.Printf("authz: filters, %d cases, %d of one's own accepted\n", cases, found)
	if found < 20 {
		w.t.Errorf("only %d filters of one's own were accepted", found)
	}
}

// filtered asks with a filter on one field; ok = one's own is accepted.
func (w *world) filtered(d door, field, kind string) (cases int, ok bool) {
	w.t.Helper()
	op := "is"
	if slices.Contains([]string{"label", "participant", "mention", "follower"}, field) {
		op = "has"
	}
	ask := func(p *person, variant string) (string, int) {
		cases++
		got, a := w.pass(d, p, fmt.Sprintf(`{"field":%q,"op":%q,"value":%q}`, field, op, w.shared(variant).id(kind)))
		if a.status >= http.StatusInternalServerError {
			w.t.Errorf("%s with %s of %s answers %d %s", d, field, variant, a.status, a.text)
		}
		return got, a.status
	}
	for _, name := range []string{"owner", "agent of their own"} {
		p := w.people[name]
		if !p.may(d.need) {
			continue
		}
		none, _ := ask(p, isRandom)
		for _, variant := range []string{isForeign, isOthers, isOuter} {
			if variant != isForeign && (p.reach == reachAll || kinds()[kind].held == byWorkspace) {
				continue
			}
			if got, _ := ask(p, variant); got != none {
				w.t.Errorf("%s by %s, %s of %s, answers\n%s\n--- and of nothing\n%s", d, name, field, variant, got, none)
			}
		}
		_, status := ask(p, isOwn)
		ok = ok || status < http.StatusBadRequest
	}
	return cases, ok
}
