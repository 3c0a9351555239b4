package authz_test

import (
	"fmt"
	"iter"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

func headerNames(h http.Header) iter.Seq[string] { return maps.Keys(h) }

// long reports whether everything is asked, and not the short form that runs
// with all tests: make authz.
func long() bool { return os.Getenv("PATCHBAY_TEST_LONG") != "" }

// tally counts cases.
type tally struct{ routes, cases, served, absent, denied, unknown int }

func (c *tally) add(v verdict) {
	c.cases++
	switch v {
	case served:
		c.served++
	case absent:
		c.absent++
	case denied, keyless:
		c.denied++
	default:
		c.unknown++
	}
}

func (c *tally) String() string {
	return fmt.Sprintf("%d cases: %d served, %d as absent, %d forbidden, %d not signed in", c.cases, c.served, c.absent, c.denied, c.unknown)
}

// TestMatrix asks every route of a workspace as everybody for the things of
// everybody.
func TestMatrix(t *testing.T) {
	w := newWorld(t)
	for _, name := range principals() {
		if w.people[name] == nil {
			t.Fatalf("there is no %s", name)
		}
	}
	for _, variant := range variants() { // before anything is compared
		w.shared(variant)
	}
	var count tally
	w.prepare()
	before := w.digest(w.there)
	for i, r := range w.table {
		if !r.ofMembers() {
			continue
		}
		count.routes++
		for j, name := range slices.Sorted(maps.Keys(w.people)) {
			if !long() && (i+j)%6 != 0 && name != "agent of their own" {
				continue
			}
			w.askAll(r, w.people[name], &count)
		}
	}
	if after := w.digest(w.there); after != before {
		t.Errorf("the other workspace was changed:\n%s", difference(before, after))
	}
	fmt.Printf("authz: %d routes x %d principals x %d variants = %s\n", count.routes, len(w.people), len(variants()), &count)
	if count.routes < 150 || count.served < 150 || count.absent < 800 {
		t.Errorf("too little was asked: %s", &count)
	}
}

// prepare makes the shared things, so that none is made between two looks at
// the database.
func (w *world) prepare() {
	for _, r := range w.table {
		for _, name := range r.params() {
			if _, ok := kinds()[name]; ok && r.ofMembers() {
				for _, variant := range variants() {
					w.shared(variant).id(name)
				}
			}
		}
	}
}

// askAll asks a route as one person about every variant.
func (w *world) askAll(r row, p *person, count *tally) {
	w.t.Helper()
	params := r.params()
	if len(params) == 0 {
		w.alone(r, p, count)
		return
	}
	none := w.one(r, p, w.shared(isRandom), count)
	for _, variant := range variants()[1:] {
		s := w.shared(variant)
		if variant == isDeleted && !slices.ContainsFunc(params, func(name string) bool { return kinds()[name].gone != nil }) {
			continue
		}
		v := r.judge(p, s)
		if v == served && r.method != http.MethodGet {
			w.touch(r, p, variant, count)
			continue
		}
		got := w.one(r, p, s, count)
		if v == absent && p.standing != isElsewhere && got.plain != none.plain {
			w.t.Errorf("%s by %s of %s (%s) answers\n%s\n--- and of nothing\n%s", r, p.name, variant, got.path, got.plain, none.plain)
		}
	}
	if p.standing == isMember && len(params) == 2 && p.reach == reachAll && p.may(r.need) {
		w.mismatched(r, p, none.plain, count)
	}
}

// asked is one case.
type asked struct{ path, plain string }

// one is one case, judged.
func (w *world) one(r row, p *person, s *set, count *tally) asked {
	w.t.Helper()
	v := r.judge(p, s)
	path, body := w.here.path(r, s), w.body(r, s)
	a := w.ask(p, r.method, path, body, r.header()...)
	count.add(v)
	if !r.matches(v, a) {
		w.t.Errorf("%s by %s of %s (%s) answers %d %s, want %s %v", r, p.name, s.name, path, a.status, a.text, v, r.want)
	}
	return asked{path, a.plain(s.named(r)...)}
}

// touch asks for what is allowed and changes something. What is spent by it is
// made anew; members who see everything are asked for one variant of these.
func (w *world) touch(r row, p *person, variant string, count *tally) {
	w.t.Helper()
	s := w.shared(variant)
	if r.spends {
		if p.reach == reachAll && variant != isOwn && slices.ContainsFunc(r.params(), func(name string) bool { return kinds()[name].held != byMember }) {
			return
		}
		s = w.newSet(variant)
	}
	w.one(r, p, s, count)
}

// alone asks a route that names nothing but the workspace: of the first, of
// another and of none.
func (w *world) alone(r row, p *person, count *tally) {
	w.t.Helper()
	w.one(r, p, w.shared(isOwn), count)
	if p.standing != isMember && p.standing != isKey {
		return
	}
	var texts []string
	for _, workspace := range []string{w.random("wsp"), w.there.id, "x", "%27"} {
		path := strings.ReplaceAll(strings.NewReplacer("{publisher}", "none", "{name}", "none").Replace(r.path), "{workspace}", workspace) + r.query
		a := w.ask(p, r.method, path, w.body(r, w.shared(isOwn)), r.header()...)
		count.add(absent)
		texts = append(texts, a.plain(workspace))
		if a.status != http.StatusNotFound || texts[0] != texts[len(texts)-1] {
			w.t.Errorf("%s by %s (%s) answers\n%s\n--- and of no workspace\n%s", r, p.name, path, a.plain(workspace), texts[0])
		}
	}
}

// mismatched asks for a thing of one under another that may be seen as well.
func (w *world) mismatched(r row, p *person, none string, count *tally) {
	w.t.Helper()
	params := r.params()
	if !slices.Equal(kinds()[params[1]].under, params[:1]) {
		return
	}
	own, others := w.shared(isOwn), w.shared(isOthers)
	if own.id(params[0]) == others.id(params[0]) || own.id(params[1]) == others.id(params[1]) {
		return
	}
	path := strings.ReplaceAll(w.here.path(r, own), own.id(params[1]), others.id(params[1]))
	a := w.ask(p, r.method, path, w.body(r, own), r.header()...)
	count.add(absent)
	if got := a.plain(own.id(params[0]), others.id(params[1])); got != none {
		w.t.Errorf("%s by %s of another's thing (%s) answers\n%s\n--- and of nothing\n%s", r, p.name, path, got, none)
	}
}

// path is the route's path with the things of a set, in this workspace.
func (of *workspace) path(r row, s *set) string {
	return s.fill(strings.NewReplacer("{workspace}", of.id, "{publisher}", "none", "{name}", "none").Replace(r.place())) + r.query
}

func (w *world) body(r row, s *set) string { return s.fill(r.body) }

// header is what a request needs beside its body.
func (r row) header() []string {
	if strings.HasSuffix(r.path, "/uploads/{upload}") {
		return []string{"Content-Type", "application/octet-stream"}
	}
	return nil
}

// named are the ids that a request for the set named.
func (s *set) named(r row) []string {
	var out []string
	for _, name := range r.params() {
		if id, ok := s.ids[name]; ok {
			out = append(out, id)
		}
	}
	return out
}
