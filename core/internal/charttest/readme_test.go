package charttest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the table of values into the chart's README.md")

// value is one line of the table.
type value struct{ path, def, doc string }

// documented walks values.yaml: a comment that begins with "# --" describes the
// key below it, and what is below a described map belongs to its description.
func documented(t *testing.T) []value {
	t.Helper()
	text, err := os.ReadFile(chart + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var out []value
	var walk func(n *yaml.Node, prefix string)
	walk = func(n *yaml.Node, prefix string) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, v := n.Content[i], n.Content[i+1]
			path := prefix + key.Value
			_, about, ok := strings.Cut(key.HeadComment, "# -- ")
			switch {
			case ok:
				out = append(out, value{path, flat(t, v), strings.ReplaceAll(about, "\n# ", " ")})
			case v.Kind == yaml.MappingNode:
				walk(v, path+".")
			default:
				t.Errorf("values.yaml: %s is not described (# -- ...)", path)
			}
		}
	}
	walk(doc.Content[0], "")
	return out
}

// flat is a default on one line.
func flat(t *testing.T, n *yaml.Node) string {
	t.Helper()
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheReadmeHasEveryValue(t *testing.T) {
	const begin, end = "<!-- values: go test ./core/internal/charttest -run Readme -update -->\n", "<!-- /values -->\n"
	var table strings.Builder
	table.WriteString("\n| value | default | what it does |\n|---|---|---|\n")
	for _, v := range documented(t) {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s |\n", v.path, strings.ReplaceAll(v.def, "|", `\|`), strings.ReplaceAll(v.doc, "|", `\|`))
	}
	table.WriteString("\n")
	name := chart + "/README.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md lacks the lines %q and %q", begin, end)
	}
	want := head + begin + table.String() + end + tail
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("the table of values is not that of values.yaml: run this test with -update")
	}
}

// Every value has a schema, every schema a value, and no map of ours takes
// keys that are not known.
func TestTheSchemaHasEveryValue(t *testing.T) {
	var schema map[string]any
	text, err := os.ReadFile(chart + "/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if text, err = os.ReadFile(chart + "/values.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	var compare func(schema, values map[string]any, path string)
	compare = func(schema, values map[string]any, path string) {
		properties, _ := schema["properties"].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			p, ok := properties[key].(map[string]any)
			if !ok {
				t.Errorf("%s%s has no schema", path, key)
				continue
			}
			if inner, ok := values[key].(map[string]any); ok && p["properties"] != nil {
				if p["additionalProperties"] != false {
					t.Errorf("%s%s takes unknown keys", path, key)
				}
				compare(p, inner, path+key+".")
			}
		}
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			// Helm's own; and what Kubernetes knows of resources beside our defaults.
			if _, ok := values[key]; !ok && path+key != "global" && key != "claims" && key != "limits" && key != "requests" {
				t.Errorf("%s%s is in the schema and has no default", path, key)
			}
		}
	}
	if schema["additionalProperties"] != false {
		t.Error("the values take unknown keys")
	}
	compare(schema, values, "")
}
