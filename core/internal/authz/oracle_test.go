package authz_test

import (
	"net/http"
	"slices"
	"strings"
)

// verdict is what must be answered.
type verdict int

const (
	unknown verdict = iota // 401: we do not know who this is
	denied                 // 403: their role does not hold the permission
	absent                 // 404: as a thing that never was
	served                 // what the row says
	keyless                // 403: this is not for keys
)

func (v verdict) String() string {
	return [...]string{"401", "403 forbidden", "as absent", "served", "not for keys"}[v]
}

// params are the names of the path's parameters, without the workspace, and
// without plugins and their templates, which are the installation's, and days.
func (r row) params() []string {
	var out []string
	for _, m := range placeholder().FindAllStringSubmatch(r.place(), -1) {
		if name := m[1] + m[2]; !slices.Contains([]string{"workspace", "publisher", "name", "panel", "tool", "day"}, name) && name != "template" {
			out = append(out, name)
		}
	}
	return out
}

// judge says what somebody is answered at a route of the first workspace, about
// the things of a set.
func (r row) judge(p *person, s *set) verdict {
	switch {
	case p.standing == isNobody:
		return unknown
	case p.standing == isElsewhere:
		return absent
	case p.standing == isKey && r.person:
		return keyless
	case !p.may(r.need):
		return denied
	}
	if s.name == isRandom || s.name == isMalformed || s.name == isForeign || s.name == isDeleted {
		if len(r.params()) > 0 {
			return absent
		}
		return served
	}
	for _, name := range r.params() {
		if !p.sees(kinds()[name], s) {
			return absent
		}
	}
	return served
}

// sees is the rule of who sees a thing of a set that is there.
func (p *person) sees(k kind, s *set) bool {
	switch k.held {
	case byReach:
		return p.reaches(s.held)
	case byMember:
		return s.by.member == p.member || k.seenWith != "" && p.may(k.seenWith)
	default:
		return true
	}
}

// matches reports whether an answer is what the verdict says; none is what the
// same person gets for a thing that never was.
func (r row) matches(v verdict, a answer) bool {
	switch v {
	case unknown:
		return a.status == http.StatusUnauthorized
	case denied:
		return a.status == http.StatusForbidden && a.code == "forbidden"
	case keyless:
		return a.status == http.StatusForbidden && (a.code == "key.not_here" || a.code == "forbidden") // it may lack the permission, too
	case absent:
		return a.status == http.StatusNotFound && a.code == "not_found"
	default:
		return slices.Contains(r.want, a.status)
	}
}

// plain is an answer without what differs from one request to the next: the
// ids that the request named, and times.
func (a answer) plain(named ...string) string {
	text := a.text
	for _, id := range named {
		if id != "" {
			text = strings.ReplaceAll(text, id, "ID")
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(headerNames(a.header)) {
		switch name {
		case "Date", "X-Request-Id", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset", "Content-Length":
			continue
		}
		b.WriteString("\n" + name + ": " + strings.Join(a.header[name], ", "))
	}
	return http.StatusText(a.status) + b.String() + "\n\n" + text
}
