package authz_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestOutside asks, as everybody, the routes that are no workspace's: those of
// accounts, of visitors, and those that are open to all.
func TestOutside(t *testing.T) {
	w := newWorld(t)
	w.people["visitor of another workspace"] = w.knock(w.there, "")
	ended := w.knock(w.here, "")
	w.must(ended, http.MethodDelete, "/api/v1/live/"+w.here.live.id+"/sessions", "")
	w.people["ended visitor"] = ended
	cases := 0
	for _, name := range slices.Sorted(maps.Keys(w.people)) {
		for _, r := range w.table {
			switch r.need {
			case "session":
				cases += w.asAccount(r, w.people[name], name)
			case "visitor":
				cases += w.asVisitor(r, w.people[name], name)
			}
		}
	}
	cases += w.asAnybody()
	fmt.Printf("authz: accounts, visitors and anybody, %d cases\n", cases)
}

// asAccount asks a route of accounts.
func (w *world) asAccount(r row, p *person, name string) (cases int) {
	w.t.Helper()
	if r.spends { // it ends the session that asks; see core/httpapi
		return 0
	}
	var texts []string
	for _, variant := range []string{isRandom, isForeign, isOthers} {
		session := w.shared(variant).id("session")
		path := strings.NewReplacer("{session}", session, "{provider}", w.shared(variant).id("provider")).Replace(r.path)
		if variant == isOthers && strings.Contains(r.path, "{provider}") || variant == isForeign && p.workspace == w.there {
			continue // it is of one's own workspace, and may be joined
		}
		a := w.ask(p, r.method, path, w.shared(isOwn).fill(r.body))
		cases++
		texts = append(texts, a.plain(session, w.shared(variant).id("provider")))
		switch p.standing {
		case isNobody:
			if a.status != http.StatusUnauthorized {
				w.t.Errorf("%s by %s answers %d %s, want 401", r, name, a.status, a.text)
			}
		case isKey:
			if a.status != http.StatusForbidden || a.code != "key.not_here" {
				w.t.Errorf("%s by %s answers %d %s, want 403 key.not_here", r, name, a.status, a.text)
			}
		default:
			if !slices.Contains(r.want, a.status) {
				w.t.Errorf("%s by %s (%s) answers %d %s, want %v", r, name, path, a.status, a.text, r.want)
			}
		}
		if !strings.Contains(r.path, "{") {
			return cases
		}
	}
	if slices.ContainsFunc(texts, func(s string) bool { return s != texts[0] }) {
		w.t.Errorf("%s by %s tells what is there from what never was:\n%s", r, name, strings.Join(texts, "\n---\n"))
	}
	return cases
}

// asVisitor asks a route of visitors: in the inbox of their session, and in
// others.
func (w *world) asVisitor(r row, p *person, name string) (cases int) {
	w.t.Helper()
	upload := w.shared(isForeign).id("upload")
	for _, inbox := range []string{w.here.live.id, w.there.live.id, w.here.shop.id, w.random("inb"), "x"} {
		path := strings.NewReplacer("{inbox}", inbox, "{upload}", upload).Replace(r.path) + r.query
		a := w.ask(p, r.method, path, w.shared(isOwn).fill(r.body), r.header()...)
		cases++
		want := []int{http.StatusUnauthorized}
		if p.visitor != "" && name != "ended visitor" && inbox == p.workspace.live.id {
			if want = r.want; strings.Contains(r.path, "{upload}") {
				want = []int{http.StatusNotFound} // it is a member's
			}
			if r.spends {
				continue
			}
		}
		if !slices.Contains(want, a.status) {
			w.t.Errorf("%s by %s in %s answers %d %s, want %v", r, name, inbox, a.status, a.text, want)
		}
	}
	return cases
}

// asAnybody tries what carries its right in the address with other addresses.
func (w *world) asAnybody() (cases int) {
	w.t.Helper()
	s := w.shared(isForeign)
	file := s.id("attachment")
	for _, of := range []struct{ format, none, there string }{
		{"/api/v1/media/%s", w.random("att"), file},
		{"/api/v1/media/%s/preview", w.random("att"), file},
		{"/api/v1/media/%s?t=g18.AAAAAAAAAAAAAAAAAAAAAA", w.random("att"), file},
		{"/api/v1/live/%s", w.random("inb"), w.there.shop.id},
		{"/chat/%s", w.random("inb"), w.there.shop.id},
		{"/w/%s/loader.js", w.random("inb"), w.there.shop.id},
		{"/t/%s", "AAAAAAAAAAAAAAAAAAAAAA", s.id("ticket")},
		{"/r/%s", "AAAAAAAAAAAAAAAAAAAAAA", s.id("conversation")},
		{"/hooks/%s/", "AAAAAAAAAAAAAAAAAAAAAA", w.there.shop.id},
		{"/api/v1/oidc/%s/start", w.random("idp"), "x"},
	} {
		none, there := w.ask(nobody(), http.MethodGet, fmt.Sprintf(of.format, of.none), ""), w.ask(nobody(), http.MethodGet, fmt.Sprintf(of.format, of.there), "")
		cases += 2
		if got, want := bare(there, of.there), bare(none, of.none); got != want || there.status < http.StatusSeeOther {
			w.t.Errorf(of.format+" answers\n%s\n--- and for nothing\n%s", of.there, got, want)
		}
	}
	return cases
}

// regexpNonce finds the nonce of a page.
func regexpNonce() *regexp.Regexp { return regexp.MustCompile(`nonce[-="]+[A-Za-z0-9+/=_-]+`) }

// bare is an answer without the nonces of a page.
func bare(a answer, named string) string {
	return volatile().ReplaceAllString(regexpNonce().ReplaceAllString(a.plain(named), "nonce"), "N")
}
