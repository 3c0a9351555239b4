package channel_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
)

// A value is no text to fill in; sdk/channel's Template.Render has the same cases.
func TestFill(t *testing.T) {
	t.Parallel()
	values := map[string]string{"1": "{{name}}", "name": "Wei"}
	for want, x := range map[string]channel.Template{
		"Hello Wei":                          {Text: "Hello {{name}}"},
		"Order\n\n{{name}} is ready.\n\nTea": {Header: "Order", Text: "{{1}} is ready.", Footer: "Tea"},
		"A":                                  {Header: "{{none}}", Text: "A"},
		"x {name}":                           {Text: "x {name}"},
	} {
		if got := x.Fill(values); got != want {
			t.Errorf("got %q, wanted %q", got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	x := channel.Template{Fields: []channel.TemplateField{{Name: "name"}, {Name: "sort", MaxLength: 3, Optional: true}}}
	for want, values := range map[string]map[string]string{
		"[]":                                 {"name": "Wei", "sort": "乌龙茶"},
		"[/template/values/name required]":   {"name": " "},
		"[/template/values/sort max_length]": {"name": "Wei", "sort": "long"},
		"[/template/values/a~1b unknown]":    {"name": "Wei", "a/b": "x"},
	} {
		got := []string{}
		for _, f := range x.Check(values) {
			got = append(got, f.Pointer+" "+f.Code)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%v: %s, wanted %s", values, got, want)
		}
	}
}
