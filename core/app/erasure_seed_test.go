package app_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

// phone is the person's, as the digits that it is kept with.
const phone = "13977755123"

// planting fills everything that can tell of a person with words that nothing
// else has, through the product, and what only trouble leaves in the database
// itself.
type planting struct {
	*drilled
	canaries
	raw  *database
	mate rig.Member
	echo rig.Inbox

	visitor                rig.API
	contact, conversation  string // of the person
	number                 int
	neighbour, host, guest string // conversations of others: untouched, merged with, merged into theirs
	linked, given          string // tickets of others
	kind                   string // of their tickets
	sought                 string // one of their words
}

// ask calls the API; what is refused ends the test.
func (p *planting) ask(by rig.API, method, address string, in, out any) {
	p.t.Helper()
	if _, err := by.Call(p.t.Context(), method, address, in, out); err != nil {
		p.t.Fatalf("%s %s: %v\n%s", method, address, err, p.out.Tail())
	}
}

// owned asks as the owner, within the workspace, and returns the answer's id.
func (p *planting) owned(method, tail string, in map[string]any) string {
	p.t.Helper()
	var made struct{ ID string }
	p.ask(p.owner.As("Idempotency-Key", fmt.Sprint("key-", p.next())), method, p.owner.At(tail), in, &made)
	return made.ID
}

func (p *planting) next() int { p.number++; return p.number }

func (p *planting) client() string {
	return fmt.Sprintf("00000000-0000-7000-a000-%012d", p.next())
}

// form posts a form as a browser does.
func (p *planting) form(address string, fields map[string]string) {
	p.t.Helper()
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	u, err := url.Parse(address)
	must(p.t, err)
	api := rig.NewAPI(p.server.URL())
	api.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := api.As("Content-Type", "application/x-www-form-urlencoded").Raw(p.t.Context(), http.MethodPost, u.Path, []byte(values.Encode()))
	if a.Status != http.StatusSeeOther && a.Status != http.StatusOK {
		p.t.Fatalf("%s answers %d %v: %.300s", u.Path, a.Status, err, a.Body)
	}
}

// plant does all of it.
func (p *planting) plant() {
	p.t.Helper()
	p.all = append(p.all, phone)
	var err error
	p.mate, err = p.owner.Invite(p.t.Context(), "mate@badinput.example", "Mate", "administrator", ownerPassword)
	must(p.t, err)
	p.echo, err = p.owner.Connect(p.t.Context(), "Echo", "patchbay/echo", map[string]any{})
	must(p.t, err)
	p.neighbour = p.chat
	p.owned(http.MethodPatch, "/inboxes/"+p.live.ID, map[string]any{"config": map[string]any{"page_views": "on", "offline": map[string]any{"enabled": true, "text": "Write to us."}}})
	p.listens()
	for _, a := range [][2]string{{"contact", "hobby"}, {"contact", "size"}, {"conversation", "hobby"}} {
		p.owned(http.MethodPost, "/attributes", map[string]any{"target": a[0], "key": a[1], "name": a[1], "type": "text"})
	}
	p.kind = p.owned(http.MethodPost, "/ticket-types", map[string]any{"name": "Repair", "fields": []any{map[string]any{"key": "serial", "name": "Serial", "type": "text"}}})
	p.visits()
	p.talks()
	p.writes()
	p.merges()
	p.tickets()
	p.sheets()
	p.rates()
	p.leftovers()
}

// listens has everything sent to an endpoint that answers with what it got.
func (p *planting) listens() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("X-Got", p.first(body))
		w.WriteHeader(http.StatusTeapot) // it stays to be sent again
		_, _ = w.Write(body)
	}))
	p.t.Cleanup(s.Close)
	p.owned(http.MethodPost, "/webhooks", map[string]any{"url": s.URL + "/hook", "events": []string{"*"}})
}

