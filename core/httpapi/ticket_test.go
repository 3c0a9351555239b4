package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// ticketBody is a body that a route of tickets accepts.
func ticketBody(path string) string {
	for suffix, body := range map[string]string{
		"/tickets": `{"title":"x"}`, "/tickets/bulk": `{"ids":["tkt_none"],"action":"priority","priority":"high"}`, "/{ticket}": `{"title":"y"}`,
		"/comments": `{"client_id":"x","text":"hi","public":false}`, "/assign": `{"assignee_id":""}`,
		"/links": `{"kind":"relates","ticket_id":"tkt_none"}`, "/labels": `{"label_ids":[]}`, "/merge": `{"into":"tkt_none"}`,
		"/ticket-types": `{"name":"x"}`, "/{type}": `{"description":"y"}`,
	} {
		if strings.HasSuffix(path, suffix) {
			return body
		}
	}
	return ""
}

// ticketThings makes a ticket in a workspace and names what belongs to it.
func (s *site) ticketThings(places map[string]string, w identity.WorkspaceID) {
	s.Helper()
	t := s.ticket(w, "Broken")
	places["ticket"], places["link"], places["type"] = string(t.ID), "tlk_none", "tty_none"
}

// ticket makes a ticket of nobody.
func (s *site) ticket(w identity.WorkspaceID, title string) ticket.Ticket {
	s.Helper()
	var out ticket.Ticket
	s.OK(s.tickets.Within(s.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
		turn := s.System()
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		t := ticket.Start(ticket.Turn{Actor: turn.Actor, At: turn.At, IDs: turn.IDs}, ticket.Ticket{Workspace: w, Type: types[0].ID, Title: title})
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		out = *t
		return nil
	}))
	return out
}

// ticketTape is the life of two tickets.
func ticketTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "tickets")
	lin := r.Member(r.WS, "lin@example.com", "林晓", 5)
	talk := r.admit()
	vip, sales := r.Label(r.WS, "VIP"), r.team(r.WS, "Sales")
	first := r.idIn(r.do(http.StatusCreated, http.MethodPost, "/tickets", `{"title":"Where is my order?","conversation_id":"`+string(talk)+`"}`))
	second := r.idIn(r.do(http.StatusCreated, http.MethodPost, "/tickets", `{"title":"The parcel","priority":"high"}`))
	r.watch("/tickets?limit=50&sort=updated")
	for _, id := range []string{first, second} {
		r.watch("/tickets/"+id, "/tickets/"+id+"/changes?limit=50")
	}
	r.begin()
	path := "/tickets/" + first
	r.step("a third one", func() {
		r.do(http.StatusCreated, http.MethodPost, "/tickets", `{"title":"Something else"}`)
	})
	r.step("a type with a field", func() {
		r.do(http.StatusCreated, http.MethodPost, "/ticket-types", `{"name":"Parcel","fields":[{"key":"carrier","name":"Carrier","type":"list","options":["SF","EMS"]}]}`)
	})
	r.step("it goes to 林晓 of sales", func() {
		r.do(http.StatusOK, http.MethodPost, path+"/assign", `{"assignee_id":"`+string(lin.ID)+`","team_id":"`+string(sales)+`","note":"please look"}`)
	})
	r.step("it is edited", func() {
		types, err := r.tickets.Types(r.Context(), r.WS)
		r.OK(err)
		r.do(http.StatusOK, http.MethodPatch, path, `{"title":"Where is it?","priority":"urgent","due_at":"2026-12-01T00:00:00Z","type_id":"`+string(types[1].ID)+`","fields":{"carrier":"SF"}}`)
	})
	r.step("labels, and a follower", func() {
		r.do(http.StatusOK, http.MethodPut, path+"/labels", `{"label_ids":["`+string(vip)+`"]}`)
		r.do(http.StatusOK, http.MethodPut, path+"/followers/me", ``)
	})
	var link string
	r.step("linked", func() {
		var out struct{ Links []struct{ ID string } }
		a := r.do(http.StatusCreated, http.MethodPost, path+"/links", `{"kind":"blocked_by","ticket_id":"`+second+`"}`)
		r.OK(json.Unmarshal([]byte(a.text), &out))
		link = out.Links[0].ID
	})
	r.step("the other one gets another title", func() {
		r.do(http.StatusOK, http.MethodPatch, "/tickets/"+second, `{"title":"The lost parcel"}`)
	})
	r.step("an answer, and it waits", func() {
		r.do(http.StatusCreated, http.MethodPost, path+"/comments", `{"client_id":"c1","text":"We are looking. 在查","public":true,"status":"pending"}`)
	})
	r.step("it is overdue", func() {
		r.workTicket(first, func(turn ticket.Turn, k *ticket.Ticket) error {
			turn.At = k.DueAt
			k.PassDue(turn)
			return nil
		})
	})
	r.step("the link goes", func() { r.do(http.StatusOK, http.MethodDelete, path+"/links/"+link, ``) })
	r.step("solved and rated", func() {
		r.do(http.StatusOK, http.MethodPatch, path, `{"status":"solved"}`)
		r.workTicket(first, func(turn ticket.Turn, k *ticket.Ticket) error {
			turn.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(k.Contact), Name: k.ContactName}
			return k.Rate(turn, ticket.Rating{Score: 5, Comment: "谢谢"})
		})
	})
	r.step("the other one is merged into it", func() {
		r.do(http.StatusOK, http.MethodPost, "/tickets/"+second+"/merge", `{"into":"`+first+`"}`)
	})
	r.step("and undone", func() { r.do(http.StatusOK, http.MethodPost, "/tickets/"+second+"/unmerge", ``) })
	r.step("closed", func() { r.do(http.StatusOK, http.MethodPatch, path, `{"status":"closed"}`) })
	return r.tape
}

