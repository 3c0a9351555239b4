package contacttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// office is the use cases of imports, over a storage.
func (w *world) office() *importing.Service {
	return importing.NewService(importing.Deps{
		Store: w.f.Imports, Desk: w.f.Imports, Now: func() time.Time { return w.now },
		Attributes: Attributes{"plan": "text", "seats": "number", "vip": "boolean"},
	})
}

func (w *world) boss() identity.Scope {
	return identity.Scope{Workspace: w.ws, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_2", Name: "Su", Role: identity.RoleSupervisor}}
}

func (w *world) upload(file string) importing.Import {
	w.Helper()
	w.tick()
	i, err := w.office().Upload(w.Context(), w.boss(), []byte(file))
	w.ok(err)
	return i
}

// ran starts an import and works it off.
func (w *world) ran(i importing.Import) (importing.Import, []importing.RowError) {
	w.Helper()
	_, err := w.office().Run(w.Context(), w.boss(), i.ID)
	w.ok(err)
	w.ok(w.office().WorkOnce(w.Context()))
	return w.imported(i.ID)
}

func (w *world) imported(id importing.ID) (importing.Import, []importing.RowError) {
	w.Helper()
	i, found, err := w.office().Get(w.Context(), w.boss(), id)
	w.ok(err)
	return i, found
}

const table = "姓名,邮箱,Mobile,公司,备注,plan,Seats,vip,Colour\n" +
	"王芳,Wang@Tea.example,+86 138 1234 5678,Tea,\"likes\ntea\",pro,3,是,red\n" +
	"Bob,,020 7946 0018,Tea,,,,,\n" +
	"nobody at all,not an address,abc,,,,many,perhaps,\n" +
	",,,Only a company,,,,,\n" +
	"Wang again,wang@tea.example,,,,max,,no,\n"

func testImport(w *world) {
	was := w.contact("Anna")
	w.edit(was.ID, func(c *contact.Contact) { c.Email, c.Note = "wang@tea.example", "known" })
	i := w.upload(table)
	same(w, i.Mapping, map[int]importing.Field{
		0: "name", 1: "email", 2: "phone", 3: "organisation", 4: "note", 5: "attributes.plan", 6: "attributes.seats", 7: "attributes.vip",
	})
	if i.State != importing.Uploaded || i.Rows != 5 || i.Match != importing.ByEmail || i.OnMatch != importing.Update || len(i.Columns) != 9 || i.Columns[8].Samples[0] != "red" {
		w.Errorf("uploaded %+v", i)
	}
	before := w.list("", 10)
	_, err := w.office().Check(w.Context(), w.boss(), i.ID)
	w.ok(err)
	w.ok(w.office().WorkOnce(w.Context()))
	checked, found := w.imported(i.ID)
	if checked.State != importing.Checked || checked.Counts != (importing.Counts{Created: 1, Updated: 2, Failed: 2}) {
		w.Errorf("checked %+v", checked)
	}
	same(w, w.list("", 10), before)
	done, again := w.ran(i)
	same(w, again, found)
	if done.State != importing.Done || done.Counts != checked.Counts || done.Position != 5 {
		w.Errorf("done %+v", done)
	}
	var wrong []string
	for _, e := range found {
		wrong = append(wrong, fmt.Sprint(e.Row, " ", e.Column, " ", e.Code))
	}
	same(w, wrong, []string{"4 邮箱 format", "4 Mobile format", "4 Seats attribute.value", "4 vip attribute.value", "5  required"})
	same(w, found[0].Value, "not an address")
	c, _ := w.get(was.ID)
	if c.Name != "Wang again" || c.Phone != "+8613812345678" || c.Note != "likes\ntea" || c.OrganisationName != "Tea" {
		w.Errorf("updated to %+v", c)
	}
	same(w, c.Attributes, map[string]any{"plan": "max", "seats": 3.0, "vip": false})
	same(w, w.list("Bob", 10), []string{"Bob"})
	orgs, err := w.f.Organisations.Organisations(w.Context(), w.ws, "", page.Request{})
	w.ok(err)
	if len(orgs.Items) != 1 || orgs.Items[0].Contacts != 2 {
		w.Errorf("organisations %+v", orgs.Items)
	}
	w.checkImportEvents(i.ID)
	var csv bytes.Buffer
	w.ok(w.office().WriteErrors(w.Context(), w.boss(), i.ID, &csv))
	if !strings.Contains(csv.String(), "4,邮箱,not an address,format,") || !strings.HasPrefix(csv.String(), "\xef\xbb\xbfrow,") {
		w.Errorf("the errors are %q", csv.String())
	}
}

func (w *world) checkImportEvents(id importing.ID) {
	w.Helper()
	events, err := w.f.Log.Since(w.Context(), string(w.ws), 0, 100)
	w.ok(err)
	counts := map[string]int{}
	last := event.Event{}
	for _, e := range events {
		counts[e.Type]++
		if e.Type == importing.Changed {
			last = e
		}
	}
	same(w, counts, map[string]int{contact.Changed: 3, contact.OrganisationChanged: 1, importing.Changed: 5}) // up, check, checked, run, done
	same(w, string(last.Data), `{"id":"`+string(id)+`","state":"done","created_by":"mem_2","created":1,"updated":2,"skipped":0,"failed":2}`)
}

func testImportRefuses(w *world) {
	code := func(err error) string {
		if err == nil {
			return ""
		}
		return errs.As(err).Code
	}
	up := func(file string) string {
		_, err := w.office().Upload(w.Context(), w.boss(), []byte(file))
		return code(err)
	}
	for file, want := range map[string]string{
		"": "import.empty", "name\n": "import.empty", "\xff\xfe\x00\xd8": "import.encoding", strings.Repeat("a,", 300) + "\n1\n": "import.unreadable",
		"name,note\nAnna,\"one\nBerta,two\n": "import.unreadable", "\"name\nAnna\n": "import.unreadable",
		"name\n" + strings.Repeat("x\n", importing.MaxRows+1): "import.too_many_rows",
	} {
		same(w, up(file), want)
	}
	i := w.upload("a,b\n1,2\n")
	same(w, len(i.Mapping), 0)
	_, err := w.office().Run(w.Context(), w.boss(), i.ID)
	same(w, code(err), "import.mapping")
	plan := func(p importing.Plan) string {
		_, err := w.office().Configure(w.Context(), w.boss(), i.ID, p)
		return code(err)
	}
	same(w, plan(importing.Plan{Mapping: map[int]importing.Field{9: importing.Name}}), "import.mapping")
	same(w, plan(importing.Plan{Mapping: map[int]importing.Field{0: "password"}}), "import.mapping")
	same(w, plan(importing.Plan{Mapping: map[int]importing.Field{0: "attributes.nothing"}}), "import.mapping")
	same(w, plan(importing.Plan{Mapping: map[int]importing.Field{0: importing.Name, 1: importing.Name}}), "import.mapping")
	same(w, plan(importing.Plan{Match: new(importing.ByPhone)}), "import.mapping")
	same(w, plan(importing.Plan{OnMatch: new(importing.OnMatch("erase"))}), "import.mapping")
	same(w, plan(importing.Plan{Mapping: map[int]importing.Field{0: importing.Name, 1: ""}}), "")
	agent := w.agent()
	_, err = w.office().Upload(w.Context(), agent, []byte("name\nx\n"))
	same(w, code(err), "forbidden")
	_, err = w.office().Run(w.Context(), agent, i.ID)
	same(w, code(err), "forbidden")
	other, _ := w.f.Workspace(w.T)
	abroad := w.boss()
	abroad.Workspace = other
	_, err = w.office().Run(w.Context(), abroad, i.ID)
	same(w, code(err), "not_found")
	done, _ := w.ran(i)
	same(w, done.State, importing.Done)
	same(w, plan(importing.Plan{OnMatch: new(importing.Skip)}), "import.busy")
	_, err = w.office().Run(w.Context(), w.boss(), i.ID)
	same(w, code(err), "import.busy")
}

func testImportMatches(w *world) {
	c := w.contact("known")
	w.edit(c.ID, func(x *contact.Contact) { x.Phone, x.External = "+8613812345678", "C-7" })
	run := func(file string, on importing.OnMatch, by importing.Match) importing.Counts {
		w.Helper()
		i := w.upload(file)
		i, err := w.office().Configure(w.Context(), w.boss(), i.ID, importing.Plan{OnMatch: &on, Match: &by})
		w.ok(err)
		done, _ := w.ran(i)
		return done.Counts
	}
	same(w, run("name,phone\nx,+86 138-1234-5678\n", importing.Skip, importing.ByPhone), importing.Counts{Skipped: 1})
	same(w, run("name,external_id\nrenamed,C-7\n", importing.Update, importing.ByExternal), importing.Counts{Updated: 1})
	same(w, run("name,phone\nx,+8613812345678\n", importing.Update, importing.ByNothing), importing.Counts{Created: 1})
	got, _ := w.get(c.ID)
	same(w, got.Name, "renamed")
	into := w.contact("survivor")
	w.merge(c.ID, into.ID)
	same(w, run("note,external_id\nfor whom it stands,C-7\n", importing.Update, importing.ByExternal), importing.Counts{Updated: 1})
	got, _ = w.get(into.ID)
	same(w, got.Note, "for whom it stands")
}

// A job that is cut off goes on where it was, and no row counts twice; two at
// once are one.
func testImportResumes(w *world) {
	var b strings.Builder
	b.WriteString("name,email\n")
	const rows = 350
	for n := range rows {
		fmt.Fprintf(&b, "n%d,n%d@example.com\n", n, n%300)
	}
	i := w.upload(b.String())
	_, err := w.office().Run(w.Context(), w.boss(), i.ID)
	w.ok(err)
	for range 3 { // the storage goes away after each batch
		cut := importing.NewService(importing.Deps{
			Store: w.f.Imports, Desk: &unsteady{Desk: w.f.Imports, batches: 1}, Now: func() time.Time { return w.now }, Attributes: Attributes{},
		})
		if err := cut.WorkOnce(w.Context()); !errs.Is(err, errs.Unavailable) {
			w.Fatalf("got %v", err)
		}
	}
	half, _ := w.imported(i.ID)
	same(w, half.Position, 300)
	same(w, half.State, importing.Running)
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- w.office().WorkOnce(w.Context()) }()
	}
	for range 2 {
		w.ok(<-done)
	}
	end, _ := w.imported(i.ID)
	if end.State != importing.Done || end.Position != rows || end.Counts != (importing.Counts{Created: 300, Updated: 50}) {
		w.Errorf("in the end %+v", end)
	}
	n := 0
	for r := (page.Request{Limit: 200}); ; {
		p, err := w.f.Store.List(w.Context(), w.ws, contact.Filter{Reach: identity.Everywhere()}, r)
		w.ok(err)
		n += len(p.Items)
		if r.Cursor = p.Next; r.Cursor == "" {
			break
		}
	}
	same(w, n, 300)
	swept, err := w.f.Imports.Sweep(w.Context(), w.now.Add(time.Hour), 10)
	w.ok(err)
	same(w, swept, 1)
	if _, _, err := w.office().Get(w.Context(), w.boss(), i.ID); !errs.Is(err, errs.NotFound) {
		w.Errorf("a swept import gives %v", err)
	}
}

