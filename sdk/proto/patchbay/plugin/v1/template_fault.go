package pluginv1

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a template, in characters where nothing else is said.
const (
	maxTemplateID    = 200 // bytes
	maxTemplateText  = 8000
	maxTemplatePart  = 1000 // of a header, a footer, an example
	maxTemplateLabel = 200  // of a name, a button, a field
	maxTemplateWord  = 100  // of a category
	maxTemplateWhy   = 500
	maxTemplateField = 50
	maxTemplateTap   = 20 // buttons
	maxFieldLength   = 100_000
)

// What a template is not sound for.
const (
	FaultID         = "id"         // none, too long, or with control characters
	FaultLanguage   = "language"   // no BCP 47
	FaultText       = "text"       // nothing that a customer reads
	FaultLong       = "too_long"   // one of its texts
	FaultMany       = "too_many"   // fields or buttons
	FaultField      = "field"      // a field with a name that is not one, or twice
	FaultUndeclared = "undeclared" // a text has a {{name}} that is no field
	FaultFile       = "file"       // a kind of file that is not known
	FaultDuplicate  = "duplicate"  // another one of the list has the same id and language
)

var (
	templateLanguage = regexp.MustCompile(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4}$`)
	templateField    = regexp.MustCompile(`^[a-z0-9_]{1,50}$`)
	templateHole     = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
)

// Fault returns what the template is not sound for; "" = it is sound. Whether
// another one has its name is for whoever has the list.
func (x *MessageTemplate) Fault() string {
	id := x.GetId()
	switch {
	case id == "" || len(id) > maxTemplateID || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return FaultID
	case x.GetLanguage() != "" && !templateLanguage.MatchString(x.GetLanguage()):
		return FaultLanguage
	case strings.TrimSpace(x.GetText()) == "":
		return FaultText
	case len(x.GetFields()) > maxTemplateField || len(x.GetButtons()) > maxTemplateTap:
		return FaultMany
	case x.long():
		return FaultLong
	case !slices.Contains([]string{"", "image", "audio", "file"}, x.GetFile()):
		return FaultFile
	}
	return x.fieldFault()
}

func (x *MessageTemplate) long() bool {
	over := func(s string, most int) bool { return utf8.RuneCountInString(s) > most }
	return over(x.GetText(), maxTemplateText) || over(x.GetHeader(), maxTemplatePart) || over(x.GetFooter(), maxTemplatePart) ||
		over(x.GetName(), maxTemplateLabel) || over(x.GetCategory(), maxTemplateWord) || over(x.GetUnusable(), maxTemplateWhy) ||
		slices.ContainsFunc(x.GetButtons(), func(b string) bool { return over(b, maxTemplateLabel) }) ||
		slices.ContainsFunc(x.GetFields(), func(f *TemplateField) bool {
			return over(f.GetLabel(), maxTemplateLabel) || over(f.GetExample(), maxTemplatePart) || f.GetMaxLength() > maxFieldLength
		})
}

func (x *MessageTemplate) fieldFault() string {
	declared := make(map[string]bool, len(x.GetFields()))
	for _, f := range x.GetFields() {
		if !templateField.MatchString(f.GetName()) || declared[f.GetName()] {
			return FaultField
		}
		declared[f.GetName()] = true
	}
	for _, text := range []string{x.GetHeader(), x.GetText(), x.GetFooter()} {
		for _, hole := range templateHole.FindAllStringSubmatch(text, -1) {
			if !declared[hole[1]] {
				return FaultUndeclared
			}
		}
	}
	return ""
}
