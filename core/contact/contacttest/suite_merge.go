package contacttest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// merging is the use cases, which decide what the store keeps.
func (w *world) merging() *contact.Merging {
	return contact.NewMerging(w.f.Merges, w.f.Store, func() time.Time { return w.now })
}

func (w *world) agent() identity.Scope {
	return identity.Scope{Workspace: w.ws, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "Lin", Role: identity.RoleAgent}}
}

func (w *world) merge(source, into contact.ID) contact.Merge {
	w.Helper()
	w.tick()
	m, _, err := w.merging().Merge(w.Context(), w.agent(), source, into)
	w.ok(err)
	return m
}

func (w *world) undo(m contact.Merge) {
	w.Helper()
	w.tick()
	_, _, err := w.merging().Undo(w.Context(), w.agent(), m.ID)
	w.ok(err)
}

func (w *world) get(id contact.ID) (contact.Contact, []contact.Identity) {
	w.Helper()
	c, whos, err := w.f.Store.Get(w.Context(), w.ws, id)
	w.ok(err)
	return c, whos
}

func (w *world) edit(id contact.ID, fn func(*contact.Contact)) {
	w.Helper()
	_, err := w.f.Store.Update(w.Context(), w.ws, id, func(c *contact.Contact) ([]event.Event, error) { fn(c); return nil, nil })
	w.ok(err)
}

func (w *world) verify(c contact.Contact) {
	w.Helper()
	w.ok(w.f.Within(w.T, w.ws, func(tx contact.Tx) error { return tx.Verify(w.Context(), w.inbox, w.who(c).External, w.tick()) }))
}

// knownAs returns who stands for an identity.
func (w *world) knownAs(c contact.Contact) contact.ID {
	w.Helper()
	var id contact.ID
	w.ok(w.f.Within(w.T, w.ws, func(tx contact.Tx) error {
		found, err := tx.ByIdentity(w.Context(), w.inbox, w.who(c).External)
		if err == nil {
			id = found.ID
		}
		return err
	}))
	return id
}

// person returns who a transaction takes a contact for, and as what inboxes know them.
func (w *world) person(id contact.ID) (c contact.Contact, externals []string, err error) {
	w.Helper()
	err = w.f.Within(w.T, w.ws, func(tx contact.Tx) error {
		got, known, err := tx.Person(w.Context(), id)
		c, externals = got, nil
		for _, who := range known {
			externals = append(externals, who.External)
		}
		slices.Sort(externals)
		return err
	})
	return c, externals, err
}

func testPerson(w *world) {
	a, b := w.contact("Anna"), w.contact("Bo")
	both := []string{w.who(a).External, w.who(b).External}
	slices.Sort(both)
	if got, known, err := w.person(a.ID); err != nil || got.ID != a.ID || got.Name != "Anna" || got.Verified || !slices.Equal(known, []string{w.who(a).External}) {
		w.Errorf("alone they are %+v, known as %v, %v", got, known, err)
	}
	w.verify(a)
	w.merge(b.ID, a.ID)
	for _, id := range []contact.ID{a.ID, b.ID} {
		if got, known, err := w.person(id); err != nil || got.ID != a.ID || !got.Verified || !slices.Equal(known, both) {
			w.Errorf("merged they are %+v, known as %v, %v", got, known, err)
		}
	}
	if _, _, err := w.person("con_none"); !errs.Is(err, errs.NotFound) {
		w.Errorf("nobody is %v", err)
	}
}

func testMerge(w *world) {
	a, b := w.contact("Anna"), w.contact("")
	w.edit(a.ID, func(c *contact.Contact) {
		c.Email, c.Phone, c.Attributes = "anna@example.com", "+861", map[string]any{"plan": "pro", "seats": 3.0}
	})
	w.edit(b.ID, func(c *contact.Contact) { c.Phone, c.Attributes = "+862", map[string]any{"plan": "free"} })
	before, _ := w.get(a.ID)
	w.note(a.ID, "of the source")
	w.note(b.ID, "of the target")
	w.ok(w.f.Pages.AddPageViews(w.Context(), w.ws, w.inbox, w.who(a).External, []contact.PageView{w.view(1)}, 9))
	m := w.merge(a.ID, b.ID)
	got, whos := w.get(b.ID)
	if got.Name != "Anna" || got.Email != "anna@example.com" || got.Phone != "+862" || len(whos) != 2 {
		w.Errorf("the target is %+v, known as %+v", got, whos)
	}
	same(w, got.Attributes, map[string]any{"plan": "free", "seats": 3.0})
	src, none := w.get(a.ID)
	if src.MergedInto != b.ID || src.Survivor != b.ID || src.Name != "Anna" || len(none) != 0 {
		w.Errorf("the source is %+v, known as %+v", src, none)
	}
	same(w, w.list("", 10), []string{"Anna"})
	same(w, w.knownAs(a), b.ID)
	same(w, len(w.notes(b.ID)), 2)
	same(w, len(w.notes(a.ID)), 0)
	views, err := w.f.Pages.PageViews(w.Context(), w.ws, b.ID, page.Request{})
	w.ok(err)
	same(w, len(views.Items), 1)
	for _, id := range []contact.ID{a.ID, b.ID} {
		all, err := w.merging().List(w.Context(), w.agent(), id)
		w.ok(err)
		if len(all) != 1 || all[0].ID != m.ID || all[0].SourceName != "Anna" || !all[0].UndoneAt.IsZero() || all[0].Actor.Name != "Lin" {
			w.Errorf("the merges are %+v", all)
		}
	}
	events, err := w.f.Log.Since(w.Context(), string(w.ws), 0, 10)
	w.ok(err)
	if len(events) != 2 || events[0].Subject != string(a.ID) || events[1].Subject != string(b.ID) {
		w.Errorf("told of %+v", events)
	}
	w.undo(m)
	after, _ := w.get(a.ID)
	before.UpdatedAt, after.UpdatedAt, after.LastSeenAt, before.LastSeenAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	same(w, after, before)
}

