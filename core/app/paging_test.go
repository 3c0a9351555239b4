package app_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// listed is how the rows of a list are made; see lists.
type listed struct {
	query  string                            // beside limit and cursor
	make   func(p *pager, i int) (id string) // nil: nothing makes rows here, and why says so
	remove func(p *pager, id string)         // nil = rows stay
	why    string
}

// pager is a server with what lists are about.
type pager struct {
	*site
	places    map[string]string
	colleague rig.Member // who gives the owner something to do
}

// post makes something and returns its id.
func (p *pager) post(path string, body any) string {
	p.t.Helper()
	var made struct {
		ID     string `json:"id"`
		Ticket struct {
			ID string `json:"id"`
		} `json:"ticket"`
	}
	if _, err := p.owner.Call(p.t.Context(), http.MethodPost, p.owner.At(path), body, &made); err != nil {
		p.t.Fatalf("POST %s: %v", path, err)
	}
	return made.ID
}

func (p *pager) delete(path string) {
	p.t.Helper()
	if _, err := p.owner.Call(p.t.Context(), http.MethodDelete, p.owner.At(path), nil, nil); err != nil {
		p.t.Fatalf("DELETE %s: %v", path, err)
	}
}

// fill puts things into the places of a path.
func (p *pager) fill(path string) string {
	for name, value := range p.places {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return strings.TrimPrefix(path, "/api/v1")
}

// posting is a list whose rows are made by posting.
func posting(path string, body func(i int) any) listed {
	return listed{make: func(p *pager, i int) string { return p.post(p.fill(path), body(i)) }}
}

// deletable is posting, where rows can go again.
func deletable(path string, body func(i int) any) listed {
	l := posting(path, body)
	l.remove = func(p *pager, id string) { p.delete(p.fill(path) + "/" + id) }
	return l
}

// lists has a row for each list of the route table.
func lists() map[string]listed {
	ticket := func(more map[string]string) func(int) any {
		return func(i int) any {
			body := map[string]string{"title": fmt.Sprint("Ticket ", i)}
			maps.Copy(body, more)
			return body
		}
	}
	chat := func(p *pager, i int) string {
		p.visitor = p.admit()
		p.say()
		var list struct{ Items []rig.Conversation }
		if _, err := p.owner.Call(p.t.Context(), http.MethodGet, p.owner.At("/conversations?sort=created_desc&limit=1"), nil, &list); err != nil || len(list.Items) != 1 {
			p.t.Fatalf("conversation %d: %v %v", i, list.Items, err)
		}
		return list.Items[0].ID
	}
	out := map[string]listed{
		"GET /api-keys": {make: func(p *pager, i int) string {
			return p.post("/api-keys", map[string]any{"name": fmt.Sprint("Key ", i), "scopes": []string{"contact.read"}})
		}},
		"GET /audit": {make: func(p *pager, i int) string { // whose identifiers are the log's own
			p.post("/labels", map[string]string{"name": fmt.Sprint("Audit ", i), "color": "#2f80ed"})
			var list struct{ Items []struct{ ID string } }
			if _, err := p.owner.Call(p.t.Context(), http.MethodGet, p.owner.At("/audit?limit=1"), nil, &list); err != nil || len(list.Items) != 1 {
				p.t.Fatalf("audit: %v", err)
			}
			return list.Items[0].ID
		}},
		"GET /canned": deletable("/canned", func(i int) any {
			return map[string]string{"shortcut": fmt.Sprint("c", i), "title": fmt.Sprint("Canned ", i), "text": "x", "scope": "workspace"}
		}),
		"GET /contacts": posting("/contacts", func(i int) any { return map[string]string{"name": fmt.Sprint("Contact ", i)} }),
		"GET /contacts/{contact}/notes": posting("/contacts/{contact}/notes", func(i int) any {
			return map[string]string{"text": fmt.Sprint("note ", i)}
		}),
		"GET /plugins/{publisher}/{name}/history": {why: "steps come from the lives of processes; extension's tests walk them"},
		"GET /contacts/{contact}/pages":           {why: "pages come from a visitor who agreed; contacttest walks them"},
		"GET /contacts/{contact}/tickets": {make: func(p *pager, i int) string {
			return p.post("/tickets", ticket(map[string]string{"contact_id": p.places["contact"]})(i))
		}},
		"GET /conversations":        {make: chat, query: "sort=created_desc"},
		"POST /conversations/query": {make: chat, query: "sort=created_asc"},
		"GET /conversations/{conversation}/tickets": {make: func(p *pager, i int) string {
			return p.post("/tickets", ticket(map[string]string{"conversation_id": p.places["conversation"]})(i))
		}},
		"GET /erasures": {make: func(p *pager, i int) string {
			name := fmt.Sprint("Erased ", i)
			id := p.post("/contacts", map[string]string{"name": name})
			return p.post("/contacts/"+id+"/erase", map[string]string{"confirm": name})
		}},
		"GET /imports": {make: func(p *pager, i int) string {
			var made struct{ ID string }
			csv := p.owner.As("Content-Type", "text/csv")
			a, err := csv.Raw(p.t.Context(), http.MethodPost, p.owner.At("/imports"), fmt.Appendf(nil, "name\nImported %d\n", i))
			if err != nil || json.Unmarshal(a.Body, &made) != nil || made.ID == "" {
				p.t.Fatalf("import: %v %s", err, a.Body)
			}
			return made.ID
		}},
		"GET /invitations": {make: func(p *pager, i int) string {
			return p.post("/invitations", map[string]string{"email": fmt.Sprintf("i%d@paging.example", i), "role": "agent"})
		}, remove: func(p *pager, id string) { p.delete("/invitations/" + id) }},
		"GET /members": {make: func(p *pager, i int) string {
			m, err := p.owner.Invite(p.t.Context(), fmt.Sprintf("m%d@paging.example", i), fmt.Sprint("Member ", i), "agent", ownerPassword)
			if err != nil {
				p.t.Fatal(err)
			}
			return m.ID
		}},
		"GET /notifications":             {make: func(p *pager, i int) string { return p.notified(i) }},
		"GET /organisations":             deletable("/organisations", func(i int) any { return map[string]string{"name": fmt.Sprint("Organisation ", i)} }),
		"GET /ratings":                   {why: "a rating takes an answered conversation each; surveytest walks them"},
		"GET /dispatch-policy/revisions": {why: "each is another policy that was published; policytest walks them"},
		"GET /search":                    {why: "a page may be short, and the index follows after a while; the use cases of search walk it"},
		"GET /calendars": deletable("/calendars", func(i int) any {
			return map[string]any{"name": fmt.Sprint("Calendar ", i), "time_zone": "UTC", "week": map[string]any{"monday": []any{map[string]string{"from": "09:00", "to": "17:00"}}}}
		}),
		"GET /teams":   deletable("/teams", func(i int) any { return map[string]string{"name": fmt.Sprint("Team ", i)} }),
		"GET /queues":  deletable("/queues", func(i int) any { return map[string]string{"name": fmt.Sprint("Queue ", i)} }),
		"GET /skills":  deletable("/skills", func(i int) any { return map[string]string{"name": fmt.Sprint("Skill ", i)} }),
		"GET /tickets": posting("/tickets", ticket(nil)),
		"GET /inboxes/{inbox}/requests": {
			why: "far sides post them; channeltest walks them",
		},
		"GET /inboxes/{inbox}/templates": {
			why: "needs a channel whose far side has templates; core/channel/template walks them",
		},
		"GET /webhooks/{webhook}/deliveries": {
			why: "deliveries follow the feed after a while; webhooktest walks them",
		},
	}
	return out
}

// sequences are lists by number, after or before one: gapless by construction.
// They are asked for their bounds here, and walked by the law of the tape.
func sequences() []string {
	return []string{
		"GET /contacts/{contact}/journey", "GET /conversations/{conversation}/timeline", "GET /events", "GET /tickets/board", "GET /tickets/{ticket}/changes",
	}
}

// TestPaging walks every list of the route table while rows come and go: none
// that stays is lost, none comes twice. A list without a row here fails.
func TestPaging(t *testing.T) {
	s := open(t)
	p := &pager{site: s, places: map[string]string{}}
	p.places["conversation"] = s.chat
	p.places["contact"] = p.post("/contacts", map[string]string{"name": "Of lists"})
	p.places["inbox"] = p.post("/inboxes", map[string]any{"name": "Of lists", "plugin": "patchbay/webchat", "config": map[string]any{}})
	p.places["ticket"] = p.post("/tickets", map[string]string{"title": "Of lists"})
	p.places["webhook"] = p.post("/webhooks", map[string]any{"url": "https://example.com/hook", "events": []string{"*"}})
	table, found := lists(), 0
	for _, route := range p.listRoutes() {
		l, known := table[route]
		if slices.Contains(sequences(), route) {
			known, l.why = true, "a sequence"
		}
		if !known {
			t.Errorf("%s is a list, and TestPaging does not know how its rows are made: give it a row in lists()", route)
			continue
		}
		found++
		t.Run(strings.ReplaceAll(route, "/", "·"), func(t *testing.T) {
			q := *p
			q.site = &site{}
			*q.site = *p.site
			q.t = t
			q.bounds(route, l)
			if l.make != nil {
				q.walk(route, l)
			} else if l.why == "" {
				t.Error("rows are not made, and nothing says why")
			}
		})
	}
	if found < len(table)+len(sequences()) {
		t.Errorf("%d lists of %d are in the route table: take the rest out", found, len(table)+len(sequences()))
	}
}

// listRoutes are the operations of a workspace that take a limit.
func (p *pager) listRoutes() []string {
	p.t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if _, err := p.owner.Call(p.t.Context(), http.MethodGet, "/openapi.json", nil, &document); err != nil {
		p.t.Fatal(err)
	}
	const base = "/api/v1/workspaces/{workspace}"
	out := []string{"POST /conversations/query"} // which has them in its body
	for path, operations := range document.Paths {
		for method, op := range operations {
			for _, x := range op.Parameters {
				if rest, ok := strings.CutPrefix(path, base); ok && x.Name == "limit" && x.In == "query" {
					out = append(out, strings.ToUpper(method)+" "+rest)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// one is a page.
type one struct {
	Items []struct{ ID string }
	Next  string `json:"next_cursor"`
}

// page asks for a page of a list.
func (p *pager) page(route string, l listed, parameters map[string]string) (one, error) {
	method, path, _ := strings.Cut(route, " ")
	who := p.owner
	values, err := url.ParseQuery(l.query)
	if err != nil {
		p.t.Fatal(err)
	}
	var out one
	if method == http.MethodPost {
		body := map[string]any{}
		for k := range values {
			body[k] = values.Get(k)
		}
		for k, v := range parameters {
			body[k] = v
			if n := json.Number(v); k == "limit" {
				body[k] = n
			}
		}
		_, err = who.Call(p.t.Context(), method, who.At(p.fill(path)), body, &out)
		return out, err
	}
	for k, v := range parameters {
		values.Set(k, v)
	}
	if strings.HasSuffix(path, "/search") {
		values.Set("q", "message")
	}
	_, err = who.Call(p.t.Context(), method, who.At(p.fill(path))+"?"+values.Encode(), nil, &out)
	return out, err
}

// notified lets a colleague give the owner a ticket, and waits until the owner
// is told; it returns the notification.
func (p *pager) notified(i int) string {
	p.t.Helper()
	if p.colleague.ID == "" {
		var err error
		if p.colleague, err = p.owner.Invite(p.t.Context(), "giver@paging.example", "Giver", "agent", ownerPassword); err != nil {
			p.t.Fatal(err)
		}
	}
	newest := func() string {
		list, err := p.page("GET /notifications", listed{}, map[string]string{"limit": "1"})
		if err != nil {
			p.t.Fatal(err)
		}
		if len(list.Items) == 0 {
			return ""
		}
		return list.Items[0].ID
	}
	before := newest()
	body := map[string]string{"title": fmt.Sprint("Given ", i), "assignee_id": p.owner.ID}
	if _, err := p.colleague.Call(p.t.Context(), http.MethodPost, p.owner.At("/tickets"), body, nil); err != nil {
		p.t.Fatal(err)
	}
	id := before
	p.until(fmt.Sprintf("somebody is told of ticket %d", i), func() bool { id = newest(); return id != before })
	return id
}

// bounds asks with what is no limit and no cursor.
func (p *pager) bounds(route string, l listed) {
	p.t.Helper()
	refused := func(what string, parameters map[string]string) {
		p.t.Helper()
		_, err := p.page(route, l, parameters)
		problem := rig.ProblemOf(err)
		if problem == nil || problem.Status != http.StatusUnprocessableEntity && problem.Status != http.StatusBadRequest {
			p.t.Errorf("%s: %v", what, err)
		}
	}
	for _, limit := range []string{"0", "-1", "10001"} {
		refused("limit "+limit, map[string]string{"limit": limit})
	}
	if l.why == "a sequence" {
		return
	}
	for _, parts := range []int{0, 1, 2, 3, 4, 5, 6} {
		forged, err := json.Marshal(slices.Repeat([]string{"'; DROP TABLE message; --"}, parts))
		if err != nil {
			p.t.Fatal(err)
		}
		cursor := base64.RawURLEncoding.EncodeToString(forged)
		if _, err := p.page(route, l, map[string]string{"cursor": cursor}); err != nil {
			if problem := rig.ProblemOf(err); problem == nil || problem.Status != http.StatusUnprocessableEntity {
				p.t.Errorf("a forged cursor of %d parts: %v", parts, err)
			}
		}
	}
	for _, cursor := range []string{"garbage", "e30", "!!", "bnVsbA", strings.Repeat("A", 499)} {
		_, err := p.page(route, l, map[string]string{"cursor": cursor})
		if problem := rig.ProblemOf(err); problem == nil || problem.Status != http.StatusUnprocessableEntity || problem.Code != "page.cursor_invalid" {
			p.t.Errorf("the cursor %.20q: %v", cursor, err)
		}
	}
}

// walk reads a list by twos. After each page a row comes, and one goes that was
// there from the start.
func (p *pager) walk(route string, l listed) {
	p.t.Helper()
	const rows, spare = 7, 3
	var all []string
	for i := range rows {
		all = append(all, l.make(p, i))
	}
	gone, seen := map[string]bool{}, map[string]int{}
	var next string
	for pages := 0; ; pages++ {
		parameters := map[string]string{"limit": "2"}
		if next != "" {
			parameters["cursor"] = next
		}
		got, err := p.page(route, l, parameters)
		if err != nil || len(got.Items) > 2 || pages > 60 {
			p.t.Fatalf("page %d: %d items, %v", pages, len(got.Items), err)
		}
		for _, item := range got.Items {
			seen[item.ID]++
		}
		if next = got.Next; next == "" {
			break
		}
		if pages < spare {
			l.make(p, rows+pages)
			if l.remove != nil {
				id := all[(pages*3)%rows]
				if !gone[id] {
					l.remove(p, id)
					gone[id] = true
				}
			}
		}
	}
	for id, n := range seen {
		if n != 1 {
			p.t.Errorf("%s came %d times", id, n)
		}
	}
	for _, id := range all {
		if seen[id] == 0 && !gone[id] {
			p.t.Errorf("%s was lost", id)
		}
	}
	// The end is an end, and asking again gives the same.
	whole, err := p.page(route, l, map[string]string{"limit": "200"})
	if err != nil || len(whole.Items) < rows-len(gone) {
		p.t.Errorf("in one page: %d items, %v", len(whole.Items), err)
	}
}
