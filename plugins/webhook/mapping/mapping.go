// Package mapping makes messages of what another system posts in a shape of its
// own: a form, an order system. Each field is a path ("customer.id"), a JSON
// pointer ("/customer/e-mail"), or a text with placeholders ("{{first}} {{last}}",
// package expr). What a mapping costs is bounded by its length.
package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// Fields are the fields of a mapping, as somebody typed them. "" = the system
// does not have it.
type Fields struct {
	Items  string // the list of messages in the body; "" = the body is one
	ID     string
	Sender string
	Name   string
	Email  string
	Phone  string
	Text   string
	HTML   string
	Thread string
	SentAt string
	Files  string // an address, or a list of them

	// Who wrote: where it stands, and which words there mean the company's own
	// staff, or something that nobody wrote and that is left out. Words are
	// separated by commas; case does not matter. All others are customers.
	Direction string
	Staff     string
	Skip      string
	Recipient string // the customer to whom the staff wrote; "" = as Sender
	Author    string // who of the staff
	Delivery  string // our id of what came from us
}

// Problem is a field that cannot be used.
type Problem struct{ Field, Message string }

// Mapping is compiled. It is safe for concurrent use.
type Mapping struct {
	items       *Source
	fields      map[string]*Source
	staff, skip []string
}

// The names of fields, as they stand in Problem and in Fault.
const (
	fieldItems, fieldID, fieldSender, fieldName, fieldEmail, fieldPhone = "items", "id", "sender", "name", "email", "phone"
	fieldText, fieldHTML, fieldThread, fieldSentAt, fieldFiles          = "text", "html", "thread", "sent_at", "files"
	fieldDirection, fieldStaff, fieldRecipient, fieldAuthor, fieldOurs  = "direction", "staff", "recipient", "author", "delivery"
)

// Compile reads the fields.
func Compile(f Fields) (*Mapping, []Problem) {
	var problems []Problem
	compile := func(name, text string) *Source {
		s, err := ReadSource(text)
		if err != nil {
			problems = append(problems, Problem{name, err.Error()})
		}
		return s
	}
	m := &Mapping{items: compile(fieldItems, f.Items), fields: map[string]*Source{}, staff: words(f.Staff), skip: words(f.Skip)}
	for name, text := range map[string]string{
		fieldID: f.ID, fieldSender: f.Sender, fieldName: f.Name, fieldEmail: f.Email, fieldPhone: f.Phone,
		fieldText: f.Text, fieldHTML: f.HTML, fieldThread: f.Thread, fieldSentAt: f.SentAt, fieldFiles: f.Files,
		fieldDirection: f.Direction, fieldRecipient: f.Recipient, fieldAuthor: f.Author, fieldOurs: f.Delivery,
	} {
		m.fields[name] = compile(name, text)
	}
	for name, text := range map[string]string{fieldID: f.ID, fieldSender: f.Sender, fieldText: f.Text} {
		if text == "" {
			problems = append(problems, Problem{name, ""})
		}
	}
	switch {
	case f.Direction == "" && len(m.staff)+len(m.skip) > 0:
		problems = append(problems, Problem{fieldDirection, ""})
	case f.Direction != "" && len(m.staff)+len(m.skip) == 0:
		problems = append(problems, Problem{fieldStaff, ""})
	}
	return m, problems
}

// words are those between commas, in lower case.
func words(list string) []string {
	var out []string
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.ToLower(strings.TrimSpace(one)); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// Source says where a value comes from; nil = nowhere. It is safe for concurrent
// use.
type Source struct {
	pointer expr.Pointer
	text    *expr.Text
}

// ReadSource reads a path, a pointer, or a text with placeholders; nil for "".
func ReadSource(text string) (*Source, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, nil //nolint:nilnil // nowhere
	case strings.HasPrefix(text, "/"):
		p, err := expr.ParsePointer(text)
		return &Source{pointer: p}, err
	case !strings.Contains(text, "{{"):
		text = "{{" + text + "}}"
	}
	t, err := expr.Compile(text)
	return &Source{text: t}, err
}

// In returns the value in an item, and nil when there is none.
func (s *Source) In(item any) any {
	v, _ := s.Find(item)
	return v
}

// Find returns the value in an item, and whether there is one: null is.
func (s *Source) Find(item any) (any, bool) {
	switch {
	case s == nil:
		return nil, false
	case s.text == nil:
		return s.pointer.In(item)
	}
	object, _ := item.(map[string]any)
	v, there, err := s.text.Value(expr.Scope(object))
	if err != nil { // a number that is none: as if it were not there
		return nil, false
	}
	return v, there
}

