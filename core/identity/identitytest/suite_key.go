package identitytest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (w *world) key() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	at := w.now
	k := identity.APIKey{
		Workspace: f.Workspace.ID, ID: "key_1", Member: f.Owner.ID, Name: "CI", Scopes: []identity.Permission{"contact.read", "contact.write"},
		SecretHash: "h", CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}
	foreign := k
	foreign.ID, foreign.Workspace = "key_2", other.Workspace.ID
	w.fails(w.Keys.CreateKey(w.Context(), foreign, 1), errs.Absent()) // the member is no member there
	w.ok(w.Keys.CreateKey(w.Context(), k, 1))
	got, account, err := w.Keys.Key(w.Context(), k.ID)
	w.ok(err)
	same(w, got, k)
	same(w, account, f.Account.ID)
	_, _, err = w.Keys.Key(w.Context(), "key_none")
	w.fails(err, errs.Absent())

	second := k
	second.ID = "key_3"
	w.fails(w.Keys.CreateKey(w.Context(), second, 1), identity.KeyLimit())
	second.CreatedAt, second.ExpiresAt = k.ExpiresAt, time.Time{}
	w.ok(w.Keys.CreateKey(w.Context(), second, 1)) // the first has expired

	w.ok(w.Keys.TouchKey(w.Context(), k.Workspace, k.ID, at.Add(time.Minute), "192.0.2.1"))
	w.fails(w.Keys.RevokeKey(w.Context(), other.Workspace.ID, k.ID, at), errs.Absent())
	for range 2 {
		w.ok(w.Keys.RevokeKey(w.Context(), k.Workspace, k.ID, at))
		at = at.Add(time.Second)
	}
	k.LastUsedAt, k.LastAddress, k.RevokedAt = w.now.Add(time.Minute), "192.0.2.1", w.now
	p, err := w.Keys.Keys(w.Context(), k.Workspace, k.Member, page.Request{})
	w.ok(err)
	same(w, p.Items, []identity.APIKey{second, k})
	p, err = w.Keys.Keys(w.Context(), k.Workspace, "mem_none", page.Request{})
	w.ok(err)
	if len(p.Items) != 0 {
		w.Errorf("nobody's keys are %v", p.Items)
	}
}