// workTicket changes a ticket as no request of the API does.
func (s *site) workTicket(id string, fn func(ticket.Turn, *ticket.Ticket) error) {
	s.Helper()
	s.OK(s.tickets.Within(s.Context(), s.WS, func(ctx context.Context, tx ticket.Tx) error {
		t, err := tx.Ticket(ctx, ticket.ID(id))
		if err != nil {
			return err
		}
		turn := s.System()
		if err := fn(ticket.Turn{Actor: turn.Actor, At: turn.At, IDs: turn.IDs}, t); err != nil {
			return err
		}
		return tx.Save(ctx, t)
	}))
}

// form sends a form as a browser does from a page without a referrer.
func (s *site) form(path string, values url.Values) answer {
	s.Helper()
	return s.ask(http.MethodPost, path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", "null", "Sec-Fetch-Site", "same-origin")
}

func TestTheCustomersPage(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	api := "/api/v1/workspaces/" + string(s.WS) + "/tickets"
	c := s.Receive(s.Inbox, "ext", "m1", "broken")
	do := func(want int, method, path, body string) answer {
		t.Helper()
		a := s.ask(method, api+path, body, "Cookie", cookie)
		if a.StatusCode != want {
			t.Fatalf("%s %s answers %d %s", method, path, a.StatusCode, a.text)
		}
		return a
	}
	var made struct{ ID string }
	s.OK(json.Unmarshal([]byte(do(http.StatusCreated, http.MethodPost, "", `{"title":"<b>Broken</b>","description":"for colleagues","conversation_id":"`+string(c.ID)+`"}`).text), &made))
	one := "/" + made.ID
	do(http.StatusCreated, http.MethodPost, one+"/comments", `{"client_id":"a","text":"a secret","public":false}`)
	do(http.StatusCreated, http.MethodPost, one+"/comments", `{"client_id":"b","text":"<script>hello</script> see https://shop.example/a?b=1&c=%22。","public":true,"status":"solved"}`)
	var link struct{ URL string }
	s.OK(json.Unmarshal([]byte(do(http.StatusCreated, http.MethodPost, one+"/link", ``).text), &link))
	path := strings.TrimPrefix(link.URL, "http://example.com")

	a := s.ask(http.MethodGet, path, "", "Accept-Language", "de")
	for name, value := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex"} {
		if a.Header.Get(name) != value {
			t.Errorf("%s is %q", name, a.Header.Get(name))
		}
	}
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the page: %d %v", a.StatusCode, a.Header)
	}
	for text, want := range map[string]bool{
		"T-1": true, "&lt;b&gt;Broken": true, "&lt;script&gt;hello": true, "<script>hello": false, "a secret": false, "for colleagues": false,
		`<a href="https://shop.example/a?b=1&amp;c=%22" rel="noopener noreferrer nofollow" target="_blank">https://shop.example/a?b=1&amp;c=%22</a>。`: true,
		`<p class="company" dir="auto">` + s.company() + `</p>`: true,
		string(c.Contact): false, made.ID: false, `name="score"`: true, `name="text"`: true,
	} {
		if strings.Contains(a.text, text) != want {
			t.Errorf("the page and %q: %s", text, a.text)
		}
	}
	if a := s.ask(http.MethodGet, path+"?lang=zh-CN", ""); !strings.Contains(a.text, "已解决") || !strings.Contains(a.text, `lang="zh-CN"`) {
		t.Errorf("in Chinese: %s", a.text)
	}
	if a := s.ask(http.MethodGet, path+"?lang=ar", ""); !strings.Contains(a.text, `dir="rtl"`) {
		t.Errorf("in Arabic: %s", a.text)
	}

	if a := s.form(path+"/rating", url.Values{"score": {"9"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a score of 9: %d", a.StatusCode)
	}
	for range 2 { // the second is the reload of a browser
		if a := s.form(path+"/comments", url.Values{"client_id": {"x"}, "text": {"still\r\nbroken"}}); a.StatusCode != http.StatusSeeOther {
			t.Errorf("a reply: %d %s", a.StatusCode, a.text)
		}
	}
	var now struct {
		Status   string
		Comments int
	}
	s.OK(json.Unmarshal([]byte(do(http.StatusOK, http.MethodGet, one, ``).text), &now))
	if now.Status != "open" || now.Comments != 3 {
		t.Errorf("after the reply: %+v", now)
	}
	if a := s.form(path+"/comments", url.Values{"client_id": {"y"}, "text": {"  "}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, `role="alert"`) {
		t.Errorf("nothing: %d", a.StatusCode)
	}
	if a := s.form(path+"/rating", url.Values{"score": {"5"}}); a.StatusCode != http.StatusConflict {
		t.Errorf("a rating of what is not solved: %d", a.StatusCode)
	}
	do(http.StatusOK, http.MethodPatch, one, `{"status":"closed"}`)
	if a := s.form(path+"/rating", url.Values{"score": {"5"}, "comment": {"good"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a rating: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path, ""); !strings.Contains(a.text, "5/5") || strings.Contains(a.text, `name="text"`) {
		t.Errorf("closed and rated: %s", a.text)
	}

	do(http.StatusNoContent, http.MethodDelete, one+"/link", ``)
	for name, token := range map[string]string{"a void one": path, "rubbish": "/t/x", "a forged one": path[:len(path)-4] + "AAAA"} {
		if a := s.ask(http.MethodGet, token, ""); a.StatusCode != http.StatusNotFound || strings.Contains(a.text, "T-1") {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
		if a := s.form(token+"/comments", url.Values{"client_id": {"z"}, "text": {"hi"}}); a.StatusCode != http.StatusNotFound {
			t.Errorf("a reply by %s: %d", name, a.StatusCode)
		}
	}
}

// TestTheCustomersFiles: what both sides attach in public is there by the link
// alone, and what colleagues attach among themselves is not.
func TestTheCustomersFiles(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	api := "/api/v1/workspaces/" + string(s.WS)
	member := func(method, path, body string) answer {
		t.Helper()
		a := s.ask(method, api+path, body, "Cookie", cookie)
		if a.StatusCode >= 300 {
			t.Fatalf("%s %s answers %d %s", method, path, a.StatusCode, a.text)
		}
		return a
	}
	c := s.Receive(s.Inbox, "ext", "m1", "broken")
	open := func() (id, path string) {
		var made struct{ ID, URL string }
		s.OK(json.Unmarshal([]byte(member(http.MethodPost, "/tickets", `{"title":"Broken","conversation_id":"`+string(c.ID)+`"}`).text), &made))
		s.OK(json.Unmarshal([]byte(member(http.MethodPost, "/tickets/"+made.ID+"/link", ``).text), &made))
		return made.ID, strings.TrimPrefix(made.URL, "http://example.com")
	}
	id, path := open()
	_, other := open()

	type upload struct {
		ID         string
		Attachment struct{ ID, Type string }
	}
	bring := func(uploads, name, content string, header ...string) (string, answer) {
		t.Helper()
		var u upload
		a := s.ask(http.MethodPost, uploads, fmt.Sprintf(`{"name":%q,"size":%d}`, name, len(content)), header...)
		if a.StatusCode != http.StatusCreated {
			return "", a
		}
		s.OK(json.Unmarshal([]byte(a.text), &u))
		a = s.ask(http.MethodPatch, uploads+"/"+u.ID+"?offset=0", content, append([]string{"Content-Type", "application/octet-stream"}, header...)...)
		if a.StatusCode != http.StatusOK {
			t.Fatalf("a piece of %s: %d %s", name, a.StatusCode, a.text)
		}
		s.OK(json.Unmarshal([]byte(a.text), &u))
		return u.Attachment.ID, a
	}
	shown, _ := bring(api+"/uploads", "answer.txt", "for you", "Cookie", cookie)
	hidden, _ := bring(api+"/uploads", "internal.txt", "for us", "Cookie", cookie)
	member(http.MethodPost, "/tickets/"+id+"/comments", `{"client_id":"a","text":"","public":true,"attachment_ids":["`+shown+`"]}`)
	member(http.MethodPost, "/tickets/"+id+"/comments", `{"client_id":"b","text":"","public":false,"attachment_ids":["`+hidden+`"]}`)

	page := s.ask(http.MethodGet, path, "")
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(page.text)
	if len(script) != 2 {
		t.Fatalf("the page: %s", page.text)
	}
	sum := sha256.Sum256([]byte(script[1]))
	if want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; connect-src 'self'"; !strings.Contains(page.Header.Get("Content-Security-Policy"), want) {
		t.Errorf("the policy is %s, want %s", page.Header.Get("Content-Security-Policy"), want)
	}
	if !strings.Contains(page.text, `href="`+path+"/files/"+shown+`"`) || strings.Contains(page.text, "internal.txt") || strings.Contains(page.text, "/api/v1/media") {
		t.Errorf("the files of the page: %s", page.text)
	}
	got := s.ask(http.MethodGet, path+"/files/"+shown, "")
	if got.text != "for you" || got.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a file: %d %v %s", got.StatusCode, got.Header, got.text)
	}
	for name, at := range map[string]string{"an internal file": path + "/files/" + hidden, "by another link": other + "/files/" + shown, "none": path + "/files/att_none"} {
		if a := s.ask(http.MethodGet, at, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.text)
		}
	}

	mine, brought := bring(path+"/uploads", "../photo.html", "<html><script>alert(1)</script>")
	if strings.Contains(brought.text, "..") || strings.Contains(brought.text, `"text/html"`) && !strings.Contains(brought.text, `"kind":"file"`) {
		t.Errorf("it came in as %s", brought.text)
	}
	var begun upload
	s.OK(json.Unmarshal([]byte(s.ask(http.MethodPost, path+"/uploads", `{"name":"a.txt","size":1}`).text), &begun))
	for name, at := range map[string]string{"by another link": other, "by no link": path[:len(path)-2] + "xx"} {
		if a := s.ask(http.MethodPatch, at+"/uploads/"+begun.ID+"?offset=0", "x", "Content-Type", "application/octet-stream"); begun.ID == "" || a.StatusCode != http.StatusNotFound {
			t.Errorf("a piece %s: %d %s", name, a.StatusCode, a.text)
		}
	}
	if _, a := bring(path+"/uploads", "big.bin", strings.Repeat("x", 3<<20+1)); a.code != "upload.too_large" {
		t.Errorf("too large a file: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPost, path+"/uploads", `{"name":"x","size":1,"workspace":"wsp_1"}`); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown field: %d %s", a.StatusCode, a.text)
	}
	for name, form := range map[string]url.Values{
		"a colleague's file": {"client_id": {"c"}, "file": {hidden}}, "the same twice": {"client_id": {"d"}, "file": {mine, mine}},
	} {
		if a := s.form(path+"/comments", form); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, `role="alert"`) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.text)
		}
	}
	if a := s.form(other+"/comments", url.Values{"client_id": {"e"}, "file": {mine}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("on another ticket: %d", a.StatusCode)
	}
	for range 2 { // the second is the reload of a browser
		if a := s.form(path+"/comments", url.Values{"client_id": {"f"}, "text": {""}, "file": {mine}}); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("a reply with a file: %d %s", a.StatusCode, a.text)
		}
	}
	if a := s.ask(http.MethodGet, path+"/files/"+mine, ""); a.StatusCode != http.StatusOK || strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a page as a file: %d %v", a.StatusCode, a.Header)
	}
	if a := member(http.MethodGet, "/tickets/"+id+"/changes", ``); !strings.Contains(a.text, mine) {
		t.Errorf("agents see %s", a.text)
	}

	member(http.MethodDelete, "/tickets/"+id+"/link", ``)
	if a := s.ask(http.MethodGet, path+"/files/"+shown, ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a file by a void link: %d", a.StatusCode)
	}
	if _, a := bring(path+"/uploads", "late.txt", "x"); a.StatusCode != http.StatusNotFound {
		t.Errorf("an upload by a void link: %d", a.StatusCode)
	}
	var fresh struct{ URL string }
	s.OK(json.Unmarshal([]byte(member(http.MethodPost, "/tickets/"+id+"/link", ``).text), &fresh))
	path = strings.TrimPrefix(fresh.URL, "http://example.com")
	member(http.MethodPatch, "/tickets/"+id, `{"status":"closed"}`)
	if _, a := bring(path+"/uploads", "late.txt", "x"); a.code != "ticket.closed" {
		t.Errorf("an upload for a closed ticket: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path, ""); strings.Contains(a.text, `type="file"`) || strings.Contains(a.Header.Get("Content-Security-Policy"), "connect-src") {
		t.Errorf("a closed ticket's page takes files: %s", a.text)
	}
}

// company is the name of the site's workspace.
func (s *site) company() string {
	s.Helper()
	w, err := s.fake.Identities.Workspace(s.Context(), s.WS)
	s.OK(err)
	return w.Name
}

func TestAnExportHoldsNoFormula(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	for _, title := range []string{"=1+1", "+x", "-x", "@x", "plain, with a \"quote\""} {
		s.ticket(s.WS, title)
	}
	a := s.ask(http.MethodGet, "/api/v1/workspaces/"+string(s.WS)+"/tickets/export", "", "Cookie", cookie)
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="tickets-`) {
		t.Fatalf("%d %s", a.StatusCode, a.text)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.text, "\uFEFF"))).ReadAll()
	s.OK(err)
	if len(rows) != 6 || rows[1][1] != `plain, with a "quote"` {
		t.Errorf("the table: %q", rows)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
				t.Errorf("a cell begins a formula: %q", cell)
			}
		}
	}
}