func testMergeRefuses(w *world) {
	a, b := w.contact("a"), w.contact("b")
	w.verify(a)
	try := func(scope identity.Scope, source, into contact.ID) string {
		_, _, err := w.merging().Merge(w.Context(), scope, source, into)
		if err == nil {
			return ""
		}
		return errs.As(err).Code
	}
	other, _ := w.f.Workspace(w.T)
	abroad := w.agent()
	abroad.Workspace = other
	nobody := w.agent()
	nobody.Actor.Role = ""
	for _, tt := range []struct {
		scope        identity.Scope
		source, into contact.ID
		want         string
	}{
		{w.agent(), a.ID, b.ID, "contact.merge_verified"},
		{w.agent(), a.ID, a.ID, "contact.merge_same"},
		{w.agent(), a.ID, "con_none", "not_found"},
		{w.agent(), "con_none", a.ID, "not_found"},
		{abroad, b.ID, a.ID, "not_found"},
		{nobody, b.ID, a.ID, "forbidden"},
		{identity.SystemScope(w.ws), b.ID, a.ID, "contact.merge_member"},
	} {
		same(w, try(tt.scope, tt.source, tt.into), tt.want)
	}
	m := w.merge(b.ID, a.ID)
	same(w, try(w.agent(), b.ID, w.contact("c").ID), "contact.merged")
	same(w, try(w.agent(), a.ID, b.ID), "contact.merge_same") // b is a now
	service := contact.NewService(contact.Deps{Store: w.f.Store, Organisations: w.f.Organisations, Attributes: Attributes{}, Now: time.Now})
	if _, err := service.Update(w.Context(), w.agent(), b.ID, contact.Edit{Name: new("x")}); err == nil || errs.As(err).Code != "contact.merged" {
		w.Errorf("an edit of a merged contact gives %v", err)
	}
	w.undo(m)
	if _, _, err := w.merging().Undo(w.Context(), w.agent(), m.ID); err == nil || errs.As(err).Code != "contact.merge_undone" {
		w.Errorf("undone twice: %v", err)
	}
	if _, _, err := w.merging().Undo(w.Context(), abroad, m.ID); !errs.Is(err, errs.NotFound) {
		w.Errorf("undone from abroad: %v", err)
	}
}

// A chain: what was filled goes along it, and is taken back along it.
func testMergeChain(w *world) {
	a, b, c := w.contact("a"), w.contact("b"), w.contact("c")
	w.edit(a.ID, func(x *contact.Contact) { x.Email = "a@example.com" })
	w.edit(b.ID, func(x *contact.Contact) { x.Phone = "+8613800000000" })
	ab := w.merge(a.ID, b.ID)
	bc := w.merge(b.ID, c.ID)
	for _, x := range []contact.Contact{a, b, c} {
		same(w, w.knownAs(x), c.ID)
	}
	end, whos := w.get(c.ID)
	if end.Email != "a@example.com" || end.Phone != "+8613800000000" || len(whos) != 3 {
		w.Errorf("at the end is %+v, %+v", end, whos)
	}
	w.undo(ab) // while b stands for c
	same(w, w.knownAs(a), a.ID)
	same(w, w.knownAs(b), c.ID)
	end, _ = w.get(c.ID)
	if end.Email != "" || end.Phone != "+8613800000000" {
		w.Errorf("after the first undo: %+v", end)
	}
	again := w.merge(a.ID, b.ID) // goes to who b is now
	same(w, again.Target, c.ID)
	w.undo(bc)
	same(w, w.knownAs(a), c.ID)
	same(w, w.knownAs(b), b.ID)
	mid, _ := w.get(b.ID)
	if mid.Phone != "+8613800000000" || mid.Email != "" {
		w.Errorf("the middle is %+v", mid)
	}
}

