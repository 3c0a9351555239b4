package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

type shelf struct {
	*conversationtest.World
	service *catalog.Service
	lin     identity.Member // an agent of sales
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	f := conversationtest.NewFake()
	s := &shelf{World: conversationtest.NewWorld(t, f.Fixture()), service: catalog.NewService(f.Catalog, f.Teams, time.Now)}
	s.lin = s.Member(s.WS, "lin@example.com", "Lin", 5)
	return s
}

func as(m identity.Member) identity.Scope {
	return identity.Scope{Workspace: m.Workspace, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name, Role: m.Role}}
}

func words(shortcut, text string) catalog.CannedPatch {
	return catalog.CannedPatch{Shortcut: &shortcut, Title: new("A title"), Text: &text}
}

func (s *shelf) write(m identity.Member, n catalog.NewCanned) catalog.Written {
	s.Helper()
	w, err := s.service.CreateCanned(s.Context(), as(m), n)
	s.OK(err)
	return w
}

func TestWhoMayWriteWhat(t *testing.T) {
	s := newShelf(t)
	sales := s.Team(s.WS, "sales", s.lin.ID)
	shared := s.write(s.Owner, catalog.NewCanned{Scope: catalog.Workspace, CannedPatch: words("/Hi", "hello")})
	ours := s.write(s.Owner, catalog.NewCanned{Scope: catalog.OfTeam, Team: sales, CannedPatch: words("hi", "hello of sales")})
	mine := s.write(s.lin, catalog.NewCanned{Scope: catalog.Personal, CannedPatch: words("hi", "hello, Lin here")})
	if shared.Shortcut != "hi" || mine.Member != s.lin.ID {
		t.Errorf("written: %+v, %+v", shared, mine)
	}
	for _, scope := range []catalog.Scope{catalog.Workspace, catalog.OfTeam} {
		_, err := s.service.CreateCanned(t.Context(), as(s.lin), catalog.NewCanned{Scope: scope, Team: sales, CannedPatch: words("x", "x")})
		s.Fails(err, errs.Forbidden)
	}
	for _, id := range []catalog.CannedID{shared.ID, ours.ID} {
		_, err := s.service.UpdateCanned(t.Context(), as(s.lin), id, catalog.CannedPatch{Title: new("mine now")})
		s.Fails(err, errs.Forbidden)
		s.Fails(s.service.DeleteCanned(t.Context(), as(s.lin), id), errs.Forbidden)
		s.OK(s.service.UseCanned(t.Context(), as(s.lin), id))
	}
	s.Fails(s.service.DeleteCanned(t.Context(), as(s.Owner), mine.ID), errs.NotFound)
	other := s.Member(s.WS, "wang@example.com", "Wang", 5)
	s.Fails(s.service.UseCanned(t.Context(), as(other), ours.ID), errs.NotFound)
	for who, want := range map[identity.MemberID]catalog.CannedID{s.lin.ID: mine.ID, other.ID: shared.ID, s.Owner.ID: shared.ID} {
		m, err := s.F.Identities.Members.Member(t.Context(), s.WS, who)
		s.OK(err)
		p, err := s.service.FindCanned(t.Context(), as(m), catalog.CannedSearch{Words: "/HI"})
		s.OK(err)
		if len(p.Items) != 1 || p.Items[0].ID != want {
			t.Errorf("%s finds %+v", m.Name, p.Items)
		}
	}
	s.OK(s.service.DeleteCanned(t.Context(), as(s.lin), mine.ID))
	p, err := s.service.FindCanned(t.Context(), as(s.lin), catalog.CannedSearch{})
	s.OK(err)
	if len(p.Items) != 1 || p.Items[0].ID != ours.ID || p.Items[0].Uses != 1 {
		t.Errorf("then: %+v", p.Items)
	}
}

func TestUnknownVariablesAreAWarning(t *testing.T) {
	s := newShelf(t)
	w := s.write(s.lin, catalog.NewCanned{Scope: catalog.Personal, CannedPatch: words("hi", "{{contact.name}} {{contact.attributes.plan}} {{nobody}}")})
	if !slices.Equal(w.Unknown, []string{"contact.attributes.plan", "nobody"}) {
		t.Errorf("unknown are %v", w.Unknown)
	}
	_, err := s.service.CreateAttribute(t.Context(), as(s.Owner), catalog.NewAttribute{Target: catalog.OfContact, Key: "plan", Name: "Plan", Type: catalog.Text})
	s.OK(err)
	w, err = s.service.UpdateCanned(t.Context(), as(s.lin), w.ID, catalog.CannedPatch{Title: new("again")})
	s.OK(err)
	if !slices.Equal(w.Unknown, []string{"nobody"}) {
		t.Errorf("unknown are %v", w.Unknown)
	}
}

func TestWhatIsRefused(t *testing.T) {
	s := newShelf(t)
	label := func(name, color string) error {
		_, err := s.service.CreateLabel(t.Context(), as(s.Owner), catalog.LabelPatch{Name: &name, Color: &color})
		return err
	}
	attribute := func(key string, typ catalog.Type, options ...string) error {
		_, err := s.service.CreateAttribute(t.Context(), as(s.Owner), catalog.NewAttribute{
			Target: catalog.OfConversation, Key: key, Name: key, Type: typ, Options: options,
		})
		return err
	}
	canned := func(shortcut, text string) error {
		_, err := s.service.CreateCanned(t.Context(), as(s.Owner), catalog.NewCanned{Scope: catalog.Workspace, CannedPatch: words(shortcut, text)})
		return err
	}
	for name, err := range map[string]error{
		"no name": label(" ", "#2f80ed"), "a colour in words": label("x", "red"), "a style": label("x", "#2f80ed;"), "a control": label("x\x00", "#2f80ed"),
		"a name that turns round": label("x\u202ey", "#2f80ed"), "a long name": label(strings.Repeat("字", catalog.MaxName+1), "#2f80ed"),
		"a key with a dot": attribute("a.b", catalog.Text), "a key in capitals": attribute("Plan", catalog.Text), "a list of nothing": attribute("a", catalog.List),
		"options of a text": attribute("a", catalog.Text, "x"), "an option twice": attribute("a", catalog.List, "x", "x "), "a type": attribute("a", "colour"),
		"a shortcut of two words": canned("a b", "x"), "no shortcut": canned("/", "x"), "no text": canned("a", " \n"), "a long text": canned("a", strings.Repeat("x", catalog.MaxText+1)),
	} {
		if !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Fails(func() error {
		_, err := s.service.CreateLabel(t.Context(), as(s.lin), catalog.LabelPatch{})
		return err
	}(), errs.Forbidden)
	if err := label(" VIP ", " #2F80ED "); err != nil {
		t.Error(err)
	}
	list, err := s.service.Labels(t.Context(), as(s.lin))
	s.OK(err)
	if len(list) != 1 || list[0].Name != "VIP" || list[0].Color != "#2f80ed" {
		t.Errorf("labels: %+v", list)
	}
}
