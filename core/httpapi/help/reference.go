package help

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// document is what the reference reads of OpenAPI 3.1.
type document struct {
	Info       struct{ Version string }
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	ID          string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Access      string `json:"x-access"`
	Parameters  []parameter
	RequestBody struct{ Content map[string]content } `json:"requestBody"`
	Responses   map[string]struct {
		Description string
		Content     map[string]content
	}
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                schema
}

type content struct{ Schema schema }

type schema struct {
	Ref         string `json:"$ref"`
	Type        any    // a name, or a list of names with null
	Format      string
	Description string
	Enum        []any
	Items       *schema
	Properties  map[string]schema
	Required    []string
	Additional  any `json:"additionalProperties"`
	Minimum     *float64
	Maximum     *float64
	MinLength   *int `json:"minLength"`
	MaxLength   *int `json:"maxLength"`
	MaxItems    *int `json:"maxItems"`
	Default     any
}

// Tag is the operations of one subject.
type Tag struct {
	Name, Slug string
	Operations []Operation
}

// Operation is a route as the page shows it.
type Operation struct {
	ID, Method, Path, Summary, Description string
	Permission                             string // or else Access
	Access                                 string
	Parameters                             []Field
	Body                                   *Content
	Answers                                []Answer
}

// Field is a parameter, or a property of an object.
type Field struct {
	Name, In, Description, Bounds string
	Required                      bool
	Type                          Type
	Values                        []string
}

// Type is the name of a type; Ref the object that it leads to.
type Type struct{ Text, Ref string }

// Content is a body.
type Content struct {
	MediaType string
	Type      Type
	Fields    []Field
}

// Answer is one answer of a route.
type Answer struct {
	Status, Description string
	Type                *Type
}

// Object is a schema that has a name.
type Object struct {
	Name, Description string
	Fields            []Field
}

// apiView is the page of the reference.
type apiView struct {
	view
	Version, Base string
	Tags          []Tag
	Objects       []Object
	Guides        []Guide
}

// fieldsView is a table of fields with the words around it.
type fieldsView struct {
	T      words
	Fields []Field
}

// Reference draws the reference of an OpenAPI document. base is the address of
// the server, for the example.
func (p *Pages) Reference(openAPI []byte, base string, l Language) ([]byte, error) {
	var d document
	if err := json.Unmarshal(openAPI, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	t := wordsIn(l)
	return p.draw("api", apiView{
		view:    view{Language: l, Here: APIPath, Section: "api", Title: t.Reference, T: t},
		Version: d.Info.Version, Base: base, Tags: d.tags(), Objects: d.objects(), Guides: p.guides,
	})
}

// methods in the order in which they are shown.
func methods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// tags sorts the operations by subject, then by path.
func (d document) tags() []Tag {
	by := map[string][]Operation{}
	for _, path := range sorted(d.Paths) {
		for _, method := range methods() {
			op, ok := d.Paths[path][strings.ToLower(method)]
			if !ok {
				continue
			}
			name := "other"
			if len(op.Tags) > 0 {
				name = op.Tags[0]
			}
			by[name] = append(by[name], op.shown(method, path))
		}
	}
	out := make([]Tag, 0, len(by))
	for _, name := range sorted(by) {
		out = append(out, Tag{Name: name, Slug: strings.ReplaceAll(name, " ", "-"), Operations: by[name]})
	}
	return out
}

func (o operation) shown(method, path string) Operation {
	out := Operation{ID: o.ID, Method: method, Path: path, Summary: o.Summary, Description: o.Description, Access: o.Access}
	if strings.Contains(o.Access, ".") {
		out.Permission = o.Access
	}
	for _, p := range o.Parameters {
		out.Parameters = append(out.Parameters, fieldOf(p.Name, p.Schema, p.Required).with(p.In, p.Description))
	}
	for _, mediaType := range sorted(o.RequestBody.Content) {
		s := o.RequestBody.Content[mediaType].Schema
		out.Body = &Content{MediaType: mediaType, Type: typeOf(s), Fields: fieldsOf(s)}
	}
	for _, status := range sorted(o.Responses) {
		r := o.Responses[status]
		a := Answer{Status: status, Description: r.Description}
		for _, c := range r.Content {
			name := typeOf(c.Schema)
			a.Type = &name
		}
		out.Answers = append(out.Answers, a)
	}
	return out
}

func (d document) objects() []Object {
	var out []Object
	for _, name := range sorted(d.Components.Schemas) {
		s := d.Components.Schemas[name]
		out = append(out, Object{Name: name, Description: s.Description, Fields: fieldsOf(s)})
	}
	return out
}

func fieldsOf(s schema) []Field {
	var out []Field
	for _, name := range sorted(s.Properties) {
		if name == "$schema" {
			continue
		}
		out = append(out, fieldOf(name, s.Properties[name], slices.Contains(s.Required, name)))
	}
	slices.SortStableFunc(out, func(a, b Field) int { // what must be there first
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		default:
			return 1
		}
	})
	return out
}

func fieldOf(name string, s schema, required bool) Field {
	f := Field{Name: name, Description: s.Description, Required: required, Type: typeOf(s), Bounds: s.bounds()}
	for _, v := range s.Enum {
		f.Values = append(f.Values, fmt.Sprint(v))
	}
	return f
}

func (f Field) with(in, description string) Field {
	f.In, f.Description = in, cmp.Or(description, f.Description)
	return f
}

// bounds says what limits a value: "1–200, default 50".
func (s schema) bounds() string {
	var out []string
	between := func(low, high, unit string) {
		if low != "" || high != "" {
			out = append(out, strings.TrimSpace(low+"–"+high+" "+unit))
		}
	}
	between(number(s.Minimum), number(s.Maximum), "")
	between(number(s.MinLength), number(s.MaxLength), "characters")
	if s.MaxItems != nil {
		between("", number(s.MaxItems), "items")
	}
	if s.Default != nil {
		out = append(out, fmt.Sprint("= ", s.Default))
	}
	return strings.Join(out, ", ")
}

func number[N int | float64](n *N) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// typeOf names a type in a few words.
func typeOf(s schema) Type {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return Type{Text: name, Ref: name}
	}
	name := ""
	switch t := s.Type.(type) {
	case string:
		name = t
	case []any:
		parts := make([]string, len(t))
		for i, x := range t {
			parts[i] = fmt.Sprint(x)
		}
		name = strings.Join(parts, " | ")
	}
	switch {
	case s.Items != nil:
		of := typeOf(*s.Items)
		return Type{Text: "[" + of.Text + "]", Ref: of.Ref}
	case s.Format != "" && s.Format != "int64" && s.Format != "int32":
		return Type{Text: name + " (" + s.Format + ")"}
	default:
		return Type{Text: cmp.Or(name, "any")}
	}
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
