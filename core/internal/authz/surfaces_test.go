package authz_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// surfaces are all places where the first workspace could read what is another's,
// each with what was read there and how many of the first's own tokens that had.
// A place where none of one's own is seen shows nothing of another's absence:
// it fails the test, unless quiet says that it shows nobody's.
type surfaces struct {
	read map[string]int
	own  map[string]int
	mine canaries
}

// quiet are the places that show nobody's words, each with the bug of the
// command seeded that shows some, so that the check is seen to fail.
func quiet() map[string]string {
	return map[string]string{
		"log":           "a log with customers' words",
		"support file":  "a support file with the database in it",
		"metrics":       "metrics with a workspace's names",
		"public pages":  "pages for all with the words of whoever asked before",
		"error pages":   "as public pages",
		"offline pages": "as public pages",
	}
}

// loud are the places that have to show the first workspace its own.
func loud() []string {
	return []string{
		"REST", "search", "history", "feed", "files", "ticket table", "audit export", "workspace export", "export of a contact", "transcript",
		"socket", "webhooks", "plugin calls", "visitor's own", "customer's page",
	}
}

func newSurfaces(mine canaries) *surfaces {
	return &surfaces{read: make(map[string]int), own: make(map[string]int), mine: mine}
}

// saw counts what was read in a place.
func (s *surfaces) saw(place, text string) {
	s.read[place]++
	s.own[place] += len(s.mine.found(text))
}

// surfaceOf is the place that a path is.
func surfaceOf(path, contact string) string {
	path, _, _ = strings.Cut(path, "?")
	for _, of := range [][2]string{
		{"/api/v1/media/", "files"},
		{"/system/bundle", "support file"},
		{"/search", "search"},
		{"/tickets/export", "ticket table"},
		{"/audit/export", "audit export"},
		{contact + "/file", "export of a contact"},
		{"/file", "workspace export"},
		{"/transcript", "transcript"},
		{"/timeline", "history"},
		{"/changes", "history"},
		{"/events", "feed"},
	} {
		if of[0] == "/api/v1/media/" && strings.HasPrefix(path, of[0]) || strings.HasSuffix(path, of[0]) && of[0] != "/file" ||
			of[0] == "/file" && strings.HasSuffix(path, of[0]) && strings.Contains(path, "/exports/") {
			return of[1]
		}
	}
	return "REST"
}

// blind are the places of which the check shows nothing.
func (s *surfaces) blind() []string {
	var out []string
	for _, place := range loud() {
		if s.own[place] == 0 {
			out = append(out, place)
		}
	}
	for place := range quiet() {
		if s.read[place] == 0 {
			out = append(out, place)
		}
		if s.own[place] > 0 {
			out = append(out, place+", which is not quiet")
		}
	}
	for place := range s.read {
		if _, ok := quiet()[place]; !ok && !slices.Contains(loud(), place) {
			out = append(out, place+", which is not in the list")
		}
	}
	slices.Sort(out)
	return out
}

// unpacked is an answer's text; of an archive, that of all files in it.
func (w *world) unpacked(text string) string {
	w.t.Helper()
	if !strings.HasPrefix(text, "PK\x03\x04") {
		return text
	}
	archive, err := zip.NewReader(bytes.NewReader([]byte(text)), int64(len(text)))
	if err != nil {
		w.t.Fatalf("not an archive: %v", err)
	}
	var out strings.Builder
	for _, f := range archive.File {
		out.WriteString(f.Name + "\n")
		r, err := f.Open()
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := io.Copy(&out, r); err != nil {
			w.t.Fatalf("%s: %v", f.Name, err)
		}
		_ = r.Close()
	}
	return out.String()
}

// closedToOthers asks for what another workspace made to be fetched.
func (w *world) closedToOthers(leak leaks) {
	w.t.Helper()
	s := w.newSet(isForeign)
	theirs := w.exported(w.there.owner, `{"with_files":true}`)
	if !strings.HasPrefix(w.must(w.there.owner, http.MethodGet, w.at(w.there, "/exports/"+theirs+"/file"), "").text, "PK") {
		w.t.Error("the other workspace's export has no file")
	}
	for _, path := range []string{"/exports/" + theirs, "/exports/" + theirs + "/file"} {
		for name, p := range w.people {
			a := w.ask(p, http.MethodGet, w.at(w.here, path), "")
			leak(name, "REST", path, w.unpacked(a.text))
			if a.status < http.StatusUnauthorized {
				w.t.Errorf("%s gets %d for %s of another workspace", name, a.status, path)
			}
		}
	}
	a := w.ask(w.here.owner, http.MethodPost, w.at(w.here, "/exports"), s.fill(`{"contact_id":"{contact}"}`))
	if a.status != http.StatusNotFound {
		w.t.Errorf("an export of another workspace's contact is answered %d %s", a.status, a.text)
	}
}

// leaks reports what of the other workspace is in a text.
type leaks func(who, place, where, text string)

// publicPages reads what everybody may.
func (w *world) publicPages(leak leaks) {
	w.t.Helper()
	codes := w.ask(nobody(), http.MethodGet, "/docs/errors", "").text
	for _, path := range []string{"/openapi.json", "/docs", "/docs/api", "/docs/errors", "/readyz", "/livez"} {
		leak("anybody", "public pages", path, w.ask(nobody(), http.MethodGet, path, "").text)
	}
	if !strings.Contains(codes, "/docs/errors/not_found") {
		w.t.Error("there are no pages of errors")
	}
	for _, path := range []string{"/docs/errors/not_found", "/docs/errors/none", "/api/v1/nothing", "/t/nonsense", "/r/nonsense", "/w/none/frame.html", "/chat/none", "/hooks/none/"} {
		leak("anybody", "error pages", path, w.ask(nobody(), http.MethodGet, path, "").text)
	}
	for _, path := range []string{"/chat/" + w.here.live.id, "/api/v1/live/" + w.here.live.id, "/w/" + w.here.live.id + "/frame.html", "/w/" + w.here.live.id + "/loader.js"} {
		leak("anybody", "offline pages", path, w.ask(nobody(), http.MethodGet, path, "").text)
	}
}

// customerPage opens a ticket's page with tokens of the first workspace.
func (w *world) customerPage(leak leaks, token string) {
	w.t.Helper()
	s := w.newSet(isOwn)
	w.must(w.here.owner, http.MethodPatch, w.at(w.here, s.fill("/tickets/{ticket}")), fmt.Sprintf(`{"title":%q}`, token))
	c := cast{set: s}
	w.decode(w.must(w.here.owner, http.MethodPost, w.at(w.here, s.fill("/tickets/{ticket}/link")), ""), &struct{ URL *string }{&c.link})
	leak("a customer", "customer's page", "/t/...", w.ask(nobody(), http.MethodGet, c.path(), "").text)
}
