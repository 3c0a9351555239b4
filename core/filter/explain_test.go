package filter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/filter"
)

// words is a row of texts, by field.
type words map[string][]string

func (w words) Values(f filter.Field) []filter.Value {
	var out []filter.Value
	for _, text := range w[f.Name] {
		out = append(out, filter.Value{Text: text})
	}
	return out
}

func TestExplainPointsToEachCondition(t *testing.T) {
	fields := filter.NewRegistry(filter.Field{Name: "from", Kind: filter.Text}, filter.Field{Name: "to", Kind: filter.Text})
	row := words{"from": {"Anna@Example.com"}, "to": {"help@shop.example", "boss@shop.example"}}
	for _, c := range []struct {
		tree string
		want []string
	}{
		{`null`, nil},
		{`{"field":"from","op":"is","value":"anna@example.com"}`, []string{" from true"}},
		{`{"not":{"field":"to","op":"contains","value":"boss"}}`, []string{"/not to true"}},
		{
			`{"and":[{"field":"from","op":"starts_with","value":"bob"},{"or":[{"field":"to","op":"is","value":"x@y"},{"not":{"field":"to","op":"is_set"}}]}]}`,
			[]string{"/and/0 from false", "/and/1/or/0 to false", "/and/1/or/1/not to true"},
		},
	} {
		tree, err := filter.Parse([]byte(c.tree), fields)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range tree.Explain(filter.Env{}, row) {
			got = append(got, fmt.Sprintf("%s %s %t", v.Pointer, v.Condition.Field.Full(), v.Holds))
			leaf, err := json.Marshal(v.Condition)
			if again, failed := filter.Parse(leaf, fields); err != nil || failed != nil || again.Match(filter.Env{}, row) != v.Holds {
				t.Errorf("%s: the condition is written as %s (%v, %v)", c.tree, leaf, err, failed)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.tree, got, c.want)
		}
	}
}