// first is the first of the words that a text has.
func (p *planting) first(text []byte) string {
	at := bytes.Index(text, []byte("zq"))
	if at < 0 || len(text) < at+16 {
		return "none"
	}
	return strings.Map(func(r rune) rune {
		if r < '0' || r > 'z' {
			return -1
		}
		return r
	}, string(text[at:at+24]))
}

// visits makes a visitor for whom the site vouches, with what they look at.
func (p *planting) visits() {
	token := channeltest.Token(p.secret, channel.InboxID(p.live.ID), time.Now(), p.word("subject"), p.word("jti"), map[string]any{
		"name": p.word("vouched"), "email": p.word("vouched") + "@example.com", "phone": "+86" + phone, "attributes": map[string]any{"hobby": p.word("claimed")},
	})
	var v rig.Visitor
	live := rig.Prefix + "/live/" + p.live.ID
	p.ask(rig.NewAPI(p.server.URL()), http.MethodPost, live+"/sessions", map[string]any{
		"page_url": "https://shop.example/" + p.word("landing"), "page_title": p.word("landing"), "referrer": "https://from.example/" + p.word("referrer"), "locale": "en", "identity": token,
	}, &v)
	p.visitor = rig.NewAPI(p.server.URL()).As("Authorization", "Bearer "+v.Token)
	p.ask(p.visitor, http.MethodPost, live+"/pageviews", map[string]any{"views": []any{
		map[string]any{"url": "https://shop.example/" + p.word("page"), "title": p.word("title"), "referrer": "https://shop.example/" + p.word("before"), "at": time.Now()},
	}}, nil)
}

// says sends a message of the visitor's.
func (p *planting) says(in map[string]any) {
	p.t.Helper()
	in["client_msg_id"] = p.client()
	p.ask(p.visitor, http.MethodPost, p.messages(), in, nil)
}

// talks has the visitor and the owner speak, with files.
func (p *planting) talks() {
	up := sender{p.visitor, rig.Prefix + "/live/" + p.live.ID + "/uploads"}
	text, err := up.send(p.t.Context(), p.word("file")+".txt", []byte(p.word("bytes")), media.ChunkSize)
	must(p.t, err)
	photo, err := up.send(p.t.Context(), p.word("photo")+".jpg", mediatest.Photo(900, 600), media.ChunkSize)
	must(p.t, err)
	_, err = up.send(p.t.Context(), p.word("unsent")+".txt", []byte(p.word("unsent")), media.ChunkSize)
	must(p.t, err)
	p.sought = p.word("said")
	p.says(map[string]any{"text": p.sought, "attachment_ids": []string{text.ID, photo.ID}})
	p.says(map[string]any{"text": strings.Repeat(p.word("long")+" ", 120)}) // beyond a page of the file
	var list struct {
		Items []struct {
			ID      string
			Contact struct{ ID string }
		}
	}
	p.ask(p.owner.API, http.MethodGet, p.owner.At("/conversations?sort=created_desc&limit=1"), nil, &list)
	p.conversation, p.contact = list.Items[0].ID, list.Items[0].Contact.ID
}

// writes has members write in the conversation and about the person.
func (p *planting) writes() {
	at := "/conversations/" + p.conversation
	var said struct{ Message struct{ ID string } }
	p.ask(p.owner.API, http.MethodPost, p.owner.At(at+"/messages"), map[string]any{"client_msg_id": p.client(), "kind": "text", "text": p.word("answer")}, &said)
	p.says(map[string]any{"text": p.word("quoting"), "reply_to": said.Message.ID})
	p.owned(http.MethodPost, at+"/messages", map[string]any{"client_msg_id": p.client(), "kind": "note", "text": p.word("note"), "mentions": []string{p.mate.ID}})
	up := sender{p.owner.API, p.owner.At("/uploads")}
	held := func(name string) []string {
		f, err := up.send(p.t.Context(), p.word(name)+".txt", []byte(p.word(name)), media.ChunkSize)
		must(p.t, err)
		return []string{f.ID}
	}
	p.owned(http.MethodPut, at+"/draft", map[string]any{"text": p.word("draft"), "kind": "text", "rev": 0, "attachment_ids": held("drafted"), "reply_to": said.Message.ID})
	p.owned(http.MethodPost, at+"/scheduled", map[string]any{"client_msg_id": p.client(), "text": p.word("later"), "send_at": time.Now().Add(time.Hour), "attachment_ids": held("planned"), "reply_to": said.Message.ID})
	p.owned(http.MethodPatch, at+"/attributes", map[string]any{"set": map[string]any{"hobby": p.word("attribute")}})
	p.owned(http.MethodPost, at+"/assign", map[string]any{"member_id": p.mate.ID})
	contact := "/contacts/" + p.contact
	for range 3 { // what is written over must go too
		p.owned(http.MethodPatch, contact, map[string]any{
			"name": p.word("named"), "email": p.word("was") + "@example.com", "note": p.word("remark"), "external_id": p.word("external"), "attributes": map[string]any{"hobby": p.word("hobby")},
		})
	}
	p.owned(http.MethodPatch, contact, map[string]any{"phone": "+86" + phone})
	p.owned(http.MethodPost, contact+"/notes", map[string]any{"text": p.word("noted")})
}

