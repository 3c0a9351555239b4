package channel

import (
	"context"
	"regexp"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Templater is a channel whose far side has templates: messages that were
// prepared, and mostly approved, there. One can be sent when no other message
// can. The manifest's channel.can lists "templates".
type Templater interface {
	// Templates returns a page of what the account may send. The core keeps the
	// list, asks anew now and then, and leaves out a template that is not sound.
	// ctx ends after 30 s. Where the far side cannot be asked, errs.Unavailable has
	// the core keep to the list of before.
	Templates(ctx context.Context, req TemplatesRequest) (TemplatesResponse, error)
}

// TemplatesRequest says whose templates, and from where on.
type TemplatesRequest struct {
	Instance instance.Instance
	After    string // TemplatesResponse.Next of the page before; "" = the first page
}

// TemplatesResponse is a page of templates. The core keeps 1,000 of an instance.
type TemplatesResponse struct {
	Templates []Template
	Next      string // there is more, and this is where to go on; at most 1,024 bytes. "" = that was all
}

// Template is a message that was prepared at the far side. In Header, Text and
// Footer {{name}} stands for the value of a field.
type Template struct {
	ID       string // the far side's name, 1 to 200 bytes; unique together with Language
	Language string // BCP 47; "" = none
	Name     string // for agents, at most 200 characters; "" = ID
	Category string // the far side's word, at most 100 characters; "" = none

	Header  string   // above the text, at most 1,000 characters; "" = none
	Text    string   // what the customer reads: 1 to 8,000 characters
	Footer  string   // below the text, at most 1,000 characters; "" = none
	Buttons []string // labels, at most 20 of 200 characters; agents see them

	// Fields are at most 50: every {{name}} of the texts, and what is the far
	// side's alone, such as of a button.
	Fields []TemplateField
	// File says that a message must have one file: manifest.ContentImage,
	// ContentAudio or ContentFile; "" = it has none.
	File     string
	Unusable string // why it cannot be sent now, for agents: it waits for approval; "" = it can
}

// TemplateField is a value that whoever sends a template gives.
type TemplateField struct {
	Name      string // 1 to 50 of a-z, 0-9 and "_"; numbers ("1") are fine
	Label     string // for agents, at most 200 characters; "" = Name
	Example   string // at most 1,000 characters; "" = none
	MaxLength int    // characters of a value; 0 = as many as a message has
	Optional  bool   // it may be left empty
}

// TemplateUse is a template that is sent.
type TemplateUse struct {
	ID, Language string
	Values       map[string]string // by TemplateField.Name; what is optional may be absent
}

var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// Render returns what the customer reads, as SendRequest.Content.Text has it:
// header, text and footer with the values filled in, an empty line between.
func (t Template) Render(values map[string]string) string {
	var parts []string
	for _, part := range []string{t.Header, t.Text, t.Footer} {
		part = strings.TrimSpace(placeholder.ReplaceAllStringFunc(part, func(at string) string { return values[at[2:len(at)-2]] }))
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n")
}
