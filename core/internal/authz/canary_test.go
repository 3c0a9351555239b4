package authz_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// manyCanaries is how many tokens the other workspace carries at least.
const manyCanaries = 1000

// canaries are the tokens that were put into a workspace's texts, each with
// where it went.
type canaries map[string]string

func token() *regexp.Regexp { return regexp.MustCompile(`cnry[0-9a-f]{8}`) }

// found are those of the canaries that a text has.
func (c canaries) found(text string) []string {
	var out []string
	for _, t := range token().FindAllString(strings.ToLower(text), -1) {
		if _, ok := c[t]; ok {
			out = append(out, t)
		}
	}
	return out
}

// free are the properties whose text is whatever people write, with the form
// that the token takes.
func free() map[string]string {
	out := map[string]string{"email": "%s@example.com", "url": "{sink}?%s", "domains": "%s.example", "shortcut": "%s", "client_id": "%s"}
	for name := range strings.FieldsSeq("description name note text title external_id options") {
		out[name] = name + " %s"
	}
	return out
}

// sown puts a new token into every free text of a route's body.
func (w *world) sown(r row, d document) (body string, tokens map[string]string) {
	w.t.Helper()
	var fields map[string]any
	if json.Unmarshal([]byte(r.body), &fields) != nil {
		return "", nil
	}
	tokens = make(map[string]string)
	for name, list := range d.texts(d.Paths[r.path][strings.ToLower(r.method)].Body.Content["application/json"].Schema) {
		form, ok := free()[name]
		if strings.HasSuffix(r.path, "/uploads") {
			continue // no message has taken the file
		}
		if !ok || name == "client_id" && strings.Contains(r.path, "/tickets") || name == "options" && !strings.HasSuffix(r.path, "/attributes") {
			continue
		}
		if name == "note" && strings.HasSuffix(r.path, "/assign") {
			continue
		}
		t := fmt.Sprintf("cnry%08x", w.next())
		tokens[t] = r.String() + " " + name
		switch value := fmt.Sprintf(form, t); {
		case list:
			fields[name] = []string{value}
		default:
			fields[name] = value
		}
	}
	if fields["options"] != nil {
		fields["type"] = "list"
	}
	text, err := json.Marshal(fields)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text), tokens
}

// sow fills a workspace with tokens: by every route that takes a text, by
// customers, by visitors and in files, again and again.
func (w *world) sow(of *set, many int) canaries {
	w.t.Helper()
	d, out := openAPI(w.t), make(canaries)
	for len(out) < many {
		s := &set{w: w, name: of.name, in: of.in, by: of.by, held: of.held, ids: map[string]string{}}
		s.ids["provider"], s.ids["webhook"] = of.id("provider"), of.id("webhook") // of which there may not be many
		before := len(out)
		w.sowPeople(s, out)
		for _, r := range w.table {
			if !r.ofMembers() || r.method == http.MethodGet || r.method == http.MethodDelete || r.body == "" || strings.HasSuffix(r.path, "/erase") ||
				strings.HasSuffix(r.path, "/members/{member}") {
				continue
			}
			body, tokens := w.sown(r, d)
			if len(tokens) == 0 {
				continue
			}
			if a := w.ask(s.in.owner, r.method, s.in.path(r, s), s.fill(body)); a.status < http.StatusBadRequest {
				maps.Copy(out, tokens)
			}
		}
		if len(out)-before < 30 {
			w.t.Fatalf("a round put in %d tokens only", len(out)-before)
		}
	}
	return out
}

