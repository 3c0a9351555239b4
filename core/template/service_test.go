package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/template"
	"github.com/patchbay-im/patchbay/core/template/templatetest"
)

// shop is a plugin with one template, whose objects the test chooses.
type shop struct {
	version string
	objects []template.Object
}

func (s *shop) Templates() []template.Meta {
	return []template.Meta{{
		Ref: ref(), Version: s.version, Title: map[string]string{"en": "Retail"}, Summary: map[string]string{"en": "Shops."}, Locales: []string{"en", "zh-CN"},
	}}
}

func (s *shop) Objects(context.Context, template.Ref, template.Ask) ([]template.Object, error) {
	return s.objects, nil
}

func ref() template.Ref { return template.Ref{Plugin: "acme/shops", Name: "retail"} }

// world is a workspace with a template.
type world struct {
	*testing.T
	service *template.Service
	store   *templatetest.Fake
	shop    *shop
	teams   *templatetest.Things
	labels  *templatetest.Things
	scope   identity.Scope
	now     time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, store: templatetest.NewFake(), teams: templatetest.NewThings(), labels: templatetest.NewThings(),
		shop: &shop{version: "1.0.0"}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		scope: identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleOwner}},
	}
	w.service = template.NewService(template.Options{
		Library: w.shop, Store: w.store, Now: func() time.Time { return w.now },
		Kinds: []template.Named{{Name: "team", Kind: w.teams}, {Name: "label", Kind: w.labels}},
	})
	w.template("team/help: Help|first", "label/refund: Refund|money|ref:team/help", "label/late: Late|parcel")
	return w
}

// template sets what the template makes: "kind/key: name|text|of".
func (w *world) template(lines ...string) {
	w.shop.objects = nil
	for _, line := range lines {
		path, rest, _ := strings.Cut(line, ": ")
		kind, key, _ := strings.Cut(path, "/")
		parts := append(strings.Split(rest, "|"), "", "")
		value, err := json.Marshal(templatetest.Thing{Name: parts[0], Text: parts[1], Of: parts[2]})
		if err != nil {
			w.Fatal(err)
		}
		w.shop.objects = append(w.shop.objects, template.Object{Kind: kind, Key: key, Value: value})
	}
}

func ask() template.Ask { return template.Ask{Locale: "en"} }

