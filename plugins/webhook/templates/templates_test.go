package templates_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/plugins/webhook/templates"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

const secret = "the-secret-of-the-test"

// far is a system that answers with a status and a body; it keeps the request.
func far(t *testing.T, status int, body string) (templates.Source, *outbound.Client, **http.Request) {
	t.Helper()
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	host, err := outbound.HostOf(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	by, err := outbound.New(outbound.Options{Configured: []string{host}, Tries: 1, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return templates.Source{URL: server.URL + "/templates?kind=sms", Authorization: "Bearer x", Secrets: []string{secret, ""}}, by, &got
}

func TestFetch(t *testing.T) {
	s, by, got := far(t, http.StatusOK, `{"templates": [
		{"id": "parcel", "language": "en", "name": "Parcel", "category": "Utility", "header": "Order {{order}}", "text": "Hello {{name}}", "footer": "Tea",
		 "buttons": ["Track", 7], "file": "image", "unusable": "in review",
		 "fields": [{"name": "name", "label": "Name", "example": "Bo", "max_length": 20}, {"name": "order", "optional": true, "max_length": "x"}, "track"]},
		{"id": 12, "text": "{{a}} {{b}} {{a}} {{ c }}"},
		"nonsense"], "next": 50}`)
	now := time.Now()
	page, err := s.Fetch(t.Context(), by, "a b&c", now)
	if err != nil || page.Next != "50" || page.Status != http.StatusOK || page.Bytes == 0 {
		t.Fatalf("%+v %v", page, err)
	}
	want := []channel.Template{
		{
			ID: "parcel", Language: "en", Name: "Parcel", Category: "Utility", Header: "Order {{order}}", Text: "Hello {{name}}", Footer: "Tea",
			Buttons: []string{"Track", "7"}, File: "image", Unusable: "in review",
			Fields: []channel.TemplateField{{Name: "name", Label: "Name", Example: "Bo", MaxLength: 20}, {Name: "order", Optional: true}, {Name: "track"}},
		},
		{ID: "12", Text: "{{a}} {{b}} {{a}} {{ c }}", Fields: []channel.TemplateField{{Name: "a"}, {Name: "b"}}},
		{ID: "#3"},
	}
	if !reflect.DeepEqual(page.Templates, want) {
		t.Errorf("%+v", page.Templates)
	}
	r := *got
	if r.Method != http.MethodGet || r.URL.Query().Get("after") != "a b&c" || r.URL.Query().Get("kind") != "sms" || r.Header.Get("Authorization") != "Bearer x" {
		t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
	if v := (signature.Scheme{}).Verify(r.Header, nil, signature.Check{Secrets: []string{secret}, Now: now}); v != signature.Good {
		t.Errorf("the request is signed: %v", v)
	}
}

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		code   string // "" = no error
	}{
		"a list":         {200, `[{"id": "a", "text": "b"}]`, ""},
		"nothing":        {204, ``, ""},
		"null":           {200, `{"templates": null}`, ""},
		"no list":        {200, `{"items": []}`, templates.CodeNoList},
		"another list":   {200, `{"templates": "none"}`, templates.CodeNoList},
		"not JSON":       {200, `<html>`, templates.CodeNotJSON},
		"a long page":    {200, "[" + strings.Repeat("1,", templates.MaxPage) + "1]", templates.CodeTooMany},
		"a long word":    {200, `{"templates": [], "next": "` + strings.Repeat("x", 1025) + `"}`, templates.CodeNoList},
		"signed out":     {401, ``, errs.CodeAuthExpired},
		"not let in":     {403, ``, errs.CodeAuthExpired},
		"out of service": {503, ``, errs.As(errs.Unavailable(nil, "")).Code},
	} {
		t.Run(name, func(t *testing.T) {
			s, by, _ := far(t, tt.status, tt.body)
			page, err := s.Fetch(t.Context(), by, "", time.Now())
			if got := errs.As(err); (got == nil) != (tt.code == "") || got != nil && got.Code != tt.code {
				t.Errorf("%v", err)
			}
			if page.Status != tt.status {
				t.Errorf("status %d", page.Status)
			}
		})
	}
}