// knocks lets somebody write in by the other channel, and returns their
// conversation and contact. from is their address.
func (p *planting) knocks(from, name, text string) (conversation, person string) {
	p.t.Helper()
	u, err := url.Parse(p.echo.HookURL)
	must(p.t, err)
	p.ask(rig.NewAPI(p.server.URL()), http.MethodPost, u.Path, map[string]any{"id": from + "-1", "from": from, "name": name, "text": text}, nil)
	var list struct {
		Items []struct {
			ID      string
			Contact struct{ ID, Name string }
		}
	}
	p.until(name+" is there", func() bool {
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/conversations?sort=created_desc&limit=1"), nil, &list)
		return len(list.Items) == 1 && list.Items[0].Contact.Name == name
	})
	return list.Items[0].ID, list.Items[0].Contact.ID
}

// merges makes the person write in elsewhere, and merges contacts and
// conversations, theirs and others'.
func (p *planting) merges() {
	own, twin := p.knocks(p.word("from"), p.word("twin"), p.word("hello"))
	p.owned(http.MethodPost, "/conversations/"+own+"/messages", map[string]any{"client_msg_id": p.client(), "kind": "text", "text": p.word("echoed")})
	away, second := p.knocks(p.word("from"), p.word("second"), p.word("hello"))
	p.owned(http.MethodPatch, "/contacts/"+twin, map[string]any{"email": p.word("twin") + "@example.com", "note": p.word("twin"), "attributes": map[string]any{"size": p.word("size")}})
	p.host, _ = p.knocks("host", "Host", "I was here first")
	p.guest, _ = p.knocks("guest", "Guest", "I stay")
	for _, c := range []string{twin, second} {
		p.owned(http.MethodPost, "/contacts/"+c+"/merge", map[string]any{"into": p.contact})
	}
	p.owned(http.MethodPost, "/conversations/"+away+"/merge", map[string]any{"into": p.host})
	p.owned(http.MethodPost, "/conversations/"+p.guest+"/merge", map[string]any{"into": p.conversation})
}

