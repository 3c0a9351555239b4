package contacttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// names lists contacts by a filter, two a page.
func (w *world) names(f contact.Filter) []string {
	w.Helper()
	var out []string
	for r := (page.Request{Limit: 2}); ; {
		p, err := w.f.Store.List(w.Context(), w.ws, f, r)
		w.ok(err)
		for _, c := range p.Items {
			out = append(out, c.Name)
		}
		if r.Cursor = p.Next; r.Cursor == "" {
			return out
		}
	}
}

func testOrders(w *world) {
	for _, name := range []string{"bo", "ann", "ci", "ann"} {
		w.contact(name)
	}
	ci := w.names(contact.Filter{Reach: identity.Everywhere(), Query: "ci"})
	same(w, ci, []string{"ci"})
	same(w, w.names(contact.Filter{Reach: identity.Everywhere(), Sort: contact.SortName}), []string{"ann", "ann", "bo", "ci"})
	seen := w.contact("seen")
	w.ok(w.f.Within(w.T, w.ws, func(tx contact.Tx) error { return tx.Seen(w.Context(), seen.ID, w.tick()) }))
	same(w, w.names(contact.Filter{Reach: identity.Everywhere(), Sort: contact.SortSeen})[0], "seen")
	if _, err := w.f.Store.List(w.Context(), w.ws, contact.Filter{Reach: identity.Everywhere()}, page.Request{Cursor: page.Encode("x", "y")}); !errs.Is(err, errs.Invalid) {
		w.Errorf("a cursor that is no time gives %v", err)
	}
}

func testTx(w *world) {
	c := w.contact("before")
	who := w.who(c)
	at := w.tick()
	w.ok(w.f.Within(w.T, w.ws, func(tx contact.Tx) error {
		found, err := tx.ByIdentity(w.Context(), w.inbox, who.External)
		if err != nil || found == nil {
			w.Fatalf("found %v, %v", found, err)
		}
		same(w, *found, c)
		found.Name, found.Email, found.Locale, found.Attributes = "after", "a@example.com", "zh-CN", map[string]any{"n": 1.5, "b": true}
		found.UpdatedAt = at
		if err := tx.Save(w.Context(), *found); err != nil {
			return err
		}
		if err := tx.Seen(w.Context(), c.ID, at); err != nil {
			return err
		}
		if err := tx.Seen(w.Context(), c.ID, at.Add(-time.Hour)); err != nil {
			return err
		}
		if err := tx.Verify(w.Context(), w.inbox, who.External, at); err != nil {
			return err
		}
		return tx.Verify(w.Context(), w.inbox, who.External, at.Add(time.Hour))
	}))
	got, whos, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	if got.Name != "after" || got.Email != "a@example.com" || got.Locale != "zh-CN" || !got.LastSeenAt.Equal(at) || !got.Verified || !whos[0].VerifiedAt.Equal(at) {
		w.Errorf("it is %+v, %+v", got, whos)
	}
	same(w, got.Attributes, map[string]any{"n": 1.5, "b": true})
	_, err = w.f.Store.Update(w.Context(), w.ws, c.ID, func(x *contact.Contact) ([]event.Event, error) {
		same(w, *x, got) // whoever changes it knows that it is verified
		return nil, nil
	})
	w.ok(err)
	other, _ := w.f.Workspace(w.T)
	w.ok(w.f.Within(w.T, other, func(tx contact.Tx) error {
		if found, err := tx.ByIdentity(w.Context(), w.inbox, who.External); err != nil || found != nil {
			w.Errorf("another workspace finds %v, %v", found, err)
		}
		return nil
	}))
}

func (w *world) view(minute int) contact.PageView {
	return contact.PageView{At: w.now.Add(time.Duration(minute) * time.Minute), URL: fmt.Sprintf("https://shop.example/%d", minute), Title: "页", Referrer: "https://s.example/"}
}

