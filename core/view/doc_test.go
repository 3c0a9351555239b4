package view_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/view"
)

// The reference page, in both languages: its examples are accepted, and it
// names every field, operator and code there is.
func TestReference(t *testing.T) {
	for _, page := range []string{"filters.md", "filters.zh-CN.md"} {
		t.Run(page, func(t *testing.T) { reference(t, page) })
	}
}

func reference(t *testing.T, page string) {
	t.Helper()
	b, err := os.ReadFile("../../docs/reference/" + page)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{filter.CodeSyntax, filter.CodeField, filter.CodeOp, filter.CodeValue, filter.CodeDepth} {
		if !strings.Contains(string(b), "`"+code+"`") {
			t.Errorf("the page does not name the code %s", code)
		}
	}
	fields := view.Fields([]catalog.Attribute{
		{Target: catalog.OfConversation, Key: "plan", Type: catalog.List, Options: []string{"gold", "silver"}},
		{Target: catalog.OfContact, Key: "renewal", Type: catalog.Date},
	})
	parts := strings.Split(string(b), "```json\n")
	if len(parts) != 7 {
		t.Fatalf("only %d examples", len(parts)-1)
	}
	for _, part := range parts[1:] {
		example, _, _ := strings.Cut(part, "```")
		if _, err := filter.Parse([]byte(example), fields); err != nil {
			t.Errorf("%s\n%v", example, err)
		}
	}
	for name, f := range view.Fields(nil) {
		if !strings.Contains(string(b), "`"+name+"`") {
			t.Errorf("the page does not name the field %s", name)
		}
		for _, op := range f.Kind.Ops() {
			if !strings.Contains(string(b), "`"+string(op)+"`") {
				t.Errorf("the page does not name the operator %s", op)
			}
		}
		for _, option := range slices.Concat(f.Options, []string{f.Word}) {
			if !strings.Contains(string(b), option) {
				t.Errorf("the page does not name %s of %s", option, name)
			}
		}
	}
}
