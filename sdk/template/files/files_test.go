package files_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/patchbay-im/patchbay/sdk/template/files"
)

const questions = `type: object
additionalProperties: false
required: [shop]
properties:
  shop: {type: string, minLength: 1}
  days: {type: integer, minimum: 1, default: 7}
`

func folder(texts map[string]string) fstest.MapFS {
	out := make(fstest.MapFS)
	for name, text := range texts {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestPlan(t *testing.T) {
	template, err := files.Read(folder(map[string]string{
		"questions.yaml": questions,
		"a.yaml":         "- {kind: team, key: help, name: {en: Help, zh-CN: 帮助}}\n",
		"b.yaml": `- kind: canned_reply
  key: hi
  text: {en: "{{contact.name}}, {{answer.days}} days at {{ answer.shop }}", zh-CN: "{{answer.shop}} {{answer.days}} 天"}
  team: ref:team/help
  days: "{{answer.days}}"
  options: [{en: One, zh-CN: 一}, plain]
- {kind: attribute, key: order, name: {en: Order, zh-CN: 订单}, target: conversation}
`,
		"knowledge/x.yaml": "not: read",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(template.Locales(), " "); got != "en zh-CN" {
		t.Errorf("the languages are %s", got)
	}
	objects, problems, err := template.Plan("zh-CN", []byte(`{"shop":"茶"}`))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	want := []string{
		`team help {"name":"帮助"}`,
		`canned_reply hi {"days":7,"options":["一","plain"],"team":"ref:team/help","text":"茶 7 天"}`,
		`attribute order {"key":"order","name":"订单","target":"conversation"}`,
	}
	for i, o := range objects {
		raw, err := json.Marshal(o.Object)
		if got := o.Kind + " " + o.Key + " " + string(raw); err != nil || got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
	objects, _, err = template.Plan("en", []byte(`{"shop":"Tea","days":30}`))
	if raw, _ := json.Marshal(objects[1].Object); err != nil || !strings.Contains(string(raw), `{{contact.name}}, 30 days at Tea`) {
		t.Errorf("got %s %v", raw, err)
	}
	for _, wrong := range []string{`{}`, `{"shop":"x","days":0}`, `{"shop":"x","more":1}`, `[]`, `nonsense`} {
		if _, problems, err := template.Plan("en", []byte(wrong)); err != nil || len(problems) == 0 {
			t.Errorf("%s passes: %v", wrong, err)
		}
	}
	if _, _, err := template.Plan("de", nil); err == nil {
		t.Error("a language that is not there passes")
	}
}

func TestBrokenTemplates(t *testing.T) {
	for want, texts := range map[string]map[string]string{
		"the folder has no .yaml files":                    {},
		"a.yaml:1: has no kind":                            {"a.yaml": "- {key: a}"},
		"a.yaml:2: has no key of":                          {"a.yaml": "- {kind: label, key: a}\n- {kind: label}"},
		"a.yaml:2: label/a is there twice":                 {"a.yaml": "- {kind: label, key: a}\n- {kind: label, key: a}"},
		"a.yaml:1: is not a list":                          {"a.yaml": "kind: label"},
		"a.yaml:1: refers to team/x":                       {"a.yaml": "- {kind: label, key: a, team: ref:team/x}"},
		`a.yaml:1: uses the answer "shop"`:                 {"a.yaml": `- {kind: label, key: a, name: "{{answer.shop}}"}`},
		`questions.yaml: must be a schema of an object`:    {"questions.yaml": "type: string", "a.yaml": "- {kind: label, key: a}"},
		`questions.yaml: the schema does not compile`:      {"questions.yaml": "type: 7", "a.yaml": "- {kind: label, key: a}"},
		"a.yaml: is larger than 1 MiB":                     {"a.yaml": strings.Repeat("#", files.MaxSize+1)},
		`a.yaml:1: yaml: unmarshal errors:` + "\n  line 1": {"a.yaml": "- {kind: label, kind: label, key: a}"},
	} {
		_, err := files.Read(folder(texts))
		broken, ok := errors.AsType[*files.Error](err)
		if !ok || !strings.Contains(broken.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// The example of the guide is a template.
func TestTheGuidesExample(t *testing.T) {
	for _, page := range []string{"templates.md", "templates.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "build-plugins", page))
		if err != nil {
			t.Fatal(err)
		}
		_, example, _ := strings.Cut(string(text), "```yaml\n- kind")
		example, _, found := strings.Cut(example, "```")
		template, err := files.Read(folder(map[string]string{
			"questions.yaml": "type: object\nproperties:\n  refund_days: {type: integer, default: 3}\n", "a.yaml": "- kind" + example,
		}))
		if !found || err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		if objects, problems, err := template.Plan("zh-CN", nil); err != nil || len(problems) > 0 || len(objects) != 2 {
			t.Errorf("%s: %v %v %v", page, objects, problems, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(questions, "- {kind: label, key: a, name: {en: A}}")
	f.Fuzz(func(t *testing.T, q, text string) {
		template, err := files.Read(folder(map[string]string{"questions.yaml": q, "a.yaml": text}))
		if err != nil {
			return
		}
		for _, locale := range template.Locales() {
			if _, _, err := template.Plan(locale, []byte(`{}`)); err != nil {
				t.Errorf("%s: %v", locale, err)
			}
		}
	})
}
