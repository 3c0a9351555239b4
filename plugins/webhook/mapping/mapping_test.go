package mapping_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
)

func compiled(tb testing.TB, f mapping.Fields) *mapping.Mapping {
	tb.Helper()
	m, problems := mapping.Compile(f)
	if len(problems) > 0 {
		tb.Fatal(problems)
	}
	return m
}

func order() mapping.Fields {
	return mapping.Fields{
		Items: "data.rows", ID: "{{form}}-{{no}}", Sender: "/who/customer-no", Name: "{{who.first}} {{who.last}}", Email: "who.mail | lower",
		Text: "Order {{no}}: {{answers.0.value}}", Thread: "no", SentAt: "at", Files: "pictures",
	}
}

const posted = `{"data":{"rows":[
	{"form":"f","no":12345678901234567890,"who":{"customer-no":"c-1","first":"Li","last":"Lei","mail":"A@B.CN"},
	 "answers":[{"value":"到了吗？"}],"at":1795248306,"pictures":["https://files.example/a.png"]},
	{"form":"f","no":2,"who":{},"answers":[],"at":"?"}
]}}`

func TestApply(t *testing.T) {
	body, fault := mapping.Decode("application/json; charset=utf-8", []byte(posted))
	if fault != nil {
		t.Fatal(fault)
	}
	got, fault := compiled(t, order()).Apply(body, false)
	if fault != nil || len(got) != 2 {
		t.Fatal(got, fault)
	}
	want := &shape.Inbound{
		ID: "f-12345678901234567890", Sender: &shape.Person{ID: "c-1", Name: "Li Lei", Email: "a@b.cn"}, Text: "Order 12345678901234567890: 到了吗？",
		Thread: "12345678901234567890", SentAt: "2026-11-21T08:05:06Z", Files: []shape.File{{URL: "https://files.example/a.png"}},
	}
	if got[0].Fault != nil || !reflect.DeepEqual(got[0].Message, want) {
		t.Errorf("%+v %+v", got[0].Message, got[0].Fault)
	}
	if f := got[1].Fault; f == nil || f.Field != "/sender/id" {
		t.Errorf("without a sender: %+v", f)
	}
}

func TestForms(t *testing.T) {
	m := compiled(t, mapping.Fields{ID: "id", Sender: "email", Text: "/message", SentAt: "at"})
	body, fault := mapping.Decode("application/x-www-form-urlencoded", []byte("id=7&email=a%40b.cn&message=hi+there&at=2026-11-22+08:30"))
	if fault != nil {
		t.Fatal(fault)
	}
	got, fault := m.Apply(body, false)
	if fault != nil || len(got) != 1 || got[0].Fault != nil || got[0].Message.Text != "hi there" || got[0].Message.SentAt != "2026-11-22T08:30:00Z" {
		t.Errorf("%+v %v", got, fault)
	}
	for contentType, raw := range map[string]string{"application/json": `{} x`, "text/plain": `{`, "application/x-www-form-urlencoded": "a=%zz"} {
		if _, fault := mapping.Decode(contentType, []byte(raw)); fault == nil || fault.Status != 400 {
			t.Errorf("%s %q: %v", contentType, raw, fault)
		}
	}
	if _, fault := compiled(t, order()).Apply(map[string]any{"data": 7}, false); fault == nil || fault.Field != "/items" {
		t.Errorf("without its list: %v", fault)
	}
	if _, fault := m.Apply(make([]any, shape.MaxBatch+1), false); fault == nil || fault.Status != 413 {
		t.Errorf("too many: %v", fault)
	}
}

func TestCompile(t *testing.T) {
	_, problems := mapping.Compile(mapping.Fields{ID: "{{id", Name: "{{a | nope}}", Text: "two words"})
	bad := map[string]bool{}
	for _, p := range problems {
		bad[p.Field] = true
	}
	if want := map[string]bool{"id": true, "name": true, "text": true, "sender": true}; !reflect.DeepEqual(bad, want) {
		t.Errorf("%v", problems)
	}
}

// FuzzApply: nothing that is posted, and nothing that somebody types as a path,
// breaks it, and what comes out is what the JSON door takes too.
func FuzzApply(f *testing.F) {
	f.Add([]byte(posted), "data.rows", "{{form}}-{{no}}", "/who/customer-no")
	f.Add([]byte(`[{"a":[1,{"b":null}]}]`), "", "a.1.b | json", "/a/0")
	f.Fuzz(func(t *testing.T, raw []byte, items, id, text string) {
		m, problems := mapping.Compile(mapping.Fields{Items: items, ID: id, Sender: id, Text: text, SentAt: text, Files: text})
		if len(problems) > 0 {
			return
		}
		body, fault := mapping.Decode("", raw)
		if fault != nil {
			return
		}
		got, _ := m.Apply(body, false)
		for _, one := range got {
			if one.Fault != nil {
				continue
			}
			again, err := json.Marshal(map[string]any{"id": one.Message.ID, "sender": map[string]any{"id": one.Message.Sender.ID}, "text": one.Message.Text, "files": urls(one.Message.Files)})
			if err != nil {
				t.Fatal(err)
			}
			if _, fault := shape.Read(shape.Messages, again, ""); fault != nil {
				t.Errorf("%s: %v", again, fault)
			}
		}
	})
}

func urls(files []shape.File) []map[string]string {
	out := make([]map[string]string, len(files))
	for i, f := range files {
		out[i] = map[string]string{"url": f.URL}
	}
	return out
}
