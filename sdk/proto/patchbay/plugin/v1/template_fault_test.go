package pluginv1_test

import (
	"strings"
	"testing"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// A template is sound, or has one fault with a name.
func TestFaultsOfTemplates(t *testing.T) {
	t.Parallel()
	many := func(n int) (out []*pluginv1.TemplateField) {
		for i := range n {
			out = append(out, &pluginv1.TemplateField{Name: strings.Repeat("a", i+1)})
		}
		return out
	}
	for want, list := range map[string][]*pluginv1.MessageTemplate{
		"": {
			{Id: "a", Text: "Hello"},
			{Id: strings.Repeat("a", 200), Language: "zh_CN", Text: strings.Repeat("好", 8000), Footer: "{ {1} }", Fields: many(50)},
			{Id: "b", Language: "zh-Hans-CN", Text: "{{1}} {{1}}", Fields: []*pluginv1.TemplateField{{Name: "1"}, {Name: "link"}}, File: "image"},
		},
		pluginv1.FaultID:       {{Text: "Hello"}, {Id: strings.Repeat("a", 201), Text: "Hello"}, {Id: "a\nb", Text: "Hello"}},
		pluginv1.FaultLanguage: {{Id: "a", Language: "in English", Text: "Hello"}},
		pluginv1.FaultText:     {{Id: "a"}, {Id: "a", Header: "Hello", Text: "\n"}},
		pluginv1.FaultMany:     {{Id: "a", Text: "Hello", Fields: many(51)}, {Id: "a", Text: "Hello", Buttons: make([]string, 21)}},
		pluginv1.FaultLong: {
			{Id: "a", Text: strings.Repeat("好", 8001)},
			{Id: "a", Text: "Hello", Header: strings.Repeat("a", 1001)},
			{Id: "a", Text: "Hello", Buttons: []string{strings.Repeat("a", 201)}},
			{Id: "a", Text: "Hello", Fields: []*pluginv1.TemplateField{{Name: "a", Example: strings.Repeat("a", 1001)}}},
		},
		pluginv1.FaultFile: {{Id: "a", Text: "Hello", File: "video"}},
		pluginv1.FaultField: {
			{Id: "a", Text: "Hello", Fields: []*pluginv1.TemplateField{{Name: "Name"}}},
			{Id: "a", Text: "Hello", Fields: []*pluginv1.TemplateField{{Name: "name"}, {Name: "name"}}},
		},
		pluginv1.FaultUndeclared: {
			{Id: "a", Text: "Hello {{name}}"},
			{Id: "a", Text: "Hello", Footer: "{{ name }}", Fields: []*pluginv1.TemplateField{{Name: "name"}}},
		},
	} {
		for i, x := range list {
			if got := x.Fault(); got != want {
				t.Errorf("%q %d: got %q", want, i, got)
			}
		}
	}
}
