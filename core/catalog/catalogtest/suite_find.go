package catalogtest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

func testSearch(w *world) {
	text := w.put(w.canned(catalog.Workspace, "aa", "我们会在三天内退款给您"))
	used := w.put(w.canned(catalog.Workspace, "zz", "退款 100% done_ok"))
	for range 2 {
		w.ok(w.f.Store.UseCanned(w.Context(), w.ws, used.ID))
	}
	title := w.canned(catalog.OfTeam, "yy", "x")
	title.Title = "退款 Ü"
	title = w.put(title)
	prefix := w.put(w.canned(catalog.Personal, "退款说明", "x"))
	exact := w.put(w.canned(catalog.Workspace, "退款", "x"))
	ask := func(words string, want ...catalog.Canned) {
		w.Helper()
		q := w.mine()
		q.Words = words
		w.find(q, want...)
	}
	ask("退款", exact, prefix, title, used, text)
	ask("三天", text)
	ask("0%", used)
	ask("e_o", used)
	ask("%", used)
	ask("%%")
	ask("ü", title)
	ask("title of a", text)
	ask("\\")
}

func testShadows(w *world) {
	all := w.put(w.canned(catalog.Workspace, "hi", "refund"))
	ours := w.put(w.canned(catalog.OfTeam, "hi", "refund"))
	mine := w.put(w.canned(catalog.Personal, "hi", "hello"))
	second := w.canned(catalog.OfTeam, "hi", "refund")
	second.Team = w.teams[1]
	second = w.put(second)
	w.find(w.mine(), mine)
	w.find(catalog.CannedQuery{Member: "mem_other", Teams: w.teams[:1]}, ours)
	w.find(catalog.CannedQuery{Member: "mem_other"}, all)
	w.find(catalog.CannedQuery{Member: "mem_other", Teams: w.teams[:]}, ours, second)
	w.find(catalog.CannedQuery{Member: w.me, Teams: w.teams[:1], Words: "refund"}) // what is hidden is not found by its words
	w.find(catalog.CannedQuery{Member: w.me, Teams: w.teams[:1], Scope: catalog.OfTeam, Shadowed: true}, ours)
	w.find(catalog.CannedQuery{Member: w.me, AllTeams: true, Scope: catalog.OfTeam, Shadowed: true}, ours, second)
	w.find(catalog.CannedQuery{Member: w.me, Scope: catalog.Workspace, Shadowed: true}, all)
	w.find(catalog.CannedQuery{Member: "mem_other", Scope: catalog.Personal, Shadowed: true})
}