// Decode reads a body: JSON, or a form (application/x-www-form-urlencoded).
func Decode(contentType string, body []byte) (any, *shape.Fault) {
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind == "application/x-www-form-urlencoded" {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, shape.Faultf(http.StatusBadRequest, shape.CodeNotJSON, "", "The form cannot be read.")
		}
		out := make(map[string]any, len(values))
		for name, all := range values {
			out[name] = all[0]
		}
		return out, nil
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, shape.Faultf(http.StatusBadRequest, shape.CodeNotJSON, "", "The body is not JSON.")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, shape.Faultf(http.StatusBadRequest, shape.CodeNotJSON, "", "There is something behind the JSON.")
	}
	return value, nil
}

// Result is an item that was mapped, or why it could not be.
type Result struct {
	Kind    shape.Kind     `json:"kind,omitempty"` // Messages or Echoes; "" = it is left out
	Message *shape.Inbound `json:"message,omitempty"`
	Fault   *shape.Fault   `json:"error,omitempty"`
}

// Apply maps a decoded body: all of it is echoes, or each item is what it says.
// The results are in the body's order.
func (m *Mapping) Apply(body any, echoes bool) ([]Result, *shape.Fault) {
	items := []any{body}
	if m.items != nil {
		list, ok := m.items.In(body).([]any)
		if !ok {
			return nil, shape.Faultf(http.StatusUnprocessableEntity, shape.CodeMissing, "/items", "The list of messages is not where the mapping looks for it.")
		}
		items = list
	} else if list, ok := body.([]any); ok {
		items = list
	}
	if len(items) > shape.MaxBatch {
		return nil, shape.Faultf(http.StatusRequestEntityTooLarge, shape.CodeBatch, "", "A list has at most %d items; this one has %d.", shape.MaxBatch, len(items))
	}
	return m.Each(items, echoes), nil
}

// Each maps items, however many.
func (m *Mapping) Each(items []any, echoes bool) []Result {
	out := make([]Result, len(items))
	for i, item := range items {
		kind := shape.Echoes
		if !echoes {
			kind = m.kind(item)
		}
		if kind == "" {
			continue
		}
		in := m.one(item, kind)
		out[i] = Result{Kind: kind, Message: in, Fault: in.Check(kind)}
	}
	return out
}

// kind says who wrote an item: a word that nobody named is a customer's, so that
// nothing is lost that somebody forgot.
func (m *Mapping) kind(item any) shape.Kind {
	switch word := strings.ToLower(strings.TrimSpace(expr.Plain(m.fields[fieldDirection].In(item)))); {
	case slices.Contains(m.staff, word):
		return shape.Echoes
	case slices.Contains(m.skip, word):
		return ""
	default:
		return shape.Messages
	}
}

func (m *Mapping) one(item any, kind shape.Kind) *shape.Inbound {
	text := func(name string) string { return strings.ToValidUTF8(expr.Plain(m.fields[name].In(item)), "") }
	in := &shape.Inbound{
		ID: text(fieldID), Text: text(fieldText), HTML: text(fieldHTML), Thread: text(fieldThread), SentAt: moment(m.fields[fieldSentAt].In(item)),
	}
	if kind == shape.Echoes {
		in.Delivery, in.Author = text(fieldOurs), &shape.Author{Name: text(fieldAuthor)}
		if in.Recipient = text(fieldRecipient); in.Recipient == "" {
			in.Recipient = text(fieldSender)
		}
	} else {
		in.Sender = &shape.Person{ID: text(fieldSender), Name: text(fieldName), Email: text(fieldEmail), Phone: text(fieldPhone)}
	}
	switch files := m.fields[fieldFiles].In(item).(type) {
	case string:
		if files != "" {
			in.Files = []shape.File{{URL: files}}
		}
	case []any:
		for _, one := range files {
			in.Files = append(in.Files, shape.File{URL: expr.Plain(one)})
		}
	}
	return in
}

// moment brings a time into the form of RFC 3339: seconds or milliseconds since
// 1970, or a date with a time, in UTC when it says nothing else. "" = it is none,
// and the message counts as sent when it came.
func moment(v any) string {
	s := strings.TrimSpace(expr.Plain(v))
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && seconds > 0 && seconds < 1e14 {
		if seconds > 1e11 {
			seconds /= 1000
		}
		return time.UnixMilli(int64(seconds * 1000)).UTC().Format(time.RFC3339Nano)
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", time.RFC1123Z} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	}
	return ""
}