func testPageViews(w *world) {
	c := w.contact("walker")
	who := w.who(c)
	start := w.now
	add := func(external string, views ...contact.PageView) {
		w.Helper()
		w.ok(w.f.Pages.AddPageViews(w.Context(), w.ws, w.inbox, external, views, 4))
	}
	list := func(limit int) []contact.PageView {
		w.Helper()
		var out []contact.PageView
		for r := (page.Request{Limit: limit}); ; {
			p, err := w.f.Pages.PageViews(w.Context(), w.ws, c.ID, r)
			w.ok(err)
			out = append(out, p.Items...)
			if r.Cursor = p.Next; r.Cursor == "" {
				return out
			}
		}
	}
	last := func(external string) contact.PageView {
		w.Helper()
		v, err := w.f.Pages.LastPageView(w.Context(), w.ws, w.inbox, external)
		w.ok(err)
		return v
	}
	add("somebody who never wrote", w.view(1))
	same(w, []contact.PageView{last("somebody who never wrote"), last("nobody")}, []contact.PageView{w.view(1), {}})
	same(w, len(list(10)), 0)
	one, two, three := w.view(1), w.view(2), w.view(3)
	add(who.External, two, one)
	longer := two
	longer.Duration = 30 * time.Second
	add(who.External, longer)
	add(who.External, two, three) // two came again, and does not get shorter
	same(w, list(2), []contact.PageView{three, longer, one})
	same(w, last(who.External), three)
	got, _, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	same(w, got.LastSeenAt, three.At)
	add(who.External, w.view(4), w.view(5))
	if all := list(10); len(all) != 4 || !all[3].At.Equal(two.At) {
		w.Errorf("beyond the cap it is %+v", all)
	}
	n, err := w.f.Pages.ForgetPageViews(w.Context(), start.Add(4*time.Minute), 100)
	w.ok(err)
	same(w, n, 3) // two, three and the other's one
	same(w, len(list(10)), 2)
	if _, err := w.f.Pages.PageViews(w.Context(), w.ws, "con_none", page.Request{}); !errs.Is(err, errs.NotFound) {
		w.Errorf("of nobody: %v", err)
	}
}

func (w *world) note(of contact.ID, text string) contact.Note {
	w.Helper()
	n := contact.Note{
		Workspace: w.ws, ID: contact.NoteID(w.ids.New("nte")), Contact: of, Text: text,
		Author: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "林晓"}, CreatedAt: w.tick(), UpdatedAt: w.now,
	}
	w.ok(w.f.Notes.AddNote(w.Context(), n))
	return n
}

func (w *world) notes(of contact.ID) []contact.Note {
	w.Helper()
	var out []contact.Note
	for r := (page.Request{Limit: 2}); ; {
		p, err := w.f.Notes.Notes(w.Context(), w.ws, of, r)
		w.ok(err)
		out = append(out, p.Items...)
		if r.Cursor = p.Next; r.Cursor == "" {
			return out
		}
	}
}

func testNotes(w *world) {
	c, other := w.contact("a"), w.contact("b")
	one, two, three := w.note(c.ID, "one"), w.note(c.ID, "two"), w.note(c.ID, "three")
	same(w, w.notes(c.ID), []contact.Note{three, two, one})
	edit := func(of contact.ID, id contact.NoteID, remove bool) error {
		_, err := w.f.Notes.ChangeNote(w.Context(), w.ws, of, id, func(n *contact.Note) (bool, []event.Event, error) {
			n.Text, n.UpdatedAt = "edited", w.now
			return remove, nil, nil
		})
		return err
	}
	w.ok(edit(c.ID, two.ID, false))
	two.Text, two.UpdatedAt = "edited", w.now
	w.ok(edit(c.ID, one.ID, true))
	same(w, w.notes(c.ID), []contact.Note{three, two})
	for _, err := range []error{edit(other.ID, two.ID, false), edit(c.ID, one.ID, true), edit("con_none", two.ID, true)} {
		if !errs.Is(err, errs.NotFound) {
			w.Errorf("a note that is not there: %v", err)
		}
	}
	if err := w.f.Notes.AddNote(w.Context(), contact.Note{Workspace: w.ws, ID: "nte_x", Contact: "con_none", Text: "x"}); !errs.Is(err, errs.NotFound) {
		w.Errorf("about nobody: %v", err)
	}
}