func testPages(w *world) {
	var want []catalog.CannedID
	for i := range 7 {
		want = append(want, w.put(w.canned(catalog.Workspace, fmt.Sprint("s", i), "word")).ID)
	}
	var got []catalog.CannedID
	cursor := ""
	for {
		p, err := w.f.Store.FindCanned(w.Context(), w.ws, w.mine(), page.Request{Limit: 3, Cursor: cursor})
		w.ok(err)
		for _, c := range p.Items {
			got = append(got, c.ID)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Fatalf("got %v, want %v", got, want)
	}
	q := w.mine()
	q.Words = "word"
	p, err := w.f.Store.FindCanned(w.Context(), w.ws, q, page.Request{Limit: 3})
	w.ok(err)
	if len(p.Items) != 3 || p.Next != "" {
		w.Fatalf("a search has %d and goes on at %q", len(p.Items), p.Next)
	}
	_, err = w.f.Store.FindCanned(w.Context(), w.ws, w.mine(), page.Request{Cursor: "rubbish"})
	w.code(err, "page.cursor_invalid")
}

func testUses(w *world) {
	c := w.put(w.canned(catalog.Workspace, "hi", "x"))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := w.f.Store.UseCanned(w.Context(), w.ws, c.ID); err != nil {
				w.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := w.f.Store.Canned(w.Context(), w.ws, c.ID)
	w.ok(err)
	if got.Uses != 10 {
		w.Fatalf("used %d times", got.Uses)
	}
}

func testTenants(w *world) {
	s, ctx := w.f.Store, w.Context()
	l, c := w.label("x"), w.put(w.canned(catalog.Workspace, "hi", "x"))
	w.ok(s.CreateLabel(ctx, l))
	other, member, teams := w.f.Workspace(w.T)
	_, err := s.ChangeLabel(ctx, other, l.ID, func(*catalog.Label) error { return nil })
	w.code(err, "not_found")
	w.code(s.DeleteLabel(ctx, other, l.ID, w.tick()), "not_found")
	w.code(s.DeleteCanned(ctx, other, c.ID), "not_found")
	w.code(s.UseCanned(ctx, other, c.ID), "not_found")
	list, err := s.Labels(ctx, other)
	w.ok(err)
	p, err := s.FindCanned(ctx, other, catalog.CannedQuery{Member: member, Teams: teams[:]}, page.Request{})
	w.ok(err)
	if len(list)+len(p.Items) != 0 {
		w.Fatalf("another workspace sees %v and %v", list, p.Items)
	}
}

func testFailure(w *world) {
	s, ctx := w.f.Store, w.Context()
	l := w.label("x")
	w.ok(s.CreateLabel(ctx, l))
	boom := errors.New("boom")
	_, err := s.ChangeLabel(ctx, w.ws, l.ID, func(l *catalog.Label) error { l.Name = "y"; return boom }, w.event(catalog.LabelChanged, string(l.ID)))
	if !errors.Is(err, boom) || w.labels()[0] != l {
		w.Fatalf("got %v and %+v", err, w.labels())
	}
	head, err := w.f.Log.Head(ctx, string(w.ws))
	w.ok(err)
	if err := s.CreateLabel(ctx, w.label("X"), w.event(catalog.LabelChanged, "x")); err == nil {
		w.Fatal("a second label of one name")
	}
	after, err := w.f.Log.Head(ctx, string(w.ws))
	w.ok(err)
	if after != head {
		w.Fatalf("what failed is told: %d after %d", after, head)
	}
}

func testText(w *world) {
	for _, text := range []string{"a\x00b", "broken\xff"} {
		w.code(w.f.Store.CreateLabel(w.Context(), w.label(text)), "storage.text")
		w.code(w.f.Store.CreateCanned(w.Context(), w.canned(catalog.Workspace, "hi", text)), "storage.text")
	}
	if len(w.labels()) != 0 {
		w.Fatal("it was stored")
	}
}

func testEvents(w *world) {
	s, ctx := w.f.Store, w.Context()
	before, err := w.f.Log.Head(ctx, string(w.ws))
	w.ok(err)
	l, c := w.label("x"), w.canned(catalog.Workspace, "hi", "x")
	w.ok(s.CreateLabel(ctx, l, w.event(catalog.LabelChanged, string(l.ID))))
	w.ok(s.DeleteLabel(ctx, w.ws, l.ID, w.tick(), w.event(catalog.LabelChanged, string(l.ID))))
	w.ok(s.CreateCanned(ctx, c, w.event(catalog.CannedChanged, string(c.ID))))
	w.ok(s.DeleteCanned(ctx, w.ws, c.ID, w.event(catalog.CannedChanged, string(c.ID))))
	events, err := w.f.Log.Since(ctx, string(w.ws), before, 10)
	w.ok(err)
	if len(events) != 4 || events[0].Type != catalog.LabelChanged || events[3].Subject != string(c.ID) {
		w.Fatalf("got %+v", events)
	}
}

func testOwners(w *world) {
	_, member, teams := w.f.Workspace(w.T)
	c := w.canned(catalog.Personal, "hi", "x")
	for _, owner := range []identity.MemberID{"", "mem_none", member} {
		c.Member = owner
		w.code(w.f.Store.CreateCanned(w.Context(), c), "not_found")
	}
	c = w.canned(catalog.OfTeam, "hi", "x")
	for _, owner := range []team.ID{"", "tea_none", teams[0]} {
		c.Team = owner
		w.code(w.f.Store.CreateCanned(w.Context(), c), "not_found")
	}
}
