package polling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/polling"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// far is a system that is asked; it answers with what is asked for by turns.
type far struct {
	*httptest.Server
	tell  func(r *http.Request, body string) (status int, answer string)
	asked []string // method, path and query, body
	last  *http.Request
}

func newFar(t *testing.T, tell func(r *http.Request, body string) (int, string)) *far {
	t.Helper()
	f := &far{tell: tell}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.asked, f.last = append(f.asked, r.Method+" "+r.URL.RequestURI()+" "+string(body)), r
		status, answer := f.tell(r, string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *far) client(t *testing.T) *outbound.Client {
	t.Helper()
	host, err := outbound.HostOf(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	by, err := outbound.New(outbound.Options{Configured: []string{host}, Tries: 1, MaxBytes: polling.MaxAnswer})
	if err != nil {
		t.Fatal(err)
	}
	return by
}

func compiled(t *testing.T, f polling.Fields) *polling.Plan {
	t.Helper()
	p, problems := polling.Compile(f)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// round asks until the round is over and returns the ids that came.
func (f *far) round(t *testing.T, p *polling.Plan, at polling.Place) ([]string, polling.Place) {
	t.Helper()
	var ids []string
	for range polling.MaxPages {
		page, err := p.Fetch(t.Context(), f.client(t), at, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			ids = append(ids, expr.Plain(item.(map[string]any)["id"]))
		}
		if at = page.Then; page.Over {
			return ids, at
		}
	}
	t.Fatal("the round does not end")
	return nil, at
}

func rows(from, to int) string {
	list := make([]map[string]any, 0, max(0, to-from))
	for i := from; i < to; i++ {
		list = append(list, map[string]any{"id": i})
	}
	out, _ := json.Marshal(list)
	return string(out)
}

// TestByCursor: a list that is asked for by the last id, until nothing more comes;
// the next round begins there.
func TestByCursor(t *testing.T) {
	have := 5
	f := newFar(t, func(r *http.Request, _ string) (int, string) {
		var after int
		_, _ = fmt.Sscan(r.URL.Query().Get("after"), &after)
		return 200, `{"rows":` + rows(after+1, min(after+3, have+1)) + `}`
	})
	p := compiled(t, polling.Fields{URL: f.URL + "/m?after={{cursor}}", Items: "rows", Cursor: polling.CursorItem, CursorAt: "/id", Start: "0"})
	ids, at := f.round(t, p, polling.Place{})
	if want := []string{"1", "2", "3", "4", "5"}; !reflect.DeepEqual(ids, want) || at.Cursor != "5" || at.Midway() {
		t.Errorf("%v %+v", ids, at)
	}
	if ids, at = f.round(t, p, at); len(ids) != 0 || at.Cursor != "5" {
		t.Errorf("nothing is new: %v %+v", ids, at)
	}
	have = 6
	if ids, at = f.round(t, p, at); !reflect.DeepEqual(ids, []string{"6"}) || at.Cursor != "6" {
		t.Errorf("%v %+v", ids, at)
	}
	other := compiled(t, polling.Fields{URL: f.URL + "/n?after={{cursor}}", Items: "rows", Cursor: polling.CursorItem, CursorAt: "/id", Start: "3"})
	if ids, _ = f.round(t, other, at); !reflect.DeepEqual(ids, []string{"4", "5", "6"}) {
		t.Errorf("a place of another form is the start: %v", ids)
	}
}

// TestPages: a next page is an address, a word, or a number; a round ends where
// there is none, also with a system that knows no pages.
func TestPages(t *testing.T) {
	lists := map[string]func(r *http.Request, body string) (int, string){
		"address": func(r *http.Request, _ string) (int, string) {
			if r.URL.Query().Get("p") == "" {
				return 200, `{"rows":` + rows(3, 5) + `,"next":"/m?p=2&s=x"}`
			}
			return 200, `{"rows":` + rows(1, 3) + `,"next":null}`
		},
		"word": func(_ *http.Request, body string) (int, string) {
			if strings.Contains(body, "tok") {
				return 200, `{"rows":` + rows(1, 3) + `,"next":""}`
			}
			return 200, `{"rows":` + rows(3, 5) + `,"next":"tok en&1"}`
		},
		"number": func(r *http.Request, _ string) (int, string) {
			return 200, `{"rows":` + map[string]string{"1": rows(3, 5), "2": rows(1, 3)}[r.URL.Query().Get("page")] + `}`
		},
		"none": func(*http.Request, string) (int, string) { return 200, `{"rows":` + rows(1, 5) + `}` },
	}
	lists["number"] = func(was func(*http.Request, string) (int, string)) func(*http.Request, string) (int, string) {
		return func(r *http.Request, body string) (int, string) {
			if r.URL.Query().Get("page") == "3" {
				return 204, ""
			}
			return was(r, body)
		}
	}(lists["number"])
	for name, fields := range map[string]polling.Fields{
		"address": {URL: "/m", Next: "next"},
		"word":    {URL: "/m", Method: http.MethodPost, Body: `{"page":"{{next}}","fixed":1}`, Next: "/next"},
		"number":  {URL: "/m?page={{page}}"},
		"none":    {URL: "/m?page={{page}}"},
	} {
		f := newFar(t, lists[name])
		fields.URL, fields.Items, fields.Order, fields.Secrets = f.URL+fields.URL, "rows", polling.NewestFirst, []string{"a-secret-of-the-test"}
		ids, at := f.round(t, compiled(t, fields), polling.Place{})
		want := []string{"3", "4", "1", "2"}
		if name == "none" {
			want = []string{"1", "2", "3", "4", "1", "2", "3", "4"} // twice the same: it has no pages
		}
		if !reflect.DeepEqual(ids, want) || at.Midway() {
			t.Errorf("%s: %v %+v %v", name, ids, at, f.asked)
		}
		if signed := f.last.Header.Get("Patchbay-Signature") != ""; signed != (name == "word") {
			t.Errorf("%s: a body is signed, and nothing else: %v", name, signed)
		}
		if name == "word" && !reflect.DeepEqual(f.asked, []string{`POST /m {"fixed":1}`, `POST /m {"fixed":1,"page":"tok en\u00261"}`}) {
			t.Errorf("%v", f.asked)
		}
	}
}

// TestNewestFirst: the cursor is that of the first item of the first page, and
// moves when the round is over.
func TestNewestFirst(t *testing.T) {
	f := newFar(t, func(r *http.Request, _ string) (int, string) {
		return 200, map[string]string{"1": rows(7, 9), "2": rows(5, 7), "3": "[]"}[r.URL.Query().Get("page")]
	})
	p := compiled(t, polling.Fields{URL: f.URL + "/{{page}}?page={{page}}&since={{cursor}}", Order: polling.NewestFirst, Cursor: polling.CursorItem, CursorAt: "id", Start: "a b/c&d"})
	page, err := p.Fetch(t.Context(), f.client(t), polling.Place{}, time.Now)
	if err != nil || page.Over || page.Then.Cursor != "a b/c&d" || page.Then.Newest != "7" {
		t.Fatalf("%+v %v", page, err)
	}
	if _, at := f.round(t, p, page.Then); at.Cursor != "7" {
		t.Errorf("%+v", at)
	}
	if f.asked[0] != "GET /1?page=1&since=a%20b%2Fc%26d " {
		t.Errorf("%q", f.asked[0])
	}
}

// TestByAnswerAndTime: a cursor that stands in the answer stays when there is
// none; one that is a time is the far side's, and a little before it.
func TestByAnswerAndTime(t *testing.T) {
	answers := []string{`{"rows":[{"id":1}],"cursor":12345678901234567890}`, `{"rows":[],"cursor":null}`}
	f := newFar(t, func(*http.Request, string) (int, string) {
		answer := answers[0]
		answers = append(answers[1:], answer)
		return 200, answer
	})
	p := compiled(t, polling.Fields{URL: f.URL + "/?c={{cursor}}", Items: "/rows", Cursor: polling.CursorAnswer, CursorAt: "/cursor"})
	if ids, at := f.round(t, p, polling.Place{}); len(ids) != 1 || at.Cursor != "12345678901234567890" || len(f.asked) != 2 {
		t.Errorf("%v %+v %v", ids, at, f.asked)
	}
	clock := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	f = newFar(t, func(*http.Request, string) (int, string) { return 200, "[]" })
	f.Config.Handler = dated(f.Config.Handler, clock)
	p = compiled(t, polling.Fields{URL: f.URL + "/?c={{cursor | unix}}", Cursor: polling.CursorTime, Overlap: time.Minute})
	page, err := p.Fetch(t.Context(), f.client(t), polling.Place{}, func() time.Time { return clock.Add(time.Hour) })
	if err != nil || !page.Over || page.Then.Cursor != "2019-12-31T23:59:00Z" {
		t.Fatalf("%+v %v", page, err)
	}
	if _, err := p.Fetch(t.Context(), f.client(t), page.Then, time.Now); err != nil || f.asked[1] != "GET /?c=1577836740 " {
		t.Errorf("%v %v", f.asked, err)
	}
}

func dated(next http.Handler, at time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", at.Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	})
}

// TestTrouble: each fault of an answer has a code, and says whether asking again
// may help.
func TestTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		answer string
		source errs.Source
		code   string
	}{
		"signed out":    {401, "", errs.FarSide, errs.CodeAuthExpired},
		"not allowed":   {403, "", errs.FarSide, errs.CodeAuthExpired},
		"busy":          {429, "", errs.FarSide, errs.CodeRateLimited},
		"in trouble":    {503, "", errs.FarSide, errs.CodeUnavailable},
		"not there":     {404, "", errs.Rejected, errs.CodeBadRequest},
		"a page":        {200, "<html>", errs.FarSide, polling.CodeNotJSON},
		"no list":       {200, `{"rows":{}}`, errs.Rejected, polling.CodeNoList},
		"another shape": {200, `[]`, errs.Rejected, polling.CodeNoList},
		"too many":      {200, `{"rows":` + rows(0, polling.MaxItems+1) + `}`, errs.Rejected, polling.CodeTooMany},
	} {
		f := newFar(t, func(*http.Request, string) (int, string) { return test.status, test.answer })
		_, err := compiled(t, polling.Fields{URL: f.URL + "/m", Items: "/rows"}).Fetch(t.Context(), f.client(t), polling.Place{}, time.Now)
		if e := errs.As(err); e == nil || e.Source != test.source || e.Code != test.code || e.Detail == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFar(t, func(*http.Request, string) (int, string) { return 200, `{"rows":null}` })
	if page, err := compiled(t, polling.Fields{URL: f.URL + "/m", Items: "/rows"}).Fetch(t.Context(), f.client(t), polling.Place{}, time.Now); err != nil || !page.Over {
		t.Errorf("null is an empty list: %v", err)
	}
}

// TestNowhereElse: no answer and no cursor leads a request to another server.
func TestNowhereElse(t *testing.T) {
	other := newFar(t, func(*http.Request, string) (int, string) { return 200, "[]" })
	for _, next := range []string{other.URL + "/m", "//127.0.0.1:1/m", "https://169.254.169.254/", "http://%zz/"} {
		f := newFar(t, func(*http.Request, string) (int, string) {
			return 200, `{"rows":[{"id":1}],"next":"` + next + `"}`
		})
		p := compiled(t, polling.Fields{URL: f.URL + "/m", Items: "/rows", Next: "/next", Authorization: "Bearer x"})
		page, err := p.Fetch(t.Context(), f.client(t), polling.Place{}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = p.Fetch(t.Context(), f.client(t), page.Then, time.Now); errs.As(err) == nil || errs.As(err).Code != polling.CodeNextAway {
			t.Errorf("%s: %v", next, err)
		}
	}
	if len(other.asked) > 0 {
		t.Errorf("%v", other.asked)
	}
}

// TestProblems: what cannot work is told before anything is asked.
func TestProblems(t *testing.T) {
	for name, test := range map[string]struct {
		fields polling.Fields
		field  string
	}{
		"no address":              {polling.Fields{}, polling.FieldURL},
		"a placeholder as server": {polling.Fields{URL: "https://{{cursor}}/m", Cursor: polling.CursorTime}, polling.FieldURL},
		"one behind the server":   {polling.Fields{URL: "https://a.example{{cursor}}", Cursor: polling.CursorTime}, polling.FieldURL},
		"a name nobody knows":     {polling.Fields{URL: "https://a.example/{{when}}"}, polling.FieldURL},
		"one in the body":         {polling.Fields{URL: "https://a.example/", Method: "POST", Body: `{"a":"{{when}}"}`}, polling.FieldBody},
		"a body that is no JSON":  {polling.Fields{URL: "https://a.example/", Method: "POST", Body: `{"a":{{cursor}}}`}, polling.FieldBody},
		"a cursor unused":         {polling.Fields{URL: "https://a.example/", Cursor: polling.CursorItem, CursorAt: "id"}, polling.FieldURL},
		"a cursor from nowhere":   {polling.Fields{URL: "https://a.example/{{cursor}}", Cursor: polling.CursorAnswer}, polling.FieldCursorAt},
		"a cursor of no kind":     {polling.Fields{URL: "https://a.example/{{cursor}}", Cursor: polling.CursorNone}, polling.FieldCursor},
		"a start that is no time": {polling.Fields{URL: "https://a.example/{{cursor}}", Cursor: polling.CursorTime, Start: "yesterday"}, polling.FieldStart},
		"a next from nowhere":     {polling.Fields{URL: "https://a.example/{{next}}"}, polling.FieldNext},
		"a path that is none":     {polling.Fields{URL: "https://a.example/", Items: "a b"}, polling.FieldItems},
	} {
		if _, problems := polling.Compile(test.fields); len(problems) != 1 || problems[0].Field != test.field {
			t.Errorf("%s: %v", name, problems)
		}
	}
	p := compiled(t, polling.Fields{URL: "https://a.example/m/{{cursor.year}}?key=secret&c={{cursor | date}}", Cursor: polling.CursorTime})
	if got := p.What(); got != "GET /m/{{cursor.year}}" {
		t.Errorf("%q", got)
	}
}

// FuzzFetch: no answer breaks it, sends it elsewhere, or keeps a round going with
// a cursor that no request can carry.
func FuzzFetch(f *testing.F) {
	f.Add([]byte(`{"rows":[{"id":1}],"next":"/m?p=2"}`))
	f.Add([]byte(`{"rows":[[],null,{"id":{"a":1}}],"next":"http://b.example/"}`))
	p, problems := polling.Compile(polling.Fields{URL: "https://a.example/m?c={{cursor}}", Items: "/rows", Cursor: polling.CursorItem, CursorAt: "id", Next: "/next"})
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		by := doer(func(r *http.Request) (*outbound.Response, error) {
			if r.URL.Host != "a.example" || r.URL.Scheme != "https" {
				t.Errorf("it asks %s", r.URL)
			}
			return &outbound.Response{Status: 200, Header: http.Header{}, Body: answer}, nil
		})
		var at polling.Place
		for range 3 {
			page, err := p.Fetch(context.Background(), by, at, time.Now)
			if err != nil {
				return
			}
			at = page.Then
		}
	})
}

type doer func(r *http.Request) (*outbound.Response, error)

func (d doer) Do(r *http.Request) (*outbound.Response, error) { return d(r) }
