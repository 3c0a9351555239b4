package channel

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Template is a message that was prepared, and mostly approved, at a far side. In
// Header, Text and Footer {{name}} stands for the value of a field.
type Template struct {
	ID       string // the far side's name; unique together with Language
	Language string // BCP 47; "" = none
	Name     string // for agents; "" = ID
	Category string // the far side's word; "" = none
	Header   string
	Text     string
	Footer   string
	Buttons  []string // labels, shown
	Fields   []TemplateField
	File     string // the message has one file: ContentImage, ContentAudio or ContentFile; "" = none
	Unusable string // why it cannot be sent now, for agents; "" = it can
}

// Title is what agents know it by.
func (t Template) Title() string { return cmp.Or(t.Name, t.ID) }

// TemplateField is a value that whoever sends a template gives.
type TemplateField struct {
	Name      string
	Label     string // for agents; "" = Name
	Example   string
	MaxLength int // characters; 0 = as many as a message has
	Optional  bool
}

// TemplateUse is a template that is sent.
type TemplateUse struct {
	ID, Language string
	Values       map[string]string // by TemplateField.Name
}

// TemplatePage is a page of an inbox's templates.
type TemplatePage struct {
	Templates []Template // sound, each by itself
	Refused   []RefusedTemplate
	Next      string // there is more, and this is where to go on; "" = that was all
}

// RefusedTemplate is a template of a far side that is left out.
type RefusedTemplate struct {
	ID, Language string // as far as they can be shown
	Reason       string // a code of sdk/proto: undeclared, too_long
}

// Size is how much the template is, in bytes.
func (t Template) Size() int {
	n := len(t.ID) + len(t.Language) + len(t.Name) + len(t.Category) + len(t.Header) + len(t.Text) + len(t.Footer) + len(t.Unusable)
	for _, b := range t.Buttons {
		n += len(b)
	}
	for _, f := range t.Fields {
		n += len(f.Name) + len(f.Label) + len(f.Example)
	}
	return n
}

var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// Fill returns what the customer reads: header, text and footer with the values
// filled in, an empty line between. It is what sdk/channel's Template.Render
// says. The values are Checked.
func (t Template) Fill(values map[string]string) string {
	var parts []string
	for _, part := range []string{t.Header, t.Text, t.Footer} {
		part = strings.TrimSpace(placeholder.ReplaceAllStringFunc(part, func(at string) string { return values[at[2:len(at)-2]] }))
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n")
}

// Check returns what is wrong with values, by pointers below /template/values,
// in the order of the fields.
func (t Template) Check(values map[string]string) []errs.Field {
	var out []errs.Field
	fault := func(name, code, detail string) {
		pointer := "/template/values/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		out = append(out, errs.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	for _, f := range t.Fields {
		value := values[f.Name]
		switch {
		case strings.TrimSpace(value) == "" && !f.Optional:
			fault(f.Name, "required", "is missing")
		case f.MaxLength > 0 && utf8.RuneCountInString(value) > f.MaxLength:
			fault(f.Name, "max_length", "has at most "+strconv.Itoa(f.MaxLength)+" characters")
		}
	}
	var unknown []string
	for name := range values {
		if !slices.ContainsFunc(t.Fields, func(f TemplateField) bool { return f.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		fault(name, "unknown", "is no field of the template")
	}
	return out
}
