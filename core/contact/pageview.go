package contact

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// PageView is a page that a visitor of a site looked at.
type PageView struct {
	At       time.Time
	URL      string
	Title    string
	Referrer string
	Duration time.Duration // how long it was in front, whole seconds; 0 = not known
}

// Limits of page views.
const (
	MaxPageViews  = 20                  // in one report
	KeptPageViews = 500                 // of one visitor; beyond that the oldest go
	PageViewTTL   = 90 * 24 * time.Hour // after that they are deleted

	maxURL      = 2000 // bytes
	maxTitle    = 300  // characters
	maxStay     = 24 * time.Hour
	maxReported = 24 * time.Hour // how late a view may be told
)

// Pages is the use cases of page views.
type Pages struct {
	store PageStore
	now   func() time.Time
}

// NewPages returns a Pages.
func NewPages(store PageStore, now func() time.Time) *Pages { return &Pages{store: store, now: now} }

// Add records what a visitor looked at, by the identity that the inbox knows
// the visitor under. It is idempotent by the time of a view. A browser's word
// is trimmed, not believed: a view without a web address is left out, times
// from the future or from more than a day ago become the nearest that is
// possible. Who may report views, and whether the customer agreed, is for the
// caller to know. Errors: more than MaxPageViews at once is errs.Invalid.
func (p *Pages) Add(ctx context.Context, workspace identity.WorkspaceID, inbox, external string, views []PageView) error {
	if len(views) > MaxPageViews {
		return errs.New(errs.Invalid, "page_views.too_many", "At most 20 page views are taken at once. Send them in parts.").
			WithFields(errs.Field{Pointer: "/views", Code: "too_long", Detail: "has more than 20 views"})
	}
	kept := make([]PageView, 0, len(views))
	for _, v := range views {
		if v, ok := p.trim(v); ok {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return p.store.AddPageViews(ctx, workspace, inbox, external, kept, KeptPageViews)
}

// List returns the views of a contact, the newest first.
func (p *Pages) List(ctx context.Context, scope identity.Scope, id ID, r page.Request) (page.Page[PageView], error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return page.Page[PageView]{}, err
	}
	if err := Reached(ctx, p.store, scope, id); err != nil {
		return page.Page[PageView]{}, err
	}
	return p.store.PageViews(ctx, scope.Workspace, id, r)
}

// Forget deletes views that are too old, a batch at a time. It returns how
// many went; fewer than a batch means that none is left.
func (p *Pages) Forget(ctx context.Context, batch int) (int, error) {
	return p.store.ForgetPageViews(ctx, p.now().Add(-PageViewTTL), batch)
}

func (p *Pages) trim(v PageView) (PageView, bool) {
	v.URL = webAddress(v.URL)
	if v.URL == "" {
		return v, false
	}
	v.Title, v.Referrer = line(v.Title, maxTitle), webAddress(v.Referrer)
	now := p.now()
	if v.At.After(now) {
		v.At = now
	}
	if oldest := now.Add(-maxReported); v.At.Before(oldest) {
		v.At = oldest
	}
	v.Duration = min(max(v.Duration, 0), maxStay).Truncate(time.Second)
	return v, true
}

// webAddress returns an http or https address without user and password; "" for
// anything else. One that is too long loses its query.
func webAddress(s string) string {
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || len(s) > 4*maxURL {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	u.User = nil
	out := u.String()
	if len(out) > maxURL {
		u.RawQuery, u.Fragment = "", ""
		out = u.String()
	}
	if len(out) > maxURL {
		return ""
	}
	return out
}

// line makes one storable line of a text, at most limit characters.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit])
	}
	return s
}