// tickets makes tickets of the person's, and of others' that know of them.
func (p *planting) tickets() {
	about := func(more map[string]any) string {
		in := map[string]any{"title": p.word("title"), "description": p.word("description"), "type_id": p.kind, "fields": map[string]any{"serial": p.word("serial")}}
		maps.Copy(in, more)
		return p.owned(http.MethodPost, "/tickets", in)
	}
	mine := about(map[string]any{"conversation_id": p.conversation, "assignee_id": p.mate.ID})
	p.comments(mine)
	p.owned(http.MethodPost, "/tickets/"+mine+"/comments", map[string]any{"client_id": p.client(), "text": p.word("internal"), "public": false, "mentions": []string{p.mate.ID}})
	p.linked = p.owned(http.MethodPost, "/tickets", map[string]any{"title": "Another's", "conversation_id": p.host})
	p.owned(http.MethodPost, "/tickets/"+p.linked+"/links", map[string]any{"kind": "relates", "ticket_id": mine})
	p.owned(http.MethodPost, "/tickets/"+about(map[string]any{"contact_id": p.contact})+"/merge", map[string]any{"into": p.linked})
	p.owned(http.MethodPost, "/tickets", map[string]any{"title": "Goes on with it", "follow_up_of": mine})
	var list struct{ Items []struct{ ID, Name string } }
	p.ask(p.owner.API, http.MethodGet, p.owner.At("/contacts?q=Host"), nil, &list)
	p.given = p.owned(http.MethodPost, "/tickets", map[string]any{"title": "Given to another", "contact_id": p.contact})
	p.comments(p.given)
	p.owned(http.MethodPatch, "/tickets/"+p.given, map[string]any{"contact_id": list.Items[0].ID})
	p.ask(p.visitor, http.MethodPost, rig.Prefix+"/live/"+p.live.ID+"/offline", map[string]any{
		"name": p.word("offline"), "email": p.word("offline") + "@example.com", "message": p.word("offline"), "client_msg_id": p.client(),
	}, nil)
}

// comments has the person write, bring files and rate on a ticket's page.
func (p *planting) comments(ticket string) {
	p.owned(http.MethodPut, "/tickets/"+ticket+"/followers/"+p.mate.ID, nil)
	var link struct{ URL string }
	p.ask(p.owner.API, http.MethodPost, p.owner.At("/tickets/"+ticket+"/link"), nil, &link)
	u, err := url.Parse(link.URL)
	must(p.t, err)
	up := sender{rig.NewAPI(p.server.URL()), u.Path + "/uploads"}
	file, err := up.send(p.t.Context(), p.word("paged")+".txt", []byte(p.word("paged")), media.ChunkSize)
	must(p.t, err)
	_, err = up.send(p.t.Context(), p.word("loose")+".txt", []byte(p.word("loose")), media.ChunkSize)
	must(p.t, err)
	p.form(link.URL+"/comments", map[string]string{"client_id": p.word("client"), "text": p.word("reply"), "file": file.ID})
	p.owned(http.MethodPatch, "/tickets/"+ticket, map[string]any{"status": "solved", "fields": map[string]any{}})
	p.form(link.URL+"/rating", map[string]string{"score": "4", "comment": p.word("rated")})
}

// sheets imports a table that knows the person, with a row that fails, and
// leaves another waiting.
func (p *planting) sheets() {
	upload := func(table string) string {
		var made struct{ ID string }
		before := map[string]bool{}
		var list struct{ Items []struct{ ID, State string } }
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/imports"), nil, &list)
		for _, i := range list.Items {
			before[i.ID] = true
		}
		_, err := p.owner.As("Content-Type", "text/csv").Raw(p.t.Context(), http.MethodPost, p.owner.At("/imports"), []byte(table))
		must(p.t, err)
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/imports"), nil, &list)
		for _, i := range list.Items {
			if !before[i.ID] {
				made.ID = i.ID
			}
		}
		return made.ID
	}
	email := p.word("imported") + "@example.com"
	p.owned(http.MethodPatch, "/contacts/"+p.contact, map[string]any{"email": email})
	id := upload("name,email," + email + "\n" + p.word("sample") + "," + email + ",x\n" + p.word("broken") + "," + p.word("broken") + "@@,y\n")
	p.owned(http.MethodPatch, "/imports/"+id, map[string]any{"mapping": map[string]string{"0": "name", "1": "email"}})
	p.owned(http.MethodPost, "/imports/"+id+"/run", map[string]any{})
	var i struct{ State string }
	p.until("the import is done", func() bool {
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/imports/"+id), nil, &i)
		return i.State == "done"
	})
	upload("name,email\n" + p.word("waiting") + "," + p.word("waiting") + "@example.com\n")
}