// sowPeople lets a customer, a visitor and a member with a file say tokens.
func (w *world) sowPeople(s *set, out canaries) {
	w.t.Helper()
	put := func(where string) string {
		t := fmt.Sprintf("cnry%08x", w.next())
		out[t] = where
		return t
	}
	w.must(nobody(), http.MethodPost, s.inbox().hook, fmt.Sprintf(`{"id":"k%d","from":"%s","name":"%s","text":"%s"}`,
		w.next(), put("a customer's address"), put("a customer's name"), put("a customer's words")))
	v := w.knock(s.in, "")
	live := "/api/v1/live/" + s.in.live.id
	w.must(v, http.MethodPost, live+"/prechat", fmt.Sprintf(`{"name":"%s","email":"%s@example.com"}`, put("a visitor's name"), put("a visitor's e-mail")))
	w.must(v, http.MethodPost, live+"/messages", fmt.Sprintf(`{"client_msg_id":"c%d","text":"%s"}`, w.next(), put("a visitor's words")))
	upload := w.make(s.in.owner, "/uploads", fmt.Sprintf(`{"name":"%s.txt","size":12}`, put("the name of a file")))
	var done struct{ Attachment struct{ ID string } }
	w.decode(w.must(s.in.owner, http.MethodPatch, w.at(s.in, "/uploads/"+upload+"?offset=0"), put("what is in a file"), "Content-Type", "application/octet-stream"), &done)
	w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/conversations/{conversation}/messages")),
		fmt.Sprintf(`{"client_msg_id":"c%d","kind":"note","text":"%s","attachment_ids":[%q]}`, w.next(), put("a note with a file"), done.Attachment.ID))
}

// crawl is one reading of everything that somebody can read.
type crawl struct {
	w     *world
	p     *person
	of    *workspace
	asked map[string]bool
	ids   map[string]map[string]bool // by prefix
	words []string                   // to search for
	each  func(path, text string)
}

// read asks for a path once, and follows its pages.
func (c *crawl) read(path string) {
	for range 50 {
		if c.asked[path] {
			return
		}
		c.asked[path] = true
		a := c.w.ask(c.p, http.MethodGet, path, "")
		// The plugin of the world says that it is a connector, and serves none.
		mute := strings.Contains(a.text, `"code":"plugin.ability"`)
		if a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError && !mute {
			c.w.t.Fatalf("%s answers %d %s", path, a.status, a.text) // nothing was read
		}
		c.each(path, a.text)
		for _, id := range regexp.MustCompile(`\b([a-z]{3})_[0-9A-Z]{26}\b`).FindAllStringSubmatch(a.text, -1) {
			if c.ids[id[1]] == nil {
				c.ids[id[1]] = make(map[string]bool)
			}
			c.ids[id[1]][id[0]] = true
		}
		for _, m := range regexp.MustCompile(`"url":"(/api/v1/media/[^"]+)"`).FindAllStringSubmatch(a.text, -1) {
			if !c.asked[m[1]] {
				c.asked[m[1]] = true
				c.each(m[1], c.w.ask(nobody(), http.MethodGet, m[1], "").text)
			}
		}
		var page struct {
			NextCursor string `json:"next_cursor"`
			HasMore    bool   `json:"has_more"`
			Items      []struct{ Feed, Seq uint64 }
		}
		if json.Unmarshal([]byte(a.text), &page) != nil {
			return
		}
		base, _, _ := strings.Cut(path, "&cursor=")
		switch {
		case page.NextCursor != "":
			path = base + "&cursor=" + page.NextCursor
		case page.HasMore && len(page.Items) > 0 && strings.Contains(path, "after="):
			last := page.Items[len(page.Items)-1]
			path = regexp.MustCompile(`after=\d+`).ReplaceAllString(path, fmt.Sprintf("after=%d", max(last.Feed, last.Seq)))
		default:
			return
		}
	}
}

// questions are the queries with which a route is asked.
func (c *crawl) questions(r row) []string {
	out := []string{"?limit=100", r.query}
	words := func(prefix string) {
		for _, word := range c.words {
			out = append(out, prefix+word+"&limit=100")
		}
	}
	switch tail := strings.TrimPrefix(r.path, "/api/v1/workspaces/{workspace}"); tail {
	case "/search":
		out = nil
		words("?q=")
	case "/contacts", "/organisations", "/tickets", "/canned", "/audit":
		words("?q=")
		out = append(out, "?sort=name&limit=100", "?sort=created&limit=100", "?sort=due&limit=100")
	case "/conversations":
		out = append(out, "?view=all&limit=100", "?state=resolved&limit=100", "?sort=created_asc&limit=100")
	case "/events", "/conversations/{conversation}/timeline", "/tickets/{ticket}/changes":
		out = []string{"?after=0&limit=200"}
	case "/conversations/{conversation}/transcript":
		out = []string{"?format=txt&notes=true", "?format=html&notes=true", ""}
	case "/tickets/export", "/audit/export":
		out = []string{"", "?format=csv", "?format=jsonl"}
	}
	return slices.Compact(out)
}

