package document_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/config/document"
)

type thing struct {
	Name  string             `json:"name"`
	Count int                `json:"count"`
	Parts []thing            `json:"parts"`
	Of    map[string]float64 `json:"of"`
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"name: a\ncount: 2\nparts:\n  - name: b\nof: {x: 1.5}\n",
		`{"name": "a", "count": 2, "parts": [{"name": "b"}], "of": {"x": 1.5}}`,
	} {
		var got thing
		if err := document.Read([]byte(text), &got); err != nil || got.Name != "a" || got.Count != 2 || got.Parts[0].Name != "b" || got.Of["x"] != 1.5 {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "is empty",
		"# nothing\n":               "is empty",
		"a: [":                      "is not valid YAML",
		"name: a\nname: b\n":        "already defined",
		"name: a\n---\nname: b\n":   "more than one document",
		"surplus: a\n":              `unknown field "surplus"`,
		"parts: [{surplus: a}]\n":   `unknown field "surplus"`,
		"count: two\n":              "count is string, and should be a whole number",
		"count: 1.5\n":              "count is number 1.5, and should be a whole number",
		"parts: [{of: [1]}]\n":      "parts.of is array, and should be an object",
		"- a\n":                     "and should be an object",
		"? [a, b]\n: c\n":           "", // a key that is a list
		"name: !!binary \"!!!!\"\n": "",
	} {
		if err := document.Read([]byte(text), &thing{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