func testMergeUndo(w *world) {
	a, b := w.contact("a"), w.contact("b")
	w.edit(a.ID, func(x *contact.Contact) {
		x.Email, x.Phone, x.Attributes = "a@example.com", "+861", map[string]any{"plan": "pro", "city": "杭州"}
	})
	m := w.merge(a.ID, b.ID)
	w.edit(b.ID, func(x *contact.Contact) { x.Email = "corrected@example.com"; x.Attributes["plan"] = "max" })
	late := w.note(b.ID, "written after the merge")
	w.undo(m)
	got, whos := w.get(b.ID)
	if got.Email != "corrected@example.com" || got.Phone != "" || len(whos) != 1 {
		w.Errorf("the target keeps %+v, %+v", got, whos)
	}
	same(w, got.Attributes, map[string]any{"plan": "max"})
	src, whos := w.get(a.ID)
	if src.Email != "a@example.com" || src.Phone != "+861" || src.MergedInto != "" || len(whos) != 1 {
		w.Errorf("the source is %+v, %+v", src, whos)
	}
	same(w, w.notes(b.ID), []contact.Note{late})
}

// Merges of the same contacts at once: one order or the other, never a circle.
func testMergeAtOnce(w *world) {
	for range 5 {
		a, b, c := w.contact("a"), w.contact("b"), w.contact("c")
		w.tick()
		var wg sync.WaitGroup
		for _, pair := range [][2]contact.ID{{a.ID, b.ID}, {b.ID, c.ID}, {c.ID, a.ID}, {b.ID, a.ID}} {
			wg.Go(func() {
				_, _, err := w.merging().Merge(w.Context(), w.agent(), pair[0], pair[1])
				if err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Invalid) {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		roots := map[contact.ID]bool{w.knownAs(a): true, w.knownAs(b): true, w.knownAs(c): true}
		same(w, len(roots), 1)
	}
}

// Merges and undos in any order: who stands for whom is always what the merges
// that stand say, and all undone gives back what was.
func testMergeRandom(w *world) {
	random := rand.New(rand.NewPCG(7, 11))
	var all []contact.Contact
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		c := w.contact(name)
		w.edit(c.ID, func(x *contact.Contact) { x.Attributes = map[string]any{name: name, "shared": name} })
		all = append(all, c)
	}
	at := make(map[contact.ID]contact.Merge) // the merge of each that stands
	for range 60 {
		c := all[random.IntN(len(all))]
		if m, ok := at[c.ID]; ok {
			w.undo(m)
			delete(at, c.ID)
		} else if m, _, err := w.merging().Merge(w.Context(), w.agent(), c.ID, all[random.IntN(len(all))].ID); err == nil {
			at[c.ID] = m
		} else if !errs.Is(err, errs.Invalid) {
			w.Fatal(err)
		}
		for _, c := range all {
			root := c.ID
			for m, ok := at[root]; ok; m, ok = at[root] {
				root = m.Target
			}
			same(w, w.knownAs(c), root)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(at)) {
		w.undo(at[id])
	}
	for _, c := range all {
		got, whos := w.get(c.ID)
		same(w, len(whos), 1)
		same(w, got.Attributes, map[string]any{c.Name: c.Name, "shared": c.Name})
	}
}

func testDuplicates(w *world) {
	a := w.contact("Li Lei")
	w.edit(a.ID, func(x *contact.Contact) { x.Email, x.Phone = "l@example.com", "+8613" })
	mail, phone, name, both := w.contact("m"), w.contact("p"), w.contact("Li Lei"), w.contact("Li Lei")
	w.edit(mail.ID, func(x *contact.Contact) { x.Email = "l@example.com" })
	w.edit(phone.ID, func(x *contact.Contact) { x.Phone = "+8613" })
	w.edit(both.ID, func(x *contact.Contact) { x.Email = "l@example.com" })
	w.contact("")
	find := func(c contact.Contact) map[contact.ID]string {
		w.Helper()
		out := map[contact.ID]string{}
		found, err := w.merging().Duplicates(w.Context(), w.agent(), c.ID)
		w.ok(err)
		for _, d := range found {
			out[d.Contact.ID] = d.Reason
		}
		same(w, len(out), len(found))
		return out
	}
	same(w, find(a), map[contact.ID]string{mail.ID: "email", both.ID: "email", phone.ID: "phone", name.ID: "name"})
	w.merge(mail.ID, a.ID)
	same(w, find(a), map[contact.ID]string{both.ID: "email", phone.ID: "phone", name.ID: "name"})
	same(w, len(find(mail)), 0)
}
