// Package templates asks a customer's system which messages it has prepared: a
// list in JSON, page by page.
//
//	{"templates": [{"id": "parcel", "text": "Hello {{name}}", "fields": [{"name": "name"}]}], "next": "50"}
//
// A number where a text is expected is taken as that text. What is no template at
// all becomes one that the host leaves out, so that somebody is told of it.
package templates

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/outgoing"
	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// Codes of errors, beside those of package errs.
const (
	CodeNotJSON = "answer_not_json"    // the answer cannot be read
	CodeNoList  = "templates_missing"  // the answer has no list
	CodeTooMany = "templates_too_many" // more than MaxPage on a page
)

// Bounds of an answer.
const (
	MaxAnswer = 4 << 20 // bytes
	MaxPage   = 1000    // templates
	maxNext   = 1024    // bytes
)

// Source is where the templates of an inbox are.
type Source struct {
	URL           string
	Authorization string   // the header; "" = none
	Secrets       []string // that sign; the newest first
}

// Page is a page of templates.
type Page struct {
	Templates []channel.Template
	Next      string // of the page that follows; "" = that was all
	Status    int    // of the answer; 0 = none
	Bytes     int    // of the answer
}

// Fetch asks for a page; after is Next of the page before, "" = the first one. The
// request is signed as what is posted is, over an empty body. The Page beside an
// error says what there was of an answer.
func (s Source) Fetch(ctx context.Context, by outgoing.Doer, after string, now time.Time) (Page, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return Page{}, errs.Reject(outgoing.CodeNoAddress, "The address of the templates is none.").WithCause(err)
	}
	if after != "" {
		query := u.Query()
		query.Set("after", after)
		u.RawQuery = query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return Page{}, errs.Reject(outgoing.CodeNoAddress, "The address of the templates is none.").WithCause(err)
	}
	r.Header = signature.Scheme{}.Sign(nil, now, s.Secrets...)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", outgoing.UserAgent)
	if s.Authorization != "" {
		r.Header.Set("Authorization", s.Authorization)
	}
	resp, err := by.Do(r)
	var out Page
	if resp != nil {
		out.Status, out.Bytes = resp.Status, len(resp.Body)
	}
	if err != nil {
		if out.Status == http.StatusForbidden {
			err = errs.Unavailable(err, "The connected system does not let us read its templates (status 403).").WithCode(errs.CodeAuthExpired)
		}
		return out, err
	}
	if out.Status == http.StatusNoContent {
		return out, nil
	}
	out.Templates, out.Next, err = read(resp.Body)
	return out, err
}

// read reads an answer: an object with the list, or the list itself.
func read(body []byte) (all []channel.Template, next string, err error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, "", errs.Unavailable(err, "The connected system answered with something that is not JSON.").WithCode(CodeNotJSON)
	}
	if object, ok := value.(map[string]any); ok {
		next = word(object["next"])
		list, there := object["templates"]
		if value = list; !there {
			return nil, "", errs.Reject(CodeNoList, "The answer of the connected system has no list “templates”.")
		}
	}
	list, ok := value.([]any)
	switch {
	case !ok && value != nil:
		return nil, "", errs.Reject(CodeNoList, "The answer of the connected system has no list “templates”.")
	case len(list) > MaxPage:
		return nil, "", errs.Reject(CodeTooMany, "The connected system lists more than "+strconv.Itoa(MaxPage)+" templates on a page.")
	case len(next) > maxNext:
		return nil, "", errs.Reject(CodeNoList, "The word for the next page of the connected system is too long.")
	}
	for i, one := range list {
		all = append(all, template(one, i))
	}
	return all, next, nil
}

func template(value any, i int) channel.Template {
	of, ok := value.(map[string]any)
	if !ok { // it has no text, and is left out under a name by which it is found
		return channel.Template{ID: "#" + strconv.Itoa(i+1)}
	}
	t := channel.Template{
		ID: word(of["id"]), Language: word(of["language"]), Name: word(of["name"]), Category: word(of["category"]),
		Header: word(of["header"]), Text: word(of["text"]), Footer: word(of["footer"]), File: word(of["file"]), Unusable: word(of["unusable"]),
	}
	if buttons, ok := of["buttons"].([]any); ok {
		for _, one := range buttons {
			t.Buttons = append(t.Buttons, word(one))
		}
	}
	fields, ok := of["fields"].([]any)
	if !ok {
		t.Fields = named(t.Header + t.Text + t.Footer)
		return t
	}
	for _, one := range fields {
		t.Fields = append(t.Fields, field(one))
	}
	return t
}

// field is a field, or its name alone.
func field(value any) channel.TemplateField {
	of, ok := value.(map[string]any)
	if !ok {
		return channel.TemplateField{Name: word(value)}
	}
	most, _ := strconv.Atoi(word(of["max_length"])) // anything else is no limit
	optional, _ := of["optional"].(bool)
	return channel.TemplateField{
		Name: word(of["name"]), Label: word(of["label"]), Example: word(of["example"]), MaxLength: max(most, 0), Optional: optional,
	}
}

var place = regexp.MustCompile(`\{\{([a-z0-9_]{1,50})\}\}`)

// named are the fields of a template that lists none: every {{name}} of its texts.
func named(text string) []channel.TemplateField {
	var out []channel.TemplateField
	for _, match := range place.FindAllStringSubmatch(text, -1) {
		one := channel.TemplateField{Name: match[1]}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// word is a text, or a number as one; "" for anything else.
func word(v any) string {
	switch v.(type) {
	case string, json.Number:
		return expr.Plain(v)
	}
	return ""
}