func (w *world) organisation(name string, domains ...string) contact.Organisation {
	w.Helper()
	o := contact.Organisation{
		Workspace: w.ws, ID: contact.OrganisationID(w.ids.New("org")), Name: name, Domains: domains, Note: "n",
		Attributes: map[string]any{"tier": "gold"}, CreatedAt: w.tick(), UpdatedAt: w.now,
	}
	w.ok(w.f.Organisations.AddOrganisation(w.Context(), o))
	return o
}

func testOrganisations(w *world) {
	tea := w.organisation("Tea", "a.example", "tea.example")
	w.organisation("Ale")
	w.organisation("Zen")
	c := w.contact("member")
	_, err := w.f.Store.Update(w.Context(), w.ws, c.ID, func(x *contact.Contact) ([]event.Event, error) {
		x.Organisation = tea.ID
		return nil, nil
	})
	w.ok(err)
	tea.Contacts = 1
	got, err := w.f.Organisations.Organisation(w.Context(), w.ws, tea.ID)
	w.ok(err)
	same(w, got, tea)
	first, err := w.f.Organisations.Organisations(w.Context(), w.ws, "", page.Request{Limit: 2})
	w.ok(err)
	rest, err := w.f.Organisations.Organisations(w.Context(), w.ws, "", page.Request{Limit: 2, Cursor: first.Next})
	w.ok(err)
	same(w, []string{first.Items[0].Name, first.Items[1].Name, rest.Items[0].Name}, []string{"Ale", "Tea", "Zen"})
	found, err := w.f.Organisations.OrganisationOf(w.Context(), w.ws, "tea.example")
	if err != nil || found == nil || found.ID != tea.ID {
		w.Fatalf("of its domain: %v, %v", found, err)
	}
	if none, err := w.f.Organisations.OrganisationOf(w.Context(), w.ws, "nobody.example"); err != nil || none != nil {
		w.Errorf("of no domain: %v, %v", none, err)
	}
	err = w.f.Organisations.AddOrganisation(w.Context(), contact.Organisation{Workspace: w.ws, ID: "org_x", Name: "x", Domains: []string{"new.example", "tea.example"}})
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != "organisation.domain_taken" {
		w.Errorf("a domain twice: %v", err)
	}
	if found, err := w.f.Organisations.OrganisationOf(w.Context(), w.ws, "new.example"); err != nil || found != nil {
		w.Errorf("a refused organisation is there: %v, %v", found, err)
	}
	got, err = w.f.Organisations.ChangeOrganisation(w.Context(), w.ws, tea.ID, func(o *contact.Organisation) error {
		o.Name, o.Domains = "Teas", []string{"teas.example"}
		return nil
	})
	w.ok(err)
	if got.Name != "Teas" || !slices.Equal(got.Domains, []string{"teas.example"}) {
		w.Errorf("changed to %+v", got)
	}
	other, _ := w.f.Workspace(w.T)
	if _, err := w.f.Organisations.Organisation(w.Context(), other, tea.ID); !errs.Is(err, errs.NotFound) {
		w.Errorf("another workspace's: %v", err)
	}
	w.ok(w.f.Organisations.RemoveOrganisation(w.Context(), w.ws, tea.ID))
	if err := w.f.Organisations.RemoveOrganisation(w.Context(), w.ws, tea.ID); !errs.Is(err, errs.NotFound) {
		w.Errorf("removed twice: %v", err)
	}
	after, _, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	same(w, after.Organisation, "")
}
