package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// cursors takes the cursors of the other workspace's lists to those of the first.
func (w *world) cursors(leak leaks) (n int) {
	w.t.Helper()
	for _, r := range w.table {
		if !r.ofMembers() || r.method != http.MethodGet || len(r.params()) > 0 {
			continue
		}
		var page struct {
			NextCursor string `json:"next_cursor"`
		}
		path := strings.NewReplacer("{publisher}", "test", "{name}", "channel").Replace(r.path)
		a := w.ask(w.there.owner, http.MethodGet, strings.ReplaceAll(path, "{workspace}", w.there.id)+"?limit=1", "")
		if json.Unmarshal([]byte(a.text), &page) != nil || page.NextCursor == "" {
			continue
		}
		n++
		path = strings.ReplaceAll(path, "{workspace}", w.here.id) + "?limit=100&cursor=" + page.NextCursor
		leak("the owner", "REST", "a cursor of another workspace at "+path, w.ask(w.here.owner, http.MethodGet, path, "").text)
	}
	if n < 5 {
		w.t.Errorf("only %d lists gave a cursor", n)
	}
	return n
}

// beyond does the same within the workspace: what is beyond the reach of
// members who see less is in nothing that they read.
func (w *world) beyond(t *testing.T) {
	t.Helper()
	far := w.newSet(isOuter)
	held := make(canaries)
	put := func(where string) string {
		t := fmt.Sprintf("cnry%08x", w.next())
		held[t] = where
		return t
	}
	for _, what := range []struct{ method, tail, body string }{
		{http.MethodPost, "/conversations/{conversation}/messages", `{"client_msg_id":"b{n}","kind":"text","text":"TOKEN"}`},
		{http.MethodPost, "/conversations/{conversation}/messages", `{"client_msg_id":"b{n}","kind":"note","text":"TOKEN"}`},
		{http.MethodPost, "/conversations/{conversation}/scheduled", `{"client_msg_id":"b{n}","text":"TOKEN","send_at":"{tomorrow}"}`},
		{http.MethodPatch, "/contacts/{contact}", `{"name":"TOKEN","note":"TOKEN"}`},
		{http.MethodPost, "/contacts/{contact}/notes", `{"text":"TOKEN"}`},
		{http.MethodPatch, "/tickets/{ticket}", `{"title":"TOKEN","description":"TOKEN"}`},
		{http.MethodPost, "/tickets/{ticket}/comments", `{"client_id":"b{n}","text":"TOKEN","public":true}`},
	} {
		body := what.body
		for strings.Contains(body, "TOKEN") {
			body = strings.Replace(body, "TOKEN", put(what.method+" "+what.tail), 1)
		}
		w.must(w.here.owner, what.method, w.at(w.here, far.fill(what.tail)), far.fill(body))
	}
	words := slices.Sorted(maps.Keys(held))
	w.await("the search index", func() bool {
		return strings.Contains(w.ask(w.here.owner, http.MethodGet, w.at(w.here, "/search?q="+words[0]), "").text, far.id("conversation"))
	})
	all := make(map[string]bool)
	(&crawl{w: w, p: w.here.owner, of: w.here, words: words, each: func(_, text string) {
		for _, t := range held.found(text) {
			all[t] = true
		}
	}}).run()
	if len(all) < len(held) {
		t.Errorf("the owner finds %d of %d tokens only", len(all), len(held))
	}
	for _, name := range []string{"agent of their own", "agent of a team"} {
		asked := ""
		(&crawl{w: w, p: w.people[name], of: w.here, words: words, each: func(path, text string) {
			asked = path
			if found := held.found(text); len(found) > 0 && !echoes(path, found) {
				t.Errorf("%s finds what is beyond reach (%s) in %s", name, held[found[0]], path)
			}
		}}).run()
		if asked == "" {
			t.Errorf("%s reads nothing", name)
		}
	}
	fmt.Printf("authz: %d tokens beyond reach, looked for as two who see less\n", len(held))
}

// echoes reports whether an answer has but the word that was asked for.
func echoes(path string, found []string) bool {
	return strings.Contains(path, "q=") && !slices.ContainsFunc(found, func(t string) bool { return !strings.Contains(path, t) })
}
