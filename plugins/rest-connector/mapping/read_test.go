package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/acmetest"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
)

const root = "../../.."

func reader(t *testing.T) *mapping.Reader {
	t.Helper()
	r, err := mapping.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGuide reads every example of both pages of the guide; they show the same.
func TestGuide(t *testing.T) {
	r := reader(t)
	english := acmetest.Blocks(t, root, "crm-mapping.md")
	chinese := acmetest.Blocks(t, root, "crm-mapping.zh-CN.md")
	if len(english) == 0 || !slices.Equal(english, chinese) {
		t.Errorf("the pages have %d and %d examples, which should be the same", len(english), len(chinese))
	}
	for _, block := range english {
		if _, faults := r.Read([]byte(block)); len(faults) > 0 {
			t.Errorf("%v in\n%s", faults, block)
		}
	}
}

// TestFaults spoils the guide's example in one place each: the fault is told
// with the place.
func TestFaults(t *testing.T) {
	r := reader(t)
	good := acmetest.Guide(t, root, "crm-mapping.md")
	for _, test := range []struct{ old, spoiled, pointer, message string }{
		{"mapping: 1", "mapping: 2", "/mapping", "must be 1"},
		{"mapping: 1", "mapping: 1\nextra: 1", "/extra", "not known"},
		{"objects:", "things:", "/objects", "is missing"},
		{"type: bearer", "type: bear", "/auth/type", "must be one of"},
		{"token: \"{{secret.token}}\"", "value: x", "/auth", `needs "token"`},
		{"token: \"{{secret.token}}\"", "token: x, name: X", "/auth/name", "does not belong"},
		{"{{secret.token}}", "{{secret.key}}", "/auth/token", "{{secret.key}} means nothing here"},
		{"{{secret.token}}", "{{secret.token", "/auth/token", "not closed"},
		{"{{email}}", "{{email | shout}}", "/objects/0/lookup/0/query/email", "the filter \"shout\""},
		{"{{email}}", "{{}}", "/objects/0/lookup/0/query/email", "proper name"},
		{"{{email}}", "{{phone}} {{email}}", "/objects/0/lookup/0", "one of"},
		{"{{email}}", "x", "/objects/0/lookup/0", "one of"},
		{"path: /api/contacts, query: {email", "path: //evil.example.com, query: {email", "/objects/0/lookup/0/path", "another place"},
		{"path: /api/contacts, query: {email", "path: /api/../secrets, query: {email", "/objects/0/lookup/0/path", "dots"},
		{"path: /api/contacts, query: {email", "path: \"/api?x=1\", query: {email", "/objects/0/lookup/0/path", "queries stand"},
		{"path: /api/contacts, query: {email", "path: https://evil.example.com, query: {email", "/objects/0/lookup/0/path", "form"},
		{"items: /data}\n      - {path: /api/contacts, query: {phone", "items: data}\n      - {path: /api/contacts, query: {phone", "/objects/0/lookup/0/items", "form"},
		{"name: deal\n", "name: contact\n", "/objects/1/name", "twice"},
		{"{name: email, label: {en: E-mail", "{name: name, label: {en: E-mail", "/objects/0/fields/1/name", "twice"},
		{"type: boolean", "type: bool", "/objects/0/fields/3/type", "must be one of"},
		{"type: boolean, read: /vip", "type: boolean, read: /vip, currency: /x", "/objects/0/fields/3/currency", "money"},
		{"label: {en: Name, zh-CN: 姓名}", "label: {zh-CN: 姓名}", "/objects/0/fields/0/label/en", "is missing"},
		{"    get: {path: \"/api/contacts/{{id}}\"}\n", "", "/objects/0/upsert", `needs "get"`},
		{"get: {path: \"/api/contacts/{{id}}\"}", "get: {path: /api/contacts}", "/objects/0/get", "{{id}}"},
		{"q: \"{{query}}\"", "q: x", "/objects/0/search", "{{query}}"},
		{"Idempotency-Key: \"{{key}}\"", "\"Bad Header\": x", "/objects/0/activity/create/headers/Bad Header", "header"},
		{"body: {title: \"{{subject}}\", text: \"{{text}}\"", "body: {title: \"{{subject}}\", text: x", "/objects/0/activity/create", "neither"},
		{"query: {external_key: \"{{key}}\"}", "query: {external_key: x}", "/objects/1/upsert/key", "{{key}}"},
		{"{method: PATCH, path: \"/api/deals/{{id}}\", body: \"{{fields}}\"}", "{method: GET, path: \"/api/deals/{{id}}\", body: \"{{fields}}\"}", "/objects/1/upsert/update/method", "no body"},
		{"path: \"/api/deals/{{id}}\", body: \"{{fields}}\"", "path: \"/api/deals/{{id}}\", body: \"x{{fields}}\"", "/objects/1/upsert/update/body", "exactly one placeholder"},
		{"$if: field.value", "$if: \"{{field.value}}\"", "/objects/1/upsert/create/body/value/$if", "must be a name"},
		{"$if: field.value", "$if: field.valeu", "/objects/1/upsert/create/body/value", "means nothing"},
		{"changed_at: /updated_at", "changed_at: /updated_at\n          next: /next", "/objects/0/pull/feeds/0", "belong together"},
		{"size: 50", "size: 500", "/objects/0/pull/size", "at most 200"},
		{"at_once: 4", "at_once: 0", "/limits/at_once", "at least 1"},
		{"means: retry", "means: panic", "/errors/1/means", "must be one of"},
		{"{status: [503], means", "{means", "/errors/1", `needs "status" or "at"`},
		{"title: \"{{field.title}}\"\n    updated", "title: \"{{secret.token}}{{field.nothing}}\"\n    updated", "/objects/1/title", "means nothing"},
	} {
		if strings.Count(good, test.old) == 0 {
			t.Errorf("the guide's example has no %q", test.old)
			continue
		}
		m, faults := r.Read([]byte(strings.Replace(good, test.old, test.spoiled, 1)))
		if m != nil || !slices.ContainsFunc(faults, func(f mapping.Fault) bool {
			return f.Pointer == test.pointer && strings.Contains(f.Message, test.message) && f.Line > 0
		}) {
			t.Errorf("with %q: %v, want %s at %s", test.spoiled, faults, test.message, test.pointer)
		}
	}
}

// TestHostile reads documents that mean harm: none is taken, and none takes long.
func TestHostile(t *testing.T) {
	r := reader(t)
	deep := strings.Repeat("[", 5000)
	for name, text := range map[string]string{
		"nothing":       "",
		"no document":   "just words",
		"a list":        "[]",
		"broken":        "{{{",
		"tabs":          "\t\t- x",
		"binary":        "\x00\x01\xff",
		"too large":     strings.Repeat("# x\n", 20_000),
		"deep":          "mapping: " + deep,
		"laughs":        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]",
		"itself":        "a: &a\n  b: *a",
		"numbers":       "1: 2\n3: 4",
		"two documents": "mapping: 1\n---\nmapping: 1",
		"many braces":   "mapping: 1\nname: {en: x}\nheaders: {a: \"" + strings.Repeat("{{now}}", 200) + "\"}\nobjects: []",
	} {
		m, faults := r.Read([]byte(text))
		if m != nil || len(faults) == 0 || len(faults) > 30 {
			t.Errorf("%s: %v, %d faults", name, m, len(faults))
		}
	}
}

func FuzzRead(f *testing.F) {
	r, err := mapping.NewReader()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("mapping: 1\nobjects: []"))
	f.Add([]byte(acmetest.Guide(f, root, "crm-mapping.md")))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, faults := r.Read(text)
		if (m == nil) == (len(faults) == 0) {
			t.Errorf("%v with %d faults", m, len(faults))
		}
	})
}