// rates has the person rate the conversation by a link, and makes an export.
func (p *planting) rates() {
	at := "/conversations/" + p.conversation
	p.owned(http.MethodPost, at+"/state", map[string]any{"state": "resolved"})
	var link struct{ URL string }
	p.ask(p.owner.API, http.MethodPost, p.owner.At(at+"/rating-link"), nil, &link)
	p.form(link.URL, map[string]string{"score": "5", "comment": p.word("rating")})
	p.says(map[string]any{"text": p.word("again")})
	p.owned(http.MethodPost, at+"/state", map[string]any{"state": "snoozed", "snoozed_until": time.Now().Add(time.Hour)})
	p.export(map[string]any{})
}

// leftovers puts in what the product leaves when something is wrong.
func (p *planting) leftovers() {
	inbox := p.echo.ID
	external := p.raw.one(`SELECT external_id FROM contact_identity WHERE inbox_id = ? LIMIT 1`, inbox)
	p.raw.exec(`INSERT INTO webhook_request (workspace_id, request_id, inbox_id, method, path, query, headers, body, remote, received_at) VALUES (?, 'whr_1', ?, 'POST', ?, ?, ?, ?, '127.0.0.1', 1)`,
		p.owner.Workspace, inbox, "/"+external, "from="+external, `{"X-From":["`+external+`"]}`, []byte(`{"from":"`+external+`"}`))
	p.raw.exec(`INSERT INTO webhook_request (workspace_id, request_id, inbox_id, method, path, query, headers, body, remote, received_at) VALUES (?, 'whr_2', ?, 'GET', '/', ?, '{}', ?, '127.0.0.1', 1)`,
		p.owner.Workspace, inbox, "from="+external, []byte{})
	// Of whr_3, which was sealed by its far side, only who sent it is known.
	p.raw.exec(`INSERT INTO webhook_request (workspace_id, request_id, inbox_id, method, path, query, headers, body, remote, received_at) VALUES (?, 'whr_3', ?, 'POST', '/', '', '{}', ?, '127.0.0.1', 1)`,
		p.owner.Workspace, inbox, []byte(p.word("unsealed")))
	for id, senders := range map[string]string{"whr_1": "", "whr_2": "", "whr_3": `["` + external + `"]`} {
		p.raw.exec(`INSERT INTO webhook_outcome (workspace_id, request_id, inbox_id, state, method, size, received_at, waits_since, attempts, next_at, ended_at, took_us, code, detail, accepted, duplicates, refused, senders)
VALUES (?, ?, ?, 'processed', 'POST', 1, 1, 1, 1, 0, 9000000000000000, 0, '', ?, 0, 0, 0, ?)`, p.owner.Workspace, id, inbox, p.word("sentence"), senders)
	}
	trouble, theirs := p.word("trouble"), ` WHERE conversation_id IN (SELECT conversation_id FROM conversation WHERE contact_id = ?)`
	for _, set := range []string{`delivery SET last_detail = ?`, `delivery SET provider_id = ?`, `delivery SET target = ?`, `delivery SET body = ?`, `delivery_step SET detail = ?`, `delivery_step SET provider_id = ?`, `message SET delivery_error = ?`, `scheduled SET detail = ?`} {
		p.raw.exec(`UPDATE `+set+theirs, trouble, p.contact)
	}
	p.raw.exec(`INSERT INTO bot_talk (workspace_id, conversation_id, bot, handled_seq, memory, results, turn_id, up_to_seq, told, attempts, since, next_at, claim, claim_until)
SELECT workspace_id, conversation_id, 'pin_1', 1, ?, ?, '', 0, ?, 0, 0, 0, '', 0 FROM conversation WHERE contact_id = ?`, []byte(trouble), trouble, trouble, p.contact)
	p.raw.exec(`INSERT INTO finding (workspace_id, finding_id, conversation_id, message_id, message_seq, connection_id, analyzer, code, level, title, advice, start_at, end_at, score, created_at, dismissed_at, dismissed_kind, dismissed_by, dismissed_name)
SELECT workspace_id, 'fnd_' || conversation_id, c.conversation_id, 'msg_1', 2, 'pin_1', 'Risk', 'anger', 'notice', ?, ?, 0, 0, 0, 1, 0, '', '', '' FROM conversation c WHERE contact_id = ?`, trouble, trouble, p.contact)
	p.raw.exec(`INSERT INTO whisper (workspace_id, whisper_id, conversation_id, seq, client_id, from_id, from_name, to_id, to_name, text, at)
SELECT workspace_id, 'whs_' || conversation_id, c.conversation_id, 1, 'w', 'mem_1', 'Lin', 'mem_2', 'Mo', ?, 1 FROM conversation c WHERE contact_id = ?`, trouble, p.contact)
	p.raw.exec(`INSERT INTO message_html (workspace_id, conversation_id, seq, html) SELECT workspace_id, conversation_id, seq, ? FROM message`+theirs, "<p>"+trouble+"</p>", p.contact)
	p.raw.exec(`INSERT INTO message_version (workspace_id, conversation_id, seq, change_seq, at, text, extras) SELECT workspace_id, conversation_id, seq, 1000 + seq, 1, ?, ? FROM message`+theirs,
		trouble, `{"carried":{"quoted":"`+trouble+`"}}`, p.contact)
	for _, in := range []string{p.conversation, p.host} { // what they did is kept where theirs was merged into, too
		p.raw.exec(`INSERT INTO conversation_change (workspace_id, conversation_id, seq, change_id, type, at, actor_kind, actor_id, actor_name, data)
SELECT workspace_id, conversation_id, last_seq + 100, 'chg_did_' || conversation_id, 'conversation.event', 1, 'contact', ?, ?, ? FROM conversation WHERE conversation_id = ?`,
			p.contact, trouble, `{"text":"`+trouble+`"}`, in)
	}
	p.raw.exec(`INSERT INTO conversation_party (workspace_id, conversation_id, address) SELECT workspace_id, conversation_id, ? FROM conversation WHERE contact_id = ?`, trouble+"@example.com", p.contact)
	p.raw.exec(`UPDATE attachment SET content_id = ?`+theirs, trouble, p.contact)
	p.raw.exec(`UPDATE contact_identity SET email = ?, phone = ? WHERE contact_id = ?`, trouble+"@example.com", trouble, p.contact)
	p.used(trouble)
	p.raw.exec(`UPDATE webhook_attempt SET detail = ?, headers = ? WHERE body LIKE '%xk7%'`, trouble, trouble)
	p.raw.exec(`UPDATE contact_import_error SET title = ?`, trouble)
}