// run reads every list, then everything that the answers named.
func (c *crawl) run() {
	c.asked, c.ids = make(map[string]bool), make(map[string]map[string]bool)
	for round := range 2 {
		for _, r := range c.w.table {
			if !r.ofMembers() || r.method != http.MethodGet || len(r.params()) > 1 || (len(r.params()) == 0) != (round == 0) {
				continue
			}
			path := strings.NewReplacer("{workspace}", c.of.id, "{publisher}", "test", "{name}", "channel").Replace(r.place())
			names := []string{""}
			if len(r.params()) == 1 {
				names = slices.Sorted(maps.Keys(c.ids[c.w.prefix(r.params()[0])]))
			}
			for _, id := range names {
				at := placeholder().ReplaceAllString(path, id)
				for _, q := range c.questions(r) {
					c.read(at + q)
				}
			}
		}
	}
}

func (w *world) prefix(kind string) string { return kinds()[kind].prefix }

// TestCanaries fills the other workspace with a thousand tokens, and reads
// everything as everybody of the first while the other is busy. The first has
// tokens of its own, which every place has to show that shows anything.
func TestCanaries(t *testing.T) {
	w := newWorld(t)
	w.must(w.here.owner, http.MethodPost, w.at(w.here, "/webhooks"), w.newSet(isOwn).fill(`{"url":"{sink}","events":["*"]}`))
	w.must(w.there.owner, http.MethodPost, w.at(w.there, "/webhooks"), w.newSet(isForeign).fill(`{"url":"{sink}","events":["*"]}`))
	ears := w.everybodyListens()
	for _, variant := range []string{isOwn, isOthers, isOuter} { // so that there is something to read
		w.happen(w.newSet(variant))
	}
	many := manyCanaries
	if !long() {
		many /= 5
	}
	there, mine := w.sow(w.newSet(isForeign), many), w.sow(w.newSet(isOwn), 1)
	own, word := w.sownVisitor(mine)
	w.await("webhooks", func() bool {
		return len(there.found(w.sunkOf(w.there))) > 20 && len(mine.found(w.sunkOf(w.here))) > 0
	})
	theirs := slices.Sorted(maps.Keys(there))[:10]
	seen := newSurfaces(mine)
	leak := func(who, place, where, text string) {
		seen.saw(place, text)
		if found := there.found(text); len(found) > 0 {
			t.Errorf("%s finds %s (%s) in %s: %s", who, found[0], there[found[0]], place, where)
		}
	}
	contact := w.exported(w.here.owner, w.shared(isOwn).fill(fmt.Sprintf(`{"contact_id":%q}`, w.contactWith(w.here, mine))))
	w.exported(w.here.owner, `{"with_files":true}`)
	words := append(append(theirs, word), slices.Sorted(maps.Keys(mine))[:10]...)
	for _, name := range slices.Sorted(maps.Keys(w.people)) {
		if p := w.people[name]; p.standing == isMember && (long() || p.reach != reachAll || name == "owner") {
			c := &crawl{w: w, p: p, of: w.here, words: words, each: func(path, text string) {
				leak(name, surfaceOf(path, contact), path, w.unpacked(text))
			}}
			c.run()
		}
	}
	w.await("the search index", func() bool { // which an erasure has rebuilt
		return w.finds(w.here.owner, []string{word}) && w.finds(w.there.owner, theirs)
	})
	for _, word := range words {
		leak("owner", "search", word, w.must(w.here.owner, http.MethodGet, w.at(w.here, "/search?q="+word), "").text)
	}
	w.closedToOthers(leak)
	w.publicPages(leak)
	w.customerPage(leak, word)
	w.elsewhere(own, leak)
	head := w.head(w.here, 0)
	for _, l := range ears {
		w.await(l.p.name+"'s socket", func() bool { return l.reached(head) || l.gone(t) })
		_, raw := l.said()
		leak(l.p.name, "socket", "theirs", raw)
	}
	cursors := w.cursors(leak)
	if blind := seen.blind(); len(blind) > 0 {
		t.Errorf("nothing of the first workspace's own is seen in %s: the check is blind", strings.Join(blind, "; "))
	}
	pages := 0
	for _, n := range seen.read {
		pages += n
	}
	fmt.Printf("authz: %d canaries, %d texts in %d places (%d of them quiet) read by the first workspace, %d cursors of the other, none found\n",
		len(there), pages, len(seen.read), len(quiet()), cursors)
	w.control(there, words)
	w.beyond(t)
}

