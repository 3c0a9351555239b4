package filter_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
)

func registry() filter.Registry {
	return filter.NewRegistry(
		filter.Field{Name: "state", Kind: filter.Enum, Options: []string{"open", "done"}},
		filter.Field{Name: "assignee", Kind: filter.ID, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "team", Kind: filter.ID, Prefix: "tea", Word: filter.Mine},
		filter.Field{Name: "label", Kind: filter.Set, Prefix: "lab"},
		filter.Field{Name: "name", Kind: filter.Text},
		filter.Field{Name: "number", Kind: filter.Number},
		filter.Field{Name: "at", Kind: filter.Time},
		filter.Field{Name: "attributes", Key: "renewal", Kind: filter.Date},
		filter.Field{Name: "unread", Kind: filter.Bool},
	)
}

func leaf(field, op, value string) string {
	if value == "" {
		return `{"field":"` + field + `","op":"` + op + `"}`
	}
	return `{"field":"` + field + `","op":"` + op + `","value":` + value + `}`
}

func nested(n int) string {
	return strings.Repeat(`{"not":`, n) + leaf("state", "is", `"open"`) + strings.Repeat(`}`, n)
}

func TestWhatIsRefused(t *testing.T) {
	many := func(n int, part string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(part+",", n), ",") + "]"
	}
	for name, x := range map[string]struct{ raw, code, pointer string }{
		"no JSON":                    {`{`, filter.CodeSyntax, ""},
		"a list":                     {`[]`, filter.CodeSyntax, ""},
		"something after it":         {leaf("unread", "is", "true") + "{}", filter.CodeSyntax, ""},
		"a member twice":             {`{"field":"state","field":"name","op":"is","value":"x"}`, filter.CodeSyntax, ""},
		"two joins":                  {`{"and":[],"or":[]}`, filter.CodeSyntax, ""},
		"a join and a condition":     {`{"and":[],"field":"state"}`, filter.CodeSyntax, ""},
		"or of nothing":              {`{"or":[]}`, filter.CodeSyntax, "/or"},
		"and of an object":           {`{"and":{}}`, filter.CodeSyntax, "/and"},
		"and of null":                {`{"and":null}`, filter.CodeSyntax, "/and"},
		"an unknown member":          {`{"field":"state","op":"is","value":"open","x":1}`, filter.CodeSyntax, ""},
		"no field":                   {`{}`, filter.CodeField, "/field"},
		"a field of a number":        {`{"field":1,"op":"is","value":1}`, filter.CodeField, "/field"},
		"an unknown field":           {`{"and":[` + leaf("state", "is", `"open"`) + `,` + leaf("x; DROP", "is", "1") + `]}`, filter.CodeField, "/and/1/field"},
		"a field by its first part":  {leaf("attributes", "is", `"x"`), filter.CodeField, "/field"},
		"no operator":                {leaf("state", "", `"open"`), filter.CodeOp, "/op"},
		"another kind's operator":    {`{"not":` + leaf("state", "contains", `"o"`) + `}`, filter.CodeOp, "/not/op"},
		"an unknown operator":        {leaf("number", "= 1 OR", "1"), filter.CodeOp, "/op"},
		"no value":                   {leaf("name", "is", ""), filter.CodeValue, "/value"},
		"a value for nothing":        {leaf("name", "is_set", `"x"`), filter.CodeValue, "/value"},
		"null for text":              {leaf("name", "is", `null`), filter.CodeValue, "/value"},
		"an empty text":              {leaf("name", "is", `""`), filter.CodeValue, "/value"},
		"a long text":                {leaf("name", "is", `"`+strings.Repeat("字", 201)+`"`), filter.CodeValue, "/value"},
		"NUL":                        {leaf("name", "is", `"a\u0000b"`), filter.CodeValue, "/value"},
		"half a surrogate":           {leaf("name", "is", `"a\ud800"`), filter.CodeValue, "/value"},
		"another option":             {leaf("state", "is", `"closed"`), filter.CodeValue, "/value"},
		"a wrong option in a list":   {leaf("state", "in", `["open","x"]`), filter.CodeValue, "/value/1"},
		"one where many are asked":   {leaf("state", "in", `"open"`), filter.CodeValue, "/value"},
		"many where one is asked":    {leaf("state", "is", `["open"]`), filter.CodeValue, "/value"},
		"an empty list":              {leaf("label", "has_any", `[]`), filter.CodeValue, "/value"},
		"a list too long":            {leaf("label", "has_any", many(51, `"lab_1"`)), filter.CodeValue, "/value"},
		"another kind of id":         {leaf("assignee", "is", `"con_1"`), filter.CodeValue, "/value"},
		"an id with a quote":         {leaf("assignee", "is", `"mem_1'--"`), filter.CodeValue, "/value"},
		"mine of a member":           {leaf("assignee", "is", `"mine"`), filter.CodeValue, "/value"},
		"a number in quotes":         {leaf("number", "is", `"1"`), filter.CodeValue, "/value"},
		"a number out of range":      {leaf("number", "is", `1e300`), filter.CodeValue, "/value"},
		"between one":                {leaf("number", "between", `[1]`), filter.CodeValue, "/value"},
		"between three":              {leaf("number", "between", `[1,2,3]`), filter.CodeValue, "/value"},
		"a time of day":              {leaf("at", "lt", `"12:00"`), filter.CodeValue, "/value"},
		"an unknown unit":            {leaf("at", "lt", `{"ago":"2y"}`), filter.CodeValue, "/value"},
		"an unknown unit to come":    {leaf("at", "lt", `{"in":"2y"}`), filter.CodeValue, "/value"},
		"a negative span to come":    {leaf("at", "lt", `{"in":"-2h"}`), filter.CodeValue, "/value"},
		"another word":               {leaf("at", "lt", `{"since":"2h"}`), filter.CodeValue, "/value"},
		"no span":                    {leaf("at", "lt", `{"in":null}`), filter.CodeValue, "/value"},
		"a signed span":              {leaf("at", "lt", `{"ago":"+2h"}`), filter.CodeValue, "/value"},
		"a negative span":            {leaf("at", "lt", `{"ago":"-2h"}`), filter.CodeValue, "/value"},
		"a span of twenty years":     {leaf("at", "lt", `{"ago":"7300d"}`), filter.CodeValue, "/value"},
		"more than ago":              {leaf("at", "lt", `{"ago":"2h","in":"2h"}`), filter.CodeValue, "/value"},
		"a 30th of February":         {leaf("attributes.renewal", "lt", `"2026-02-30"`), filter.CodeValue, "/value"},
		"yes":                        {leaf("unread", "is", `"yes"`), filter.CodeValue, "/value"},
		"too deep":                   {nested(5), filter.CodeDepth, "/not/not/not/not/not"},
		"very deep":                  {nested(2000), filter.CodeDepth, "/not/not/not/not/not"},
		"too many conditions":        {`{"and":` + many(51, leaf("unread", "is", "true")) + `}`, filter.CodeDepth, "/and/50"},
		"too long":                   {`{"and":[` + strings.Repeat(" ", filter.MaxBytes) + `]}`, filter.CodeDepth, ""},
		"in the second of a list":    {`{"or":[{"and":[` + leaf("number", "between", `[1,"x"]`) + `]}]}`, filter.CodeValue, "/or/0/and/0/value/1"},
		"deeper than JSON should be": {`{"field":"name","op":"is","value":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + `}`, filter.CodeValue, "/value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := filter.Parse([]byte(x.raw), registry())
			e := errs.As(err)
			if err == nil || e.Kind != errs.Invalid || e.Code != x.code || len(e.Fields) != 1 || e.Fields[0].Pointer != x.pointer || e.Message == "" {
				t.Errorf("got %v, want %s at %q", err, x.code, x.pointer)
			}
		})
	}
}

func parse(t *testing.T, raw string) filter.Node {
	t.Helper()
	n, err := filter.Parse([]byte(raw), registry())
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return n
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNormalForm(t *testing.T) {
	open := leaf("state", "is", `"open"`)
	for raw, want := range map[string]string{
		"":           `{"and":[]}`,
		" null ":     `{"and":[]}`,
		`{"and":[]}`: `{"and":[]}`,
		nested(2):    open,
		nested(3):    `{"not":` + open + `}`,
		`{"and":[{"and":[` + open + `]},{"and":[` + open + `,` + open + `]}]}`: `{"and":[` + open + `,` + open + `,` + open + `]}`,
		`{"or":[` + open + `]}`:                              open,
		leaf("assignee", "is", "null"):                       leaf("assignee", "is_not_set", ""),
		leaf("assignee", "is_not", "null"):                   leaf("assignee", "is_set", ""),
		leaf("state", "in", `["open","open","done"]`):        leaf("state", "in", `["open","done"]`),
		leaf("number", "between", `[1.0,1e0]`):               leaf("number", "between", `[1,1]`),
		leaf("at", "gt", `{"ago":"120m"}`):                   leaf("at", "gt", `{"ago":"2h"}`),
		leaf("at", "gt", `{"ago":"90s"}`):                    leaf("at", "gt", `{"ago":"90s"}`),
		leaf("at", "lt", `{"in":"48h"}`):                     leaf("at", "lt", `{"in":"2d"}`),
		leaf("at", "lt", `{"in":"0s"}`):                      leaf("at", "lt", `{"ago":"0s"}`),
		leaf("at", "is", `"2026-03-01T20:00:00.1239+08:00"`): leaf("at", "is", `"2026-03-01T12:00:00.123Z"`),
		leaf("unread", "is", "false"):                        leaf("unread", "is", "false"),
		leaf("number", "is", "0"):                            leaf("number", "is", "0"),
	} {
		n := parse(t, raw)
		if got := text(t, n); got != want {
			t.Errorf("%s\n became %s\n want   %s", raw, got, want)
		}
		if again := text(t, parse(t, text(t, n))); again != want {
			t.Errorf("the normal form of %s changes to %s", want, again)
		}
	}
}

func TestPlan(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 999_999, time.UTC)
	env := filter.Env{Now: now, Me: "mem_me", Teams: []string{"tea_1", "tea_2"}}
	p := parse(t, `{"not":{"or":[`+leaf("assignee", "is", `"me"`)+`,{"and":[`+leaf("team", "is_not", `"mine"`)+`,`+leaf("at", "lt", `{"ago":"2h"}`)+`]}]}}`).Plan(env)
	if p.Any || len(p.Parts) != 2 || !p.Parts[0].Test.Not || p.Parts[0].Test.Values[0].Text != "mem_me" {
		t.Fatalf("not (a or b) is planned as %+v", p)
	}
	inner := p.Parts[1]
	if !inner.Any || inner.Parts[0].Test.Not || len(inner.Parts[0].Test.Values) != 2 || !inner.Parts[1].Test.Not {
		t.Fatalf("not (not c and d) is planned as %+v", inner)
	}
	if got, want := inner.Parts[1].Test.Values[0].Time, now.Add(-2*time.Hour).Truncate(time.Millisecond); !got.Equal(want) {
		t.Errorf("two hours ago is %v, want %v", got, want)
	}
	soon := parse(t, leaf("at", "lt", `{"in":"3d"}`)).Plan(env)
	if got, want := soon.Test.Values[0].Time, now.Add(72*time.Hour).Truncate(time.Millisecond); !got.Equal(want) {
		t.Errorf("in three days is %v, want %v", got, want)
	}
	nobody := parse(t, leaf("assignee", "is", `"me"`)).Plan(filter.Env{Now: now})
	if nobody.Test.Compare != filter.OneOf || len(nobody.Test.Values) != 0 {
		t.Errorf("nobody's own are %+v", nobody.Test)
	}
}

func TestRequired(t *testing.T) {
	open, done := leaf("state", "is", `"open"`), leaf("state", "is", `"done"`)
	for raw, want := range map[string]int{
		open: 1, `{"and":[` + open + `,` + done + `]}`: 1, leaf("state", "in", `["open","done"]`): 2,
		`{"or":[` + open + `,` + done + `]}`: 0, `{"not":` + open + `}`: 0, leaf("state", "is_set", ""): 0,
		`{"and":[{"or":[` + open + `,` + done + `]},` + leaf("unread", "is", "true") + `]}`:               0,
		`{"not":{"or":[` + leaf("state", "is_not", `"open"`) + `,` + leaf("unread", "is", "true") + `]}}`: 1,
	} {
		values, ok := parse(t, raw).Plan(filter.Env{}).Required("state")
		if len(values) != want && ok || ok != (want > 0) {
			t.Errorf("%s demands %v", raw, values)
		}
	}
}

// FuzzParse: whatever comes in, the answer is a refusal with a pointer or a
// tree that keeps the limits, has a stable normal form and can be resolved.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		leaf("state", "is", `"open"`), nested(4), `{"and":[` + leaf("at", "between", `[{"ago":"2h"},"2026-03-01T12:00:00Z"]`) + `]}`, leaf("at", "lt", `{"in":"2d"}`),
		leaf("label", "has_any", `["lab_1","lab_2"]`), `{"or":[` + leaf("name", "contains", `"%_\\'"`) + `]}`, `{`, `null`, `{"and":[{}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := filter.Parse(raw, registry())
		if err != nil {
			if e := errs.As(err); e.Kind != errs.Invalid || !strings.HasPrefix(e.Code, "filter.") || len(e.Fields) != 1 {
				t.Fatalf("%q is refused as %v", raw, err)
			}
			return
		}
		form := text(t, n)
		again, err := filter.Parse([]byte(form), registry())
		if err != nil && len(form) <= filter.MaxBytes {
			t.Fatalf("%q becomes %s, which is refused: %v", raw, form, err)
		}
		if err == nil && text(t, again) != form {
			t.Fatalf("%s becomes %s", form, text(t, again))
		}
		leaves := 0
		count(n.Plan(filter.Env{Me: "mem_1"}), &leaves)
		if leaves > filter.MaxLeaves {
			t.Fatalf("%d conditions", leaves)
		}
	})
}

func count(p filter.Plan, n *int) {
	if p.Test != nil {
		*n++
	}
	for _, part := range p.Parts {
		count(part, n)
	}
}
