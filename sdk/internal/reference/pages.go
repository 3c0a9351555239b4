package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

const generated = "<!-- Generated from sdk/proto by make gen: do not edit. -->\n\n"

// Pages returns the pages by their names.
func Pages(files []protoreflect.FileDescriptor) map[string]string {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	out := make(map[string]string, len(files)+1)
	var index strings.Builder
	index.WriteString(generated + "# Contract reference\n\nEvery service, method, message and field of the plugin protocol, as the `.proto` files in [sdk/proto](../../../sdk/proto/patchbay/plugin/v1) say it. How they play together: [the plugin protocol](../protocol.md). Authors in Go need neither: they import the packages of `sdk/`.\n\n| page | services |\n|---|---|\n")
	for _, f := range files {
		if f.Services().Len()+f.Messages().Len()+f.Enums().Len() == 0 {
			continue // options
		}
		p := page{file: f}
		p.write()
		out[stem(f)+".md"] = p.text.String()
		var services []string
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			services = append(services, "["+string(s.Name())+"]("+link(f, f, s)+")")
		}
		if len(services) == 0 {
			services = []string{"what the others share"}
		}
		line := strings.ReplaceAll(strings.Join(services, ", "), "](#", "]("+stem(f)+".md#")
		fmt.Fprintf(&index, "| [%s](%s.md) | %s |\n", stem(f), stem(f), line)
	}
	out["README.md"] = index.String()
	return out
}

// page is the page of one file.
type page struct {
	text strings.Builder
	file protoreflect.FileDescriptor
}

func (p *page) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(&p.text, format, args...) // a Builder takes everything
}

func (p *page) write() {
	p.printf("%s", generated+"# "+stem(p.file)+".proto\n\n[All pages](README.md)\n")
	for i := range p.file.Services().Len() {
		p.service(p.file.Services().Get(i))
	}
	if p.file.Messages().Len()+p.file.Enums().Len() > 0 {
		p.printf("\n## Messages\n")
	}
	p.messages(p.file.Messages())
	p.enums(p.file.Enums())
}

func (p *page) service(s protoreflect.ServiceDescriptor) {
	by := "a plugin"
	if strings.HasPrefix(string(s.Name()), "Host") {
		by = "the host"
	}
	p.printf("\n## %s\n\n%sServed by %s.\n", s.Name(), paragraph(s), by)
	for i := range s.Methods().Len() {
		p.method(s.Methods().Get(i))
	}
}

func (p *page) method(m protoreflect.MethodDescriptor) {
	o := pluginv1.OptionsOf(m)
	stream := func(on bool) string {
		if on {
			return "stream of "
		}
		return ""
	}
	facts := []string{fmt.Sprintf("%s%s → %s%s", stream(m.IsStreamingClient()), p.link(m.Input()), stream(m.IsStreamingServer()), p.link(m.Output()))}
	if o.Scope != "" {
		facts = append(facts, "scope `"+o.Scope+"`")
	}
	if o.Budget > 0 {
		facts = append(facts, fmt.Sprintf("%d ms", o.Budget.Milliseconds()))
	}
	if o.Idempotent {
		facts = append(facts, "may be repeated")
	}
	p.printf("\n### %s.%s\n\n%s%s\n", m.Parent().Name(), m.Name(), paragraph(m), strings.Join(facts, " · "))
}

func (p *page) messages(list protoreflect.MessageDescriptors) {
	for i := range list.Len() {
		m := list.Get(i)
		if m.IsMapEntry() {
			continue
		}
		p.printf("\n### %s\n\n%s", name(m), paragraph(m))
		if m.Fields().Len() == 0 {
			p.printf("Empty.\n")
		} else {
			p.printf("| field | type | |\n|---|---|---|\n")
		}
		for j := range m.Fields().Len() {
			p.field(m.Fields().Get(j))
		}
		p.messages(m.Messages())
		p.enums(m.Enums())
	}
}

func (p *page) field(f protoreflect.FieldDescriptor) {
	text := strings.ReplaceAll(comment(f), "\n", " ")
	if one := f.ContainingOneof(); one != nil && !one.IsSynthetic() {
		text = strings.TrimSpace("One of `" + string(one.Name()) + "`. " + text)
	}
	p.printf("| `%s` = %d | %s | %s |\n", f.Name(), f.Number(), p.kind(f), text)
}

// kind words the type of a field.
func (p *page) kind(f protoreflect.FieldDescriptor) string {
	if f.IsMap() {
		return "map of " + p.kind(f.MapKey()) + " to " + p.kind(f.MapValue())
	}
	kind := f.Kind().String()
	switch {
	case f.Message() != nil:
		kind = p.link(f.Message())
	case f.Enum() != nil:
		kind = p.link(f.Enum())
	}
	switch {
	case f.IsList():
		return "list of " + kind
	case f.HasOptionalKeyword():
		return "optional " + kind
	default:
		return kind
	}
}

func (p *page) enums(list protoreflect.EnumDescriptors) {
	for i := range list.Len() {
		e := list.Get(i)
		p.printf("\n### %s\n\n%s| value | |\n|---|---|\n", name(e), paragraph(e))
		for j := range e.Values().Len() {
			v := e.Values().Get(j)
			p.printf("| `%s` = %d | %s |\n", v.Name(), v.Number(), strings.ReplaceAll(comment(v), "\n", " "))
		}
	}
}

// link names a message or an enum, with a link to it when it is ours.
func (p *page) link(d protoreflect.Descriptor) string {
	if d.ParentFile().Package() != p.file.Package() {
		return string(d.FullName())
	}
	return "[" + name(d) + "](" + link(p.file, d.ParentFile(), d) + ")"
}

// link returns the address of something from a page.
func link(from, in protoreflect.FileDescriptor, d protoreflect.Descriptor) string {
	anchor := "#" + strings.ToLower(strings.ReplaceAll(name(d), ".", ""))
	if from.Path() == in.Path() {
		return anchor
	}
	return stem(in) + ".md" + anchor
}

// name returns the name within the package: "InvokeToolResponse.Completed".
func name(d protoreflect.Descriptor) string {
	return strings.TrimPrefix(string(d.FullName()), string(d.ParentFile().Package())+".")
}

// paragraph returns a comment as a paragraph of its own; "" = none.
func paragraph(d protoreflect.Descriptor) string {
	if text := comment(d); text != "" {
		return text + "\n\n"
	}
	return ""
}

// comment returns what stands above something, as Markdown.
func comment(d protoreflect.Descriptor) string {
	text := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, "*", `\*`).Replace(strings.Join(lines, "\n"))
}
