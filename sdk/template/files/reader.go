package files

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

// reader collects the faults of one template.
type reader struct {
	template *Template
	faults   []string
	seen     map[string]bool
}

func (r *reader) fault(file string, line int, format string, args ...any) {
	where := file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", file, line)
	}
	r.faults = append(r.faults, where+": "+fmt.Sprintf(format, args...))
}

func (r *reader) questions(data []byte) {
	var s manifest.Schema
	if err := yaml.Unmarshal(data, &s); err != nil {
		r.fault(questionsFile, 0, "%v", err)
		return
	}
	compiled, err := schema.Compile(s)
	if err != nil {
		r.fault(questionsFile, 0, "%v", err)
		return
	}
	var top struct {
		Type       string `json:"type"`
		Properties map[string]struct {
			Default any `json:"default"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(s, &top); err != nil || top.Type != "object" {
		r.fault(questionsFile, 0, `must be a schema of an object: "type: object"`)
		return
	}
	for key, property := range top.Properties {
		if property.Default != nil {
			r.template.defaults[key] = property.Default
		}
	}
	r.template.questions, r.template.schema = s, compiled
}

func (r *reader) objects(name string, data []byte) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		r.fault(name, 0, "%v", err)
		return
	}
	if len(root.Content) == 0 { // an empty file
		return
	}
	if root.Content[0].Kind != yaml.SequenceNode {
		r.fault(name, root.Content[0].Line, "is not a list of objects")
		return
	}
	for _, node := range root.Content[0].Content {
		r.object(name, node)
	}
}

func (r *reader) object(name string, node *yaml.Node) {
	var raw manifest.Schema // YAML as JSON, duplicates and aliases refused
	o := object{file: path.Base(name), line: node.Line}
	if err := node.Decode(&raw); err != nil {
		r.fault(name, node.Line, "%v", err)
		return
	}
	if err := json.Unmarshal(raw, &o.value); err != nil || o.value == nil {
		r.fault(name, node.Line, "is not a mapping of keys to values")
		return
	}
	o.kind, _ = o.value["kind"].(string)
	o.key, _ = o.value["key"].(string)
	delete(o.value, "kind")
	// An attribute of conversations has a key of its own name; it is the same.
	if o.kind != "attribute" {
		delete(o.value, "key")
	}
	switch {
	case o.kind == "":
		r.fault(name, node.Line, "has no kind")
	case !r.template.patterns.key.MatchString(o.key):
		r.fault(name, node.Line, "has no key of lower case letters, digits, hyphens and underscores")
	case r.seen[o.kind+"/"+o.key]:
		r.fault(name, node.Line, "%s/%s is there twice", o.kind, o.key)
	case len(r.template.objects) == MaxObjects:
		r.fault(name, node.Line, "is one object too many: there may be %d", MaxObjects)
	default:
		r.seen[o.kind+"/"+o.key] = true
		r.template.objects = append(r.template.objects, o)
	}
}

// check looks at all objects together: languages, references, answers.
func (r *reader) check() {
	locales, texts := make(map[string]int), 0
	asked := r.asked()
	for _, o := range r.template.objects {
		each(o.value, func(v any) {
			if text, ok := r.template.patterns.textOf(v); ok {
				texts++
				for locale := range text {
					locales[locale]++
				}
			}
			if s, ok := v.(string); ok {
				r.text(o, s, asked)
			}
		})
	}
	for locale, n := range locales {
		if locale != "en" && n == texts {
			r.template.locales = append(r.template.locales, locale)
		}
	}
	slices.Sort(r.template.locales)
	r.template.locales = append([]string{"en"}, r.template.locales...)
}

// asked returns the answers that the questions ask for.
func (r *reader) asked() map[string]any {
	var top struct {
		Properties map[string]any `json:"properties"`
	}
	if r.template.schema == nil || json.Unmarshal(r.template.questions, &top) != nil {
		return nil
	}
	return top.Properties
}

// text checks what a text refers to.
func (r *reader) text(o object, s string, asked map[string]any) {
	if target, ok := strings.CutPrefix(s, "ref:"); ok && !r.seen[target] {
		r.fault(o.file, o.line, "refers to %s, which the template does not have", target)
	}
	for _, m := range r.template.patterns.answer.FindAllStringSubmatch(s, -1) {
		if _, ok := asked[m[1]]; !ok {
			r.fault(o.file, o.line, "uses the answer %q, which no question asks for", m[1])
		}
	}
}

// each visits a value and all that is in it.
func each(v any, visit func(any)) {
	visit(v)
	switch x := v.(type) {
	case map[string]any:
		for _, item := range x {
			each(item, visit)
		}
	case []any:
		for _, item := range x {
			each(item, visit)
		}
	}
}
