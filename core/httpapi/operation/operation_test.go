package operation_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/httpapi/operation"
)

type Base struct {
	Place string `path:"place" maxLength:"8"`
}

type Paging struct {
	Limit  int    `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"9" default:"5"`
	Cursor string `json:"cursor,omitempty" query:"cursor"`
}

type askInput struct {
	Base
	Paging
	Kind  string    `query:"kind" enum:"a,b" doc:"What it is."`
	Kinds []string  `query:"kinds" maxItems:"2"`
	Since time.Time `query:"since"`
	Seq   uint64    `query:"seq" required:"true"`
	Share float64   `query:"share"`
	All   bool      `query:"all"`
	Lang  string    `header:"Accept-Language"`
	At    time.Time `header:"If-Modified-Since"`
}

type child struct {
	Name string `json:"name" minLength:"2"`
	Age  *int   `json:"age,omitempty" minimum:"0"`
}

type writeInput struct {
	Base
	Body struct {
		Paging
		Theme    string   `json:"theme,omitempty" enum:"light,dark" default:"light"`
		Children []child  `json:"children" maxItems:"2"`
		Words    []string `json:"words,omitempty"`
	}
}

type maybeInput struct {
	Base
	Body *child
}

type rawInput struct {
	Base
	RawBody []byte `contentType:"text/csv"`
}

type said struct {
	Seen any `json:"seen"`
}

type answerOutput struct {
	Status   int
	Replayed string        `header:"Replayed" doc:"true when it was."`
	Cookies  []http.Cookie `header:"Set-Cookie"`
	Body     said
}

type fileOutput struct {
	Type string `header:"Content-Type"`
	Body []byte
}

// echo answers with what was asked.
func echo[I any](_ context.Context, in *I) (*answerOutput, error) {
	return &answerOutput{Status: http.StatusAccepted, Replayed: "true", Cookies: []http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, Body: said{*in}}, nil
}

func file(_ context.Context, in *rawInput) (*fileOutput, error) {
	return &fileOutput{"text/plain", append([]byte("got "), in.RawBody...)}, nil
}

func nothing(context.Context, *Base) (*struct{}, error) { return nil, nil } //nolint:nilnil // nothing more is said

func stream(context.Context, *Base) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", "text/plain")
		_, _ = io.WriteString(c.BodyWriter(), "in pieces")
	}}, nil
}

func fail(_ context.Context, in *Base) (*answerOutput, error) {
	switch in.Place {
	case "teapot":
		return nil, huma.ErrorWithHeaders(huma.Error418Teapot("short and stout"), http.Header{"Retry-After": {"3"}})
	case "nobody":
		return nil, errors.New("nobody knows")
	default:
		return &answerOutput{Status: http.StatusOK}, nil
	}
}

// adder adds an operation by one of the two ways.
type adder struct {
	t    *testing.T
	api  huma.API
	ours bool
}

