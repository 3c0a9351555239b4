package shape_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/message"
)

func TestRead(t *testing.T) {
	for raw, want := range map[string]struct {
		kind shape.Kind
		in   channel.Inbound
	}{
		`{"id":"m1","sender":{"id":"u1","name":"Alice","email":"a@b.cn","phone":"1","attributes":{"vip":"yes"}},"text":"hi","html":"<p>hi</p>","thread":"o-1","reply_to":"m0","sent_at":"2026-11-22T08:30:00+08:00","automatic":true,"trust":"unverified"}`: {
			shape.Messages, channel.Inbound{
				ExternalID: "m1", Sender: channel.Person{ID: "u1", Name: "Alice", Email: "a@b.cn", Phone: "1", Attributes: map[string]string{"vip": "yes"}},
				Content: message.Content{Text: "hi", HTML: "<p>hi</p>"}, Thread: "o-1", References: []string{"m0"}, Automatic: true,
				SentAt: time.Date(2026, 11, 22, 0, 30, 0, 0, time.UTC), Trust: channel.Trust{Verdict: channel.Unverified},
			},
		},
		`{"sender":{"id":"u1"},"text":"你好"}`: {shape.Messages, channel.Inbound{ExternalID: "key", Sender: channel.Person{ID: "u1"}, Content: message.Text("你好")}},
		`{"id":"s1","message":"m1","state":"failed","code":"gone","detail":"No such user.","up_to":true}`: {
			shape.Statuses, channel.Inbound{ExternalID: "s1", Kind: channel.KindStatus, Target: "m1", Status: channel.Status{State: channel.Failed, Code: "gone", Detail: "No such user.", UpTo: true}},
		},
		`{"id":"s2","delivery":"dlv_1","state":"read"}`:         {shape.Statuses, channel.Inbound{ExternalID: "s2", Kind: channel.KindStatus, DeliveryID: "dlv_1", Status: channel.Status{State: channel.Read}}},
		`{"id":"e1","sender":{"id":"u1"},"text":"followed us"}`: {shape.Events, channel.Inbound{ExternalID: "e1", Kind: channel.KindEvent, Sender: channel.Person{ID: "u1"}, Content: message.Text("followed us")}},
		`{"sender":{"id":"u1"},"thread":"o-1"}`:                 {shape.Typing, channel.Inbound{ExternalID: "key", Kind: channel.KindTyping, Sender: channel.Person{ID: "u1"}, Thread: "o-1"}},
		`{"id":"e1","delivery":"dlv_1","recipient":"u1","author":{"name":"Mei"},"text":"On its way.","thread":"o-1"}`: {shape.Echoes, channel.Inbound{
			ExternalID: "e1", DeliveryID: "dlv_1", Echo: true, Recipient: "u1", Sender: channel.Person{Name: "Mei"}, Thread: "o-1", Content: message.Text("On its way."),
		}},
		`{"id":"d1","message":"m1","text":"hello"}`: {shape.Edits, channel.Inbound{ExternalID: "d1", Kind: channel.KindEdit, Target: "m1", Content: message.Text("hello")}},
		`{"id":"r1","message":"m1"}`:                {shape.Recalls, channel.Inbound{ExternalID: "r1", Kind: channel.KindRecall, Target: "m1"}},
	} {
		got, fault := shape.Read(want.kind, json.RawMessage(raw), "key")
		if fault != nil {
			t.Errorf("%s: %v", raw, fault)
			continue
		}
		in := got.Brought(want.kind)
		in.SentAt, want.in.SentAt = in.SentAt.UTC(), want.in.SentAt.UTC()
		if !reflect.DeepEqual(in, want.in) {
			t.Errorf("%s\n is %+v\nnot %+v", raw, in, want.in)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		kind             shape.Kind
		raw, code, field string
	}{
		{shape.Messages, `[]`, "body_not_object", ""},
		{shape.Messages, `null`, "body_not_object", ""},
		{shape.Messages, `{"sender":{"id":"u"},"text":"t"}`, "key_missing", "/id"},
		{shape.Messages, `{"id":"a\u0000","sender":{"id":"u"},"text":"t"}`, "field_wrong", "/id"},
		{shape.Messages, `{"id":"a","text":"t"}`, "field_missing", "/sender/id"},
		{shape.Messages, `{"id":"a","sender":{"id":7},"text":"t"}`, "field_wrong", "/sender/id"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"}}`, "field_missing", "/text"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"text":"t","txt":"u"}`, "field_unknown", "/txt"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"text":"t","state":"read"}`, "field_unknown", "/state"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"text":"t","trust":"maybe"}`, "field_wrong", "/trust"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"text":"t","sent_at":"yesterday"}`, "field_wrong", "/sent_at"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"files":[{}]}`, "field_wrong", "/files/0"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"files":[{"url":"https://a.example/b","base64":"eA=="}]}`, "field_wrong", "/files/0"},
		{shape.Messages, `{"id":"a","sender":{"id":"u"},"files":[{"base64":"?"}]}`, "field_wrong", "/files/0/base64"},
		{shape.Statuses, `{"id":"a","state":"read"}`, "field_missing", "/message"},
		{shape.Statuses, `{"id":"a","message":"m","state":"lost"}`, "field_wrong", "/state"},
		{shape.Events, `{"id":"a","sender":{"id":"u"}}`, "field_missing", "/text"},
		{shape.Typing, `{}`, "field_missing", "/sender/id"},
		{shape.Echoes, `{"id":"a","text":"t"}`, "field_missing", "/recipient"},
		{shape.Echoes, `{"id":"a","recipient":"u"}`, "field_missing", "/text"},
		{shape.Echoes, `{"recipient":"u","text":"t"}`, "key_missing", "/id"},
		{shape.Edits, `{"id":"a","text":"t"}`, "field_missing", "/message"},
		{shape.Edits, `{"id":"a","message":"m"}`, "field_missing", "/text"},
		{shape.Recalls, `{"id":"a"}`, "field_missing", "/message"},
	} {
		_, fault := shape.Read(test.kind, json.RawMessage(test.raw), "")
		if fault == nil || fault.Code != test.code || fault.Field != test.field || fault.Status != 422 || !strings.HasSuffix(fault.Message, ".") {
			t.Errorf("%s %s: %+v, want %s at %q", test.kind, test.raw, fault, test.code, test.field)
		}
	}
}

func TestSplit(t *testing.T) {
	for body, want := range map[string]struct {
		items  int
		batch  bool
		status int
	}{
		`{}`: {1, false, 0}, `null`: {1, false, 0}, `[{},{}]`: {2, true, 0}, `[]`: {0, true, 422}, `{`: {0, false, 400}, ``: {0, false, 400},
		"[" + strings.Repeat("{},", 50) + "{}]": {0, true, 413},
	} {
		items, batch, fault := shape.Split([]byte(body))
		status := 0
		if fault != nil {
			status = fault.Status
		}
		if len(items) != want.items || batch != want.batch || status != want.status {
			t.Errorf("%.20s: %d %v %v", body, len(items), batch, fault)
		}
	}
}

// FuzzRead: whatever is posted is taken whole or refused with a code, and what is
// taken has what the core needs.
func FuzzRead(f *testing.F) {
	f.Add("messages", []byte(`{"id":"m1","sender":{"id":"u1"},"text":"hi","files":[{"base64":"eA=="}]}`), "")
	f.Add("statuses", []byte(`{"id":"s","message":"m","state":"read"}`), "k")
	f.Add("typing", []byte(`{"sender":{"id":"u1"}}`), "")
	f.Fuzz(func(t *testing.T, kind string, body []byte, key string) {
		k := shape.Kind(kind)
		if !k.Known() {
			return
		}
		items, _, fault := shape.Split(body)
		for _, raw := range items {
			in, fault := shape.Read(k, raw, key)
			if fault != nil {
				if fault.Code == "" || fault.Status < 400 || fault.Message == "" {
					t.Errorf("%s: %+v", raw, fault)
				}
				continue
			}
			out := in.Brought(k)
			if k != shape.Typing && out.ExternalID == "" || (k == shape.Messages || k == shape.Events) && out.Sender.ID == "" {
				t.Errorf("%s became %+v", raw, out)
			}
			if k == shape.Statuses && out.Status.State == 0 {
				t.Errorf("%s has no state", raw)
			}
		}
		if fault != nil && fault.Code == "" {
			t.Errorf("%s: %+v", body, fault)
		}
	})
}