func (w *world) plan() template.Plan {
	w.Helper()
	p, err := w.service.Plan(w.Context(), w.scope, ref(), ask())
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) apply() template.Outcome {
	w.Helper()
	out, err := w.service.Apply(w.Context(), w.scope, ref(), ask(), w.plan().Hash)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func (w *world) remove() template.Outcome {
	w.Helper()
	p, err := w.service.PlanRemoval(w.Context(), w.scope, ref())
	if err != nil {
		w.Fatal(err)
	}
	out, err := w.service.Remove(w.Context(), w.scope, ref(), p.Hash)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// says checks a plan's decisions: "kind/key op reason".
func (w *world) says(p template.Plan, want ...string) {
	w.Helper()
	var got []string
	for _, c := range p.Changes {
		got = append(got, fmt.Sprintf("%s/%s %s %s", c.Kind, c.Key, c.Op, c.Reason))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.Errorf("the plan says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (w *world) labelIs(name, text string) {
	w.Helper()
	if got, ok := w.labels.All()[name]; !ok || got.Text != text {
		w.Errorf("the label %s is %+v (%v), want %q", name, got, ok, text)
	}
}

func TestApplyUpgradeRemove(t *testing.T) {
	w := newWorld(t)
	w.says(w.plan(), "team/help create new", "label/refund create new", "label/late create new")
	if out := w.apply(); out.State != template.Applied || len(out.Failed) > 0 {
		t.Errorf("got %+v", out)
	}
	if of := w.labels.All()["Refund"].Of; !strings.HasPrefix(of, "thing-") {
		t.Errorf("the reference became %q", of)
	}
	w.says(w.plan(), "team/help keep unchanged", "label/refund keep unchanged", "label/late keep unchanged")
	if slices.ContainsFunc(w.plan().Changes, func(c template.Change) bool { return c.Op != template.Keep }) {
		t.Error("a plan without a change says that it has one")
	}

	w.shop.version = "1.1.0"
	w.template("team/help: Help|second", "label/refund: Refund|money|ref:team/help", "label/gift: Gift|card")
	p := w.plan()
	if p.From != "1.0.0" || p.Version != "1.1.0" {
		t.Errorf("from %s to %s", p.From, p.Version)
	}
	w.says(p, "team/help update template_changed", "label/refund keep unchanged", "label/gift create new", "label/late delete gone_from_template")
	w.apply()
	if _, there := w.labels.All()["Late"]; there || w.teams.All()["Help"].Text != "second" {
		t.Errorf("labels %v, teams %v", w.labels.All(), w.teams.All())
	}

	w.remove()
	if len(w.labels.All())+len(w.teams.All()) > 0 {
		t.Errorf("left: %v %v", w.labels.All(), w.teams.All())
	}
	if _, err := w.service.PlanRemoval(t.Context(), w.scope, ref()); !errs.Is(err, errs.NotFound) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestWhatAPersonChangedStays(t *testing.T) {
	w := newWorld(t)
	w.labels.Put(templatetest.Thing{Name: "Late", Text: "somebody's own"})
	w.says(w.plan(), "team/help create new", "label/refund create new", "label/late keep exists_already")
	w.apply()
	w.labelIs("Late", "somebody's own")

	// One field is a person's, another follows the template.
	refund := w.labels.All()["Refund"]
	refund.Text = "by a person"
	w.labels.Put(refund)
	w.template("team/help: Help|first", "label/refund: Money back|money, newer|ref:team/help", "label/late: Late|parcel, newer")
	p := w.plan()
	w.says(p, "team/help keep unchanged", "label/refund update template_changed", "label/late keep exists_already")
	if fields := p.Changes[1].Fields; len(fields) != 2 || fields[0] != (template.Field{Name: "name"}) || fields[1] != (template.Field{Name: "text", Kept: true}) {
		t.Errorf("the fields are %+v", fields)
	}
	w.apply()
	w.labelIs("Money back", "by a person")
	w.labelIs("Late", "somebody's own")
	w.says(w.plan(), "team/help keep unchanged", "label/refund keep changed_by_person", "label/late keep exists_already")

	// What a person deleted stays deleted, and what refers to it is let be.
	w.teams.Drop("Help")
	w.template("team/help: Help|third", "label/refund: Money back|money, newest|ref:team/help", "label/extra: Extra||ref:team/help")
	w.says(w.plan(), "team/help keep deleted_by_person", "label/refund keep needs", "label/extra keep needs", "label/late keep exists_already")
	if out := w.apply(); len(out.Failed) > 0 {
		t.Errorf("failed: %+v", out.Failed)
	}
	if len(w.teams.All()) > 0 {
		t.Errorf("teams: %v", w.teams.All())
	}

	w.remove()
	w.labelIs("Money back", "by a person")
	w.labelIs("Late", "somebody's own")
}

func TestCutOff(t *testing.T) {
	w := newWorld(t)
	p := w.plan()
	w.labels.Fails = errs.New(errs.Unavailable, "database.down", "The database does not answer.")
	if _, err := w.service.Apply(t.Context(), w.scope, ref(), ask(), p.Hash); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("got %v", err)
	}
	// The label was made, and the note of it was lost: it is the template's all the same.
	of := ""
	for _, tracked := range w.tracked() {
		if tracked.Kind == "team" {
			of = tracked.ID
		}
	}
	w.labels.Fails = nil
	w.labels.Put(templatetest.Thing{Name: "Refund", Text: "money", Of: of})
	if _, err := w.service.Apply(t.Context(), w.scope, ref(), ask(), w.plan().Hash); !errs.Is(err, errs.Conflict) {
		t.Errorf("another application while the first one may run: %v", err)
	}
	w.now = w.now.Add(3 * time.Minute)
	w.says(w.plan(), "team/help keep unchanged", "label/refund keep unchanged", "label/late create new")
	w.apply()
	w.remove()
	if left := len(w.labels.All()) + len(w.teams.All()); left > 0 {
		t.Errorf("%d are left", left)
	}
}

func (w *world) tracked() []template.Tracked {
	w.Helper()
	_, tracked, err := w.store.Install(w.Context(), w.scope.Workspace, ref())
	if err != nil {
		w.Fatal(err)
	}
	return tracked
}

func TestRefusedObjects(t *testing.T) {
	w := newWorld(t)
	w.labels.Fails = errs.New(errs.Conflict, "label.too_many", "There are too many labels.")
	out := w.apply()
	if out.State != template.Incomplete || len(out.Failed) != 2 || out.Failed[0].Code != "label.too_many" {
		t.Errorf("got %+v", out)
	}
	w.labels.Fails = nil
	w.says(w.plan(), "team/help keep unchanged", "label/refund create new", "label/late create new")
	w.apply()

	w.labels.Fails = errs.New(errs.Conflict, "label.in_use", "The label is in use.")
	if out := w.remove(); out.State != template.Incomplete || len(out.Failed) != 2 {
		t.Errorf("got %+v", out)
	}
	w.labelIs("Refund", "money")
	w.labels.Fails = nil
	w.remove()
	if left := len(w.labels.All()) + len(w.teams.All()); left > 0 {
		t.Errorf("%d are left", left)
	}
}

func TestPlansGoStale(t *testing.T) {
	w := newWorld(t)
	p := w.plan()
	w.labels.Put(templatetest.Thing{Name: "Late"})
	if _, err := w.service.Apply(t.Context(), w.scope, ref(), ask(), p.Hash); !errs.Is(err, errs.Conflict) {
		t.Errorf("an old plan is applied: %v", err)
	}
	if len(w.teams.All()) > 0 {
		t.Error("something was made")
	}
	w.apply()
	removal, err := w.service.PlanRemoval(t.Context(), w.scope, ref())
	if err != nil {
		t.Fatal(err)
	}
	w.labels.Put(templatetest.Thing{Name: "Refund", Text: "changed"})
	if _, err := w.service.Remove(t.Context(), w.scope, ref(), removal.Hash); !errs.Is(err, errs.Conflict) {
		t.Errorf("an old plan is carried out: %v", err)
	}
}

func TestBrokenTemplates(t *testing.T) {
	w := newWorld(t)
	for name, lines := range map[string][]string{
		"a kind that is not known": {"planet/x: X"},
		"a key twice":              {"label/a: A", "label/a: B"},
		"no key":                   {"label/: A"},
	} {
		w.template(lines...)
		if _, err := w.service.Plan(t.Context(), w.scope, ref(), ask()); errs.As(err).Code != "template.broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.template("label/a: |no name")
	if _, err := w.service.Plan(t.Context(), w.scope, ref(), ask()); err == nil {
		t.Error("a value that its kind refuses passes")
	}
}

func TestWhoMay(t *testing.T) {
	w := newWorld(t)
	if _, err := w.service.Plan(t.Context(), w.scope, template.Ref{Plugin: "acme/none", Name: "x"}, ask()); !errs.Is(err, errs.NotFound) {
		t.Errorf("a template that is not there: %v", err)
	}
	if _, err := w.service.Plan(t.Context(), w.scope, ref(), template.Ask{Locale: "de"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a language that it does not have: %v", err)
	}
	w.scope.Actor.Role = ""
	calls := map[string]func() error{
		"list":   func() error { _, err := w.service.List(t.Context(), w.scope); return err },
		"plan":   func() error { _, err := w.service.Plan(t.Context(), w.scope, ref(), ask()); return err },
		"apply":  func() error { _, err := w.service.Apply(t.Context(), w.scope, ref(), ask(), ""); return err },
		"leave":  func() error { _, err := w.service.PlanRemoval(t.Context(), w.scope, ref()); return err },
		"remove": func() error { _, err := w.service.Remove(t.Context(), w.scope, ref(), ""); return err },
	}
	for name, call := range calls {
		if err := call(); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestList(t *testing.T) {
	w := newWorld(t)
	all, err := w.service.List(t.Context(), w.scope)
	if err != nil || len(all) != 1 || all[0].Install != nil || all[0].Missing() {
		t.Errorf("got %+v %v", all, err)
	}
	w.apply()
	w.shop.version = "2.0.0"
	all, err = w.service.List(t.Context(), w.scope)
	if err != nil || len(all) != 1 || all[0].Install == nil || all[0].Install.Version != "1.0.0" || all[0].Version != "2.0.0" {
		t.Errorf("got %+v %v", all, err)
	}
}