// control reads the other workspace as its owner, who has to find its tokens.
func (w *world) control(there canaries, words []string) {
	w.t.Helper()
	w.exported(w.there.owner, `{"with_files":true}`)
	seen := make(map[string]bool)
	(&crawl{w: w, p: w.there.owner, of: w.there, words: words, each: func(_, text string) {
		for _, t := range there.found(w.unpacked(text)) {
			seen[t] = true
		}
	}}).run()
	share := float64(len(seen)) / float64(len(there)) * 100
	fmt.Printf("authz: the other workspace finds %.1f%% of its canaries\n", share)
	if share >= 95 {
		return
	}
	for t, where := range there {
		if !seen[t] {
			fmt.Println("not found:", t, where)
		}
	}
	w.t.Errorf("the other workspace finds %.1f%% of its tokens only: the crawl is blind", share)
}

// sownVisitor is a visitor of the first workspace who wrote a token, and the token.
func (w *world) sownVisitor(mine canaries) (*person, string) {
	w.t.Helper()
	word := fmt.Sprintf("cnry%08x", w.next())
	mine[word] = "a visitor's own"
	v := w.knock(w.here, "")
	w.must(v, http.MethodPost, "/api/v1/live/"+w.here.live.id+"/messages", fmt.Sprintf(`{"client_msg_id":"first","text":%q}`, word))
	return v, word
}

// finds reports whether the search of somebody's workspace knows one of the words.
func (w *world) finds(p *person, words []string) bool {
	w.t.Helper()
	return slices.ContainsFunc(words, func(word string) bool {
		return strings.Contains(w.must(p, http.MethodGet, w.at(p.workspace, "/search?q="+word), "").text, word)
	})
}

// contactWith is a contact who has tokens.
func (w *world) contactWith(of *workspace, tokens canaries) string {
	w.t.Helper()
	for word, where := range tokens {
		if where != "a customer's name" {
			continue
		}
		var list struct{ Items []struct{ ID string } }
		w.decode(w.must(of.owner, http.MethodGet, w.at(of, "/contacts?q="+word), ""), &list)
		if len(list.Items) > 0 {
			return list.Items[0].ID
		}
	}
	w.t.Fatal("no contact has a token")
	return ""
}

func (w *world) sunkOf(of *workspace) string {
	if got, ok := w.sunk.Load(of.id); ok {
		return got.(*rig.Output).String()
	}
	return ""
}

// elsewhere looks where no route leads: webhooks, log, metrics, plugins, pages
// for visitors.
func (w *world) elsewhere(visitor *person, leak leaks) {
	w.t.Helper()
	leak("an endpoint of the first workspace", "webhooks", "all of it", w.sunkOf(w.here))
	leak("an operator", "log", "all of it", w.log.String())
	leak("an operator", "metrics", "/metrics", w.scrape())
	for _, path := range []string{"/changes", "/transcript?format=txt", "/transcript?format=html"} {
		leak("a visitor", "visitor's own", path, w.ask(visitor, http.MethodGet, "/api/v1/live/"+w.here.live.id+path, "").text)
	}
	told, instances := 0, 0
	err := filepath.WalkDir(w.plugins, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		instances++
		if strings.Contains(path, w.there.shop.id) || strings.Contains(path, w.there.live.id) {
			told += len(token().FindAllString(string(text), -1))
		} else if slices.ContainsFunc([]string{w.here.shop.id, w.here.desk.id, w.here.live.id}, func(id string) bool { return strings.Contains(path, id) }) {
			leak("a plugin's instance of the first workspace", "plugin calls", path, string(text))
		}
		return err
	})
	if err != nil || instances < 4 || told == 0 {
		w.t.Errorf("%d files of plugins with %d tokens: %v", instances, told, err)
	}
	if !strings.Contains(w.sunkOf(w.here), w.here.id) {
		w.t.Error("the first workspace's endpoint was sent nothing")
	}
}

// scrape asks for the metrics, which tell of every route that was asked.
func (w *world) scrape() string {
	w.t.Helper()
	res, err := w.http.Get(w.metrics) //nolint:noctx // of a test, which has a deadline
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(text), "patchbay_http_requests_total{") {
		w.t.Fatalf("no metrics: %v %s", err, text)
	}
	return string(text)
}
