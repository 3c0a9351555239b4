package expr_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/expr"
)

func scope() expr.Scope {
	return expr.Scope{
		"name":  "李 雷",
		"empty": "",
		"null":  nil,
		"n":     json.Number("42"),
		"list":  []any{"A", "B"},
		"at":    time.Date(2026, 11, 21, 8, 5, 6, 7_000, time.UTC),
		"field": map[string]any{"amount": "12.50 EUR", "like": `50%_\`},
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]any{
		"":                            "",
		"plain":                       "plain",
		"{{name}}":                    "李 雷",
		"<{{name}}>":                  "<李 雷>",
		"{{n}}":                       json.Number("42"),
		"n={{ n }}":                   "n=42",
		"{{list}}":                    []any{"A", "B"},
		"{{list | lower}}":            []any{"a", "b"},
		"{{list.1}}":                  "B",
		"<{{list.2}}>":                "<>",
		"<{{list.x}}>":                "<>",
		"{{list | json}}":             `["A","B"]`,
		"x{{nothing}}y":               "xy",
		"{{null}}":                    nil,
		"{{at}}-":                     "2026-11-21T08:05:06.000007Z-",
		"{{at | unix}}":               int64(1795248306),
		"{{at | unix_ms}}":            int64(1795248306000),
		"{{at | date}}":               "2026-11-21",
		"{{at | datetime}}":           "2026-11-21 08:05:06",
		"{{at | rfc3339_ms}}":         "2026-11-21T08:05:06.000Z",
		"{{at.month}}":                11,
		"{{at.microsecond}}":          7,
		"{{field.amount | amount}}":   "12.50",
		"{{field.amount | currency}}": "EUR",
		"{{field.like | like}}":       `50\%\_\\`,
		"{{name | base64}}":           "5p2OIOmbtw==",
		"{{n | text}}":                "42",
		"{{n | number}}":              json.Number("42"),
		"{{name | trim | upper}}":     "李 雷",
		"}} {":                        "}} {",
	} {
		compiled, err := expr.Compile(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got, there, err := compiled.Value(scope())
		if err != nil || !there || !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %#v, %v, %v; want %#v", text, got, there, err, want)
		}
	}
	for _, text := range []string{"{{name | number}}", "{{empty | number}}", "{{name | unix}}"} {
		compiled, err := expr.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := compiled.Value(scope()); !errors.Is(err, expr.ErrUnusable) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"{{", "{{}}", "{{a b}}", "{{a.}}", "{{a|}}", "{{a | nope}}", "{{a-b}}", "{{{a}}}", "{{$if}}"} {
		if _, err := expr.Compile(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestNode(t *testing.T) {
	var body any
	if err := json.Unmarshal([]byte(`{
		"typed": "{{n}}", "text": "n={{n}}", "gone": "{{nothing}}", "null": null, "nulled": "{{null}}",
		"list": ["{{nothing}}", "{{name}}", {"$if": "empty", "x": 1}, {"$if": "name", "x": 1}, []],
		"object": {"$if": "nothing", "x": 1}, "yes": true
	}`), &body); err != nil {
		t.Fatal(err)
	}
	node, faults := expr.CompileNode(body, "")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got, _, err := node.Value(scope())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"list":["李 雷",{"x":1},[]],"null":null,"nulled":null,"text":"n=42","typed":42,"yes":true}`; string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
}

func TestPointer(t *testing.T) {
	var body any
	if err := json.Unmarshal([]byte(`{"a":{"b/c":[{"d":1},{"d":2}]},"~":3,"":4,"n":null}`), &body); err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]any{
		"/a/b~1c/0/d": 1.0, "/a/b~1c/1/d": 2.0, "/a/b~1c/d": 1.0, "/~0": 3.0, "/": 4.0, "/n": nil, "": body,
	} {
		p, err := expr.ParsePointer(pointer)
		if err != nil {
			t.Fatal(err)
		}
		if got, there := p.In(body); !there || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", pointer, got, there)
		}
	}
	for _, pointer := range []string{"/b", "/a/b~1c/2", "/a/b~1c/-1", "/a/b~1c/0/d/e", "/n/x", "/a/b~1c/e"} {
		p, err := expr.ParsePointer(pointer)
		if err != nil {
			t.Fatal(err)
		}
		if got, there := p.In(body); there {
			t.Errorf("%s found %v", pointer, got)
		}
	}
	if _, err := expr.ParsePointer("a"); err == nil {
		t.Error("a pointer without a slash was taken")
	}
}

// Whatever people type is refused, or means the same each time.
func FuzzText(f *testing.F) {
	f.Add(`{{name | upper}} and {{at.year}}`, `/a/0/~1b`, `{"$if": "{{n}}", "b": ["{{field.amount}}"]}`)
	f.Add(`{{}}{{a.|}}{{a "`, ``, `[{}, null, 1e9]`)
	f.Add(`{{list | json}}`, `//~0`, `"{{list.1 | lower}}"`)
	f.Fuzz(func(t *testing.T, text, pointer, document string) {
		if compiled, err := expr.Compile(text); err == nil {
			first, there, fault := compiled.Value(scope())
			again, still, refused := compiled.Value(scope())
			if there != still || !reflect.DeepEqual(first, again) || (fault == nil) != (refused == nil) {
				t.Fatalf("%q is %v, then %v", text, first, again)
			}
			if len(compiled.Names()) == 0 && first != any(text) {
				t.Fatalf("%q without placeholders is %q", text, first)
			}
		}
		if p, err := expr.ParsePointer(pointer); err == nil && len(p) > 0 {
			into := map[string]any{}
			p.Put(into, "x")
			if got, there := p.In(into); !there || got != "x" {
				t.Fatalf("what is put at %q is %v there", pointer, got)
			}
		}
		var value any
		if json.Unmarshal([]byte(document), &value) != nil {
			return
		}
		if node, faults := expr.CompileNode(value, ""); len(faults) == 0 {
			first, _, _ := node.Value(scope())
			if again, _, _ := node.Value(scope()); !reflect.DeepEqual(first, again) {
				t.Fatalf("%s is %v, then %v", document, first, again)
			}
		}
	})
}
