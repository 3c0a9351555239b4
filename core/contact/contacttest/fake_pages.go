package contacttest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// AddPageViews implements contact.PageStore.
func (f *Fake) AddPageViews(_ context.Context, workspace identity.WorkspaceID, inbox, external string, views []contact.PageView, keep int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := known{workspace, inbox, external}
	all := slices.Clone(f.views[k])
	last := time.Time{}
	for _, v := range views {
		if err := storable(v.URL, v.Title, v.Referrer); err != nil {
			return err
		}
		if v.At.After(last) {
			last = v.At
		}
		if i := slices.IndexFunc(all, func(o contact.PageView) bool { return o.At.Equal(v.At) }); i >= 0 {
			all[i].Duration = max(all[i].Duration, v.Duration)
			continue
		}
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b contact.PageView) int { return b.At.Compare(a.At) })
	f.views[k] = all[:min(keep, len(all))]
	if who, ok := f.known[k]; ok {
		id := key{workspace, f.contacts[key{workspace, who.Contact}].Person()}
		if c := f.contacts[id]; last.After(c.LastSeenAt) {
			c.LastSeenAt = last
			f.contacts[id] = c
		}
	}
	return nil
}

// PageViews implements contact.PageStore.
func (f *Fake) PageViews(_ context.Context, workspace identity.WorkspaceID, id contact.ID, p page.Request) (page.Page[contact.PageView], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.contacts[key{workspace, id}]; !ok {
		return page.Page[contact.PageView]{}, errs.Absent()
	}
	type seen struct {
		contact.PageView
		known
	}
	var all []seen
	for k, who := range f.known {
		if k.workspace != workspace || !f.stands(workspace, who.Contact, id) {
			continue
		}
		for _, v := range f.views[k] {
			all = append(all, seen{v, k})
		}
	}
	slices.SortFunc(all, func(a, b seen) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.inbox, a.inbox), cmp.Compare(b.external, a.external))
	})
	got, err := paged(all, p, func(s seen) string { return number(s.At.UnixMicro()) + s.inbox + s.external })
	out := page.Page[contact.PageView]{Next: got.Next}
	for _, s := range got.Items {
		out.Items = append(out.Items, s.PageView)
	}
	return out, err
}

// LastPageView implements contact.PageStore.
func (f *Fake) LastPageView(_ context.Context, workspace identity.WorkspaceID, inbox, external string) (contact.PageView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if all := f.views[known{workspace, inbox, external}]; len(all) > 0 {
		return all[0], nil
	}
	return contact.PageView{}, nil
}

// ForgetPageViews implements contact.PageStore.
func (f *Fake) ForgetPageViews(_ context.Context, before time.Time, limit int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for k, views := range f.views {
		f.views[k] = slices.DeleteFunc(slices.Clone(views), func(v contact.PageView) bool {
			if n == limit || !v.At.Before(before) {
				return false
			}
			n++
			return true
		})
	}
	return n, nil
}
