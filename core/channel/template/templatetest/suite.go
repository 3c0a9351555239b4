package templatetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is an implementation under test.
type Fixture struct {
	Store template.Store
	// Workspace makes a new workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
}

const inbox channel.InboxID = "inb_1"

// Run runs the suite.
func Run(t *testing.T, fixture func(*testing.T) Fixture) {
	t.Run("lists", func(t *testing.T) { lists(t, fixture(t)) })
	t.Run("failures", func(t *testing.T) { failures(t, fixture(t)) })
	t.Run("many", func(t *testing.T) { many(t, fixture(t)) })
}

func sample(w identity.WorkspaceID, at time.Time) template.List {
	return template.List{
		Workspace: w, Inbox: inbox, Revision: 3, ListedAt: at, AskedAt: at, Code: "template.too_many", Detail: "Too many.",
		Refused: []channel.RefusedTemplate{{ID: "b", Language: "en", Reason: "undeclared"}},
		Templates: []channel.Template{
			{
				ID: "tea", Language: "zh_CN", Name: "茶", Category: "utility", Header: "茶", Text: "{{1}}好了。", Footer: "茶馆", Buttons: []string{"谢谢"},
				Fields: []channel.TemplateField{{Name: "1", Label: "种类", Example: "乌龙", MaxLength: 20}, {Name: "link", Optional: true}}, File: "image",
			},
			{ID: "tea", Text: "Ready.", Unusable: "in review"},
			{ID: "a", Language: "en", Text: "Hello"},
		},
	}
}

func check(t *testing.T, f Fixture, want template.List) {
	t.Helper()
	got, err := f.Store.List(t.Context(), want.Workspace, want.Inbox)
	if err != nil || !got.ListedAt.Equal(want.ListedAt) || !got.AskedAt.Equal(want.AskedAt) {
		t.Fatalf("got %+v, %v; wanted %+v", got, err, want)
	}
	got.ListedAt, got.AskedAt = want.ListedAt, want.AskedAt
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func lists(t *testing.T, f Fixture) {
	w, other := f.Workspace(t), f.Workspace(t)
	check(t, f, template.List{Workspace: w, Inbox: inbox})
	at := time.Now().UTC().Truncate(time.Millisecond)
	first, second := sample(w, at), template.List{Workspace: w, Inbox: "inb_2", Revision: 1, ListedAt: at, AskedAt: at}
	for _, l := range []template.List{first, second} {
		if err := f.Store.Save(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	check(t, f, first)
	check(t, f, second)
	check(t, f, template.List{Workspace: other, Inbox: inbox})
	for _, want := range first.Templates {
		if got, err := f.Store.Template(t.Context(), w, inbox, want.ID, want.Language); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: %+v, %v", want.ID, want.Language, got, err)
		}
	}
	for _, c := range []struct {
		w     identity.WorkspaceID
		inbox channel.InboxID
		id    string
	}{{w, inbox, "b"}, {w, "inb_2", "a"}, {other, inbox, "a"}} {
		if _, err := f.Store.Template(t.Context(), c.w, c.inbox, c.id, "en"); errs.As(err).Code != template.Unknown().Code {
			t.Errorf("what is not there: %v", err)
		}
	}
	first.Templates, first.Refused, first.Code, first.Detail, first.Revision = first.Templates[2:], nil, "", "", 4
	if err := f.Store.Save(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	check(t, f, first)
}

func failures(t *testing.T, f Fixture) {
	w := f.Workspace(t)
	at := time.Now().UTC().Truncate(time.Millisecond)
	failed := template.List{Workspace: w, Inbox: inbox, Revision: 2, AskedAt: at, Code: "plugin.no_answer", Detail: "It did not answer."}
	if err := f.Store.Failed(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	check(t, f, failed)
	known := sample(w, at.Add(time.Second))
	if err := f.Store.Save(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	failed.AskedAt = at.Add(time.Minute)
	if err := f.Store.Failed(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	known.Revision, known.AskedAt, known.Code, known.Detail = failed.Revision, failed.AskedAt, failed.Code, failed.Detail
	check(t, f, known)
}

func many(t *testing.T, f Fixture) {
	l := template.List{Workspace: f.Workspace(t), Inbox: inbox, Revision: 1, ListedAt: time.UnixMilli(1_000).UTC(), AskedAt: time.UnixMilli(1_000).UTC()}
	for i := range template.Most {
		l.Templates = append(l.Templates, channel.Template{ID: fmt.Sprint("t", (i*7)%template.Most), Text: "Hello"})
	}
	for range 2 {
		if err := f.Store.Save(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		check(t, f, l)
	}
}
