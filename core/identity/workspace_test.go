package identity_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func TestWorkspace(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail), o.founded("two@example.com")
	scope, before := o.scope(one.Member), o.head(one.Workspace.ID)
	_, err := o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Name: new(""), Locale: new("xx")})
	o.refuses(err, "/name required", "/locale invalid_locale")
	w, err := o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Name: new("客服"), Locale: new("zh-CN")})
	o.ok(err)
	got, err := o.Workspaces.Get(t.Context(), scope)
	o.ok(err)
	equal(t, got, w)
	equal(t, got.Name+" "+got.Locale, "客服 zh-CN")
	equal(t, o.events(one.Workspace.ID, before), []string{"workspace.changed " + string(one.Workspace.ID)})

	other, err := o.Workspaces.Get(t.Context(), o.scope(two.Member))
	o.ok(err)
	equal(t, other, two.Workspace)
	all, err := o.Workspaces.All(t.Context(), page.Request{})
	o.ok(err)
	equal(t, len(all.Items), 2)
}