// unsteady is a storage that goes away.
type unsteady struct {
	importing.Desk
	batches int
}

// Advance implements importing.Desk.
func (u *unsteady) Advance(ctx context.Context, workspace identity.WorkspaceID, id importing.ID, state importing.State, position int, work func(context.Context, *importing.Import, importing.Tx) (importing.Step, error)) (bool, error) {
	if u.batches == 0 {
		return false, errs.New(errs.Unavailable, "test", "away")
	}
	u.batches--
	return u.Desk.Advance(ctx, workspace, id, state, position, work)
}

// overtaken lets another node finish before something is asked.
type overtaken struct {
	importing.Desk
	listed, opened func()
}

// Busy implements importing.Desk.
func (o overtaken) Busy(ctx context.Context, limit int) ([]importing.Ref, error) {
	found, err := o.Desk.Busy(ctx, limit)
	o.listed()
	return found, err
}

// File implements importing.Desk.
func (o overtaken) File(ctx context.Context, workspace identity.WorkspaceID, id importing.ID) io.Reader {
	o.opened()
	return o.Desk.File(ctx, workspace, id)
}

// Whoever comes second, after the list or before the file, changes nothing.
func testImportOvertaken(w *world) {
	finish, nothing := func() { w.ok(w.office().WorkOnce(w.Context())) }, func() {}
	for n, desk := range []overtaken{{w.f.Imports, finish, nothing}, {w.f.Imports, nothing, finish}} {
		i := w.upload(fmt.Sprintf("name,email\na,a%d@example.com\nb,b%d@example.com\n", n, n))
		_, err := w.office().Run(w.Context(), w.boss(), i.ID)
		w.ok(err)
		second := importing.NewService(importing.Deps{
			Store: w.f.Imports, Desk: desk, Now: func() time.Time { return w.now }, Attributes: Attributes{},
		})
		w.ok(second.WorkOnce(w.Context()))
		end, _ := w.imported(i.ID)
		if end.State != importing.Done || end.Counts != (importing.Counts{Created: 2}) {
			w.Errorf("in the end %+v", end)
		}
	}
}

func testImportList(w *world) {
	var want []importing.ID
	for n := range 3 {
		want = append([]importing.ID{w.upload(fmt.Sprintf("name\n%d\n", n)).ID}, want...)
	}
	var got []importing.ID
	for r := (page.Request{Limit: 2}); ; {
		p, err := w.office().List(w.Context(), w.boss(), r)
		w.ok(err)
		for _, i := range p.Items {
			got = append(got, i.ID)
		}
		if r.Cursor = p.Next; r.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		w.Errorf("listed %v, want %v", got, want)
	}
}