// used puts in what a connected system said of the person, and a use of a tool
// about them.
func (p *planting) used(trouble string) {
	w := p.owner.Workspace
	p.raw.exec(`INSERT INTO plugin_connection (workspace_id, connection_id, plugin, name, config, secrets, revision, enabled, created_at, updated_at)
VALUES (?, 'pin_far', 'acme/crm', 'CRM', '{}', '{}', 1, ?, 1, 1)`, w, false)
	p.raw.exec(`INSERT INTO plugin_record (workspace_id, connection_id, object, record_id, contact_id, title, url, fields, updated_at, seen_at) VALUES (?, 'pin_far', 'party', ?, ?, ?, ?, ?, 1, 1)`,
		w, trouble, p.contact, trouble, "https://crm.example.com/"+trouble, `{"name":"`+trouble+`"}`)
	p.raw.exec(`INSERT INTO tool_call (workspace_id, call_id, caller_kind, caller_id, caller_name, caller_plugin, request_key, connection_id, plugin, tool, args, conversation_id, ticket_id, contact_id, state, attempts, outcome, code, detail, output, created_at, lease_until, expires_at, decided_by, decided_at)
VALUES (?, 'tci_1', 'rule', 'rule', '', '', 'k', 'pin_far', 'acme/crm', 'refund', ?, '', '', ?, 'done', 1, 'accepted', '', ?, ?, 1, 0, 9000000000000000, '', 0)`,
		w, `{"to":"`+trouble+`"}`, p.contact, trouble, `"`+trouble+`"`)
}