func add[I, O any](a adder, method, path string, fn func(context.Context, *I) (*O, error)) {
	op := huma.Operation{OperationID: strings.Trim(path, "/{}") + method, Method: method, Path: "/{place}" + path, Errors: []int{404}, MaxBodyBytes: 400}
	if !a.ours {
		huma.Register(a.api, op, fn)
		return
	}
	err := operation.Register(a.api, op, reflect.TypeFor[I](), reflect.TypeFor[O](), func(ctx context.Context, in any) (any, error) {
		return fn(ctx, in.(*I)) //nolint:forcetypeassert // of that type
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// served is an API with every kind of operation.
func served(t *testing.T, ours bool) (*fiber.App, string) {
	t.Helper()
	app := fiber.New()
	a := adder{t, humafiber.New(app, huma.DefaultConfig("Test", "1")), ours}
	add(a, http.MethodGet, "/ask", echo[askInput])
	add(a, http.MethodPost, "/write", echo[writeInput])
	add(a, http.MethodPut, "/maybe", echo[maybeInput])
	add(a, http.MethodPost, "/raw", file)
	add(a, http.MethodDelete, "/nothing", nothing)
	add(a, http.MethodGet, "/stream", stream)
	add(a, http.MethodGet, "/fail", fail)
	document, err := a.api.OpenAPI().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return app, string(document)
}

func ask(t *testing.T, app *fiber.App, line, body string, headers ...string) string {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := app.Test(r, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	answer.Header.Del("Date")
	var b strings.Builder
	if err := answer.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRegister compares what is served here with what huma serves of the same
// structs: the document, and the answer to each request.
func TestRegister(t *testing.T) {
	t.Parallel()
	want, wantDocument := served(t, false)
	got, gotDocument := served(t, true)
	if gotDocument != wantDocument {
		t.Errorf("documents differ:\n%s\n%s", gotDocument, wantDocument)
	}
	const json = "application/json"
	for _, tt := range []struct {
		line, body string
		headers    []string
		status     string
	}{
		{line: "GET /here/ask?seq=1", status: "202"},
		{line: "GET /here/ask?seq=1&kinds=x,y&kind=b&since=2026-01-02T03:04:05.6Z&share=0.5&all=true&limit=9&cursor=c%20d", headers: []string{"Accept-Language", "de", "If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}, status: "202"},
		{line: "GET /here/ask", status: "422"},
		{line: "GET /muchtoolong/ask?seq=-1&kinds=x,y,z&kind=c&since=yesterday&share=half&all=perhaps&limit=10", headers: []string{"If-Modified-Since", "never"}, status: "422"},
		{line: "GET /here/ask?seq=1&limit=ten", status: "422"},
		{line: "POST /here/write", body: `{"children":[{"name":"Ann","age":3}],"limit":0,"theme":""}`, status: "422"},
		{line: "POST /here/write", body: `{"children":[{"name":"Ann","age":3}]}`, headers: []string{"Content-Type", json}, status: "202"},
		{line: "POST /here/write", body: `{"children":[],"words":["a"],"theme":"dark","limit":2}`, headers: []string{"Content-Type", json + "; charset=utf-8"}, status: "202"},
		{line: "POST /here/write", body: `{"children":[{"name":"A","age":-1},{}],"more":1}`, status: "422"},
		{line: "POST /here/write", body: `{"children":[{"name":"Ann","age":99999999999999999999}]}`, status: "422"},
		{line: "POST /muchtoolong/write", body: `{"children":null}`, status: "422"},
		{line: "POST /here/write", body: `{"children":`, status: "400"},
		{line: "POST /muchtoolong/write", body: `[]`, status: "422"},
		{line: "POST /here/write", body: "", status: "400"},
		{line: "POST /muchtoolong/write", body: "", status: "400"},
		{line: "POST /here/write", body: `<a/>`, headers: []string{"Content-Type", "text/xml"}, status: "415"},
		{line: "POST /here/write", body: strings.Repeat(" ", 400), status: "413"},
		{line: "POST /here/write", body: `{"children":[]}` + strings.Repeat(" ", 384), status: "202"},
		{line: "PUT /here/maybe", body: "", status: "202"},
		{line: "PUT /here/maybe", body: "null", status: "422"},
		{line: "PUT /here/maybe", body: `{"name":"Ann"}`, status: "202"},
		{line: "POST /here/raw", body: "a,b", headers: []string{"Content-Type", "text/csv"}, status: "200"},
		{line: "POST /here/raw", body: "a,b", status: "200"},
		{line: "POST /here/raw", body: "", status: "400"},
		{line: "DELETE /here/nothing", status: "204"},
		{line: "GET /here/stream", status: "200"},
		{line: "GET /here/fail", status: "200"},
		{line: "GET /teapot/fail", status: "418"},
		{line: "GET /nobody/fail", status: "500"},
		{line: "GET /teapot/fail", headers: []string{"Accept", "text/html"}, status: "418"},
	} {
		wanted := ask(t, want, tt.line, tt.body, tt.headers...)
		if given := ask(t, got, tt.line, tt.body, tt.headers...); given != wanted {
			t.Errorf("%s %s answers\n%s\nand huma\n%s", tt.line, tt.body, given, wanted)
		}
		if !strings.HasPrefix(wanted, "HTTP/1.1 "+tt.status) {
			t.Errorf("%s %s does not show what it is here for:\n%s", tt.line, tt.body, wanted)
		}
	}
}

// TestUnfit tries structs that cannot be served: the server says so when it
// starts, and not when somebody asks.
func TestUnfit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, out reflect.Type }{
		"an input that is no struct":  {reflect.TypeFor[string](), reflect.TypeFor[struct{}]()},
		"an answer that is no struct": {reflect.TypeFor[struct{}](), reflect.TypeFor[[]string]()},
		"a parameter of many parts": {reflect.TypeFor[struct {
			Who child `query:"who"`
		}](), reflect.TypeFor[struct{}]()},
		"a parameter that may be absent": {reflect.TypeFor[struct {
			Who *string `query:"who"`
		}](), reflect.TypeFor[struct{}]()},
		"two bodies": {reflect.TypeFor[struct {
			Body    child
			RawBody []byte `contentType:"text/csv"`
		}](), reflect.TypeFor[struct{}]()},
		"a raw body of no type": {reflect.TypeFor[struct{ RawBody []byte }](), reflect.TypeFor[struct{}]()},
		"a default of a list in a body": {reflect.TypeFor[struct {
			Body struct {
				Words []string `json:"words" default:"[\"a\"]"`
			}
		}](), reflect.TypeFor[struct{}]()},
		"a header that is no text": {reflect.TypeFor[struct{}](), reflect.TypeFor[struct {
			Count int `header:"Count"`
		}]()},
	} {
		api := humafiber.New(fiber.New(), huma.DefaultConfig("Test", "1"))
		err := operation.Register(api, huma.Operation{OperationID: "x", Method: http.MethodPost, Path: "/x"}, tt.in, tt.out, nil)
		if err == nil || !strings.Contains(err.Error(), "POST /x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
