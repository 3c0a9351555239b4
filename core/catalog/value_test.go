package catalog_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/catalog"
)

func defined() catalog.Definitions {
	return catalog.Definitions{
		{Key: "note", Type: catalog.Text},
		{Key: "seats", Type: catalog.Number},
		{Key: "paid", Type: catalog.Boolean},
		{Key: "due", Type: catalog.Date},
		{Key: "plan", Type: catalog.List, Options: []string{"基础", "pro"}},
		{Key: "shop", Type: catalog.Link},
	}
}

func TestValues(t *testing.T) {
	const bad = "refused"
	for _, c := range []struct {
		key  string
		in   any
		want any
	}{
		{"note", " 你好\n🙂 ", "你好\n🙂"},
		{"note", "", bad},
		{"note", "  ", bad},
		{"note", 1.0, bad},
		{"note", "a\x00", bad},
		{"note", "\xff", bad},
		{"note", strings.Repeat("字", catalog.MaxValue), strings.Repeat("字", catalog.MaxValue)},
		{"note", strings.Repeat("字", catalog.MaxValue+1), bad},
		{"note", []any{"x"}, bad},
		{"note", map[string]any{}, bad},
		{"seats", 12.5, 12.5},
		{"seats", math.Copysign(0, -1), 0.0},
		{"seats", "12", bad},
		{"seats", math.Inf(1), bad},
		{"seats", math.NaN(), bad},
		{"seats", true, bad},
		{"paid", true, true},
		{"paid", "true", bad},
		{"paid", 1.0, bad},
		{"due", "2026-02-28", "2026-02-28"},
		{"due", "2026-02-29", bad},
		{"due", "2026-2-1", bad},
		{"due", "0000-01-01", bad},
		{"due", "2026-02-28T00:00:00Z", bad},
		{"plan", "pro", "pro"},
		{"plan", "Pro", bad},
		{"plan", "基础", "基础"},
		{"shop", "https://shop.example/茶?a=b#c", "https://shop.example/茶?a=b#c"},
		{"shop", "javascript:alert(1)", bad},
		{"shop", "JavaScript:alert(1)", bad},
		{"shop", "data:text/html,x", bad},
		{"shop", "//shop.example", bad},
		{"shop", "https://", bad},
		{"shop", "https://me:secret@shop.example", bad},
		{"shop", "https://shop.example/\n", "https://shop.example/"},
		{"shop", "https://shop.example/\u202e", bad},
		{"shop", "https://a/" + strings.Repeat("x", catalog.MaxLink), bad},
		{"gone", nil, nil},
		{"gone", "x", bad},
	} {
		got, err := defined().Check("/set", map[string]any{c.key: c.in})
		if (err != nil) != (c.want == any(bad)) || err == nil && !reflect.DeepEqual(got[c.key], c.want) {
			t.Errorf("%s = %q gives %v, %v; want %v", c.key, c.in, got[c.key], err, c.want)
		}
	}
}

// Whatever JSON brings: what is accepted is stored as it was checked, and
// checking it again changes nothing.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{`"x"`, `12.5`, `true`, `null`, `"2026-11-21"`, `"https://a.example"`, `"\u0000"`, `[1]`, `{"a":1}`, `1e308`, `"javascript:x"`} {
		for key := range 6 {
			f.Add(key, seed)
		}
	}
	f.Fuzz(func(t *testing.T, which int, raw string) {
		var v any
		if json.Unmarshal([]byte(raw), &v) != nil {
			return
		}
		all := defined()
		key := all[uint(which)%uint(len(all))].Key
		got, err := all.Check("/set", map[string]any{key: v})
		if err != nil {
			return
		}
		b, err := json.Marshal(got[key])
		if err != nil {
			t.Fatalf("%v does not marshal: %v", got[key], err)
		}
		var back any
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, got[key]) {
			t.Fatalf("%v comes back as %v, %v", got[key], back, err)
		}
		again, err := all.Check("/set", map[string]any{key: back})
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Fatalf("%v is %v, %v when checked again", got, again, err)
		}
		if s, ok := got[key].(string); ok && (strings.ContainsRune(s, 0) || key == "shop" && !strings.HasPrefix(strings.ToLower(s), "http")) {
			t.Fatalf("%q was accepted for %s", s, key)
		}
	})
}

func TestUnknownVariables(t *testing.T) {
	contact := catalog.Definitions{{Key: "plan"}}
	text := "Hi {{contact.name}} {{ contact.first_name }} {{contact.attributes.plan}} {{contact.attributes.gone}} {{agent.nam}} {{agent.nam}} {{}} {{{conversation.number}}} {contact.name}"
	if got := strings.Join(catalog.Unknown(text, contact), "|"); got != "contact.attributes.gone|agent.nam|" {
		t.Errorf("got %q", got)
	}
}
