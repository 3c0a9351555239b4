package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

const hello = `{"id":"m-1","sender":{"id":"u-1","name":"Alice"},"text":"你好"}`

func TestMessage(t *testing.T) {
	d := newDoor(t, `{}`)
	got, answer := d.post(d.request("/messages", hello))
	want := channel.Inbound{ExternalID: "m-1", Sender: channel.Person{ID: "u-1", Name: "Alice"}, Content: message.Text("你好")}
	if got.Status != 200 || answer.ID != "m-1" || answer.Status != "accepted" || len(got.Messages) != 1 || !reflect.DeepEqual(got.Messages[0], want) {
		t.Errorf("%+v %+v", got, answer)
	}
	req := d.request("/messages", `{"sender":{"id":"u-1"},"text":"hi"}`)
	req.Header.Set("Idempotency-Key", "k-1")
	if got, _ := d.post(req); got.Messages[0].ExternalID != "k-1" {
		t.Errorf("with a key in the header: %+v", got.Messages)
	}
}

// TestRefusals: each kind of refusal has a status and a code of its own.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*channel.ReceiveRequest)
		path   string
		body   string
		status int
		code   string
		field  string
	}{
		"unsigned": {change: func(r *channel.ReceiveRequest) { r.Header.Del(signature.Header) }, status: 401, code: "signature_missing"},
		"another secret": {change: func(r *channel.ReceiveRequest) {
			r.Header.Set(signature.Header, signature.Scheme{}.Sign(r.Body, time.Now(), "x").Get(signature.Header))
		}, status: 403, code: "signature_wrong"},
		"changed": {change: func(r *channel.ReceiveRequest) { r.Body = append(r.Body, ' ') }, status: 403, code: "signature_wrong"},
		"stale": {change: func(r *channel.ReceiveRequest) {
			r.Header.Set(signature.Header, signature.Scheme{}.Sign(r.Body, time.Now().Add(-6*time.Minute), testSecret).Get(signature.Header))
		}, status: 403, code: "signature_stale"},
		"read":           {change: func(r *channel.ReceiveRequest) { r.Method = http.MethodGet }, status: 405, code: "method_not_allowed"},
		"another path":   {path: "/people", status: 404, code: "no_such_path"},
		"no type":        {change: func(r *channel.ReceiveRequest) { r.Header.Del("Content-Type") }, status: 415, code: "media_type"},
		"a form":         {change: func(r *channel.ReceiveRequest) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, status: 415, code: "media_type"},
		"cut off":        {body: `{"id":`, status: 400, code: "body_not_json"},
		"a number":       {body: `7`, status: 422, code: "body_not_object"},
		"no key":         {body: `{"sender":{"id":"u"},"text":"t"}`, status: 422, code: "key_missing", field: "/id"},
		"an empty list":  {body: `[]`, status: 422, code: "field_missing"},
		"a long list":    {body: "[" + strings.Repeat(hello+",", 50) + hello + "]", status: 413, code: "batch_too_large"},
		"a foreign file": {body: `{"id":"m","sender":{"id":"u"},"files":[{"url":"http://169.254.169.254/latest"}]}`, status: 422, code: "field_wrong", field: "/files/0/url"},
		"an empty upload": {path: "/files", body: " ", change: func(r *channel.ReceiveRequest) {
			r.Body = nil
			r.Header = signature.Scheme{}.Sign(nil, time.Now(), testSecret)
		}, status: 422, code: "field_missing"},
	} {
		d := newDoor(t, `{}`)
		path, body := test.path, test.body
		if path == "" {
			path = "/messages"
		}
		if body == "" {
			body = hello
		}
		req := d.request(path, body)
		if test.change != nil {
			test.change(&req)
		}
		if got, answer := d.post(req); got.Status != test.status || answer.Error.Code != test.code || answer.Error.Field != test.field || answer.Error.Message == "" {
			t.Errorf("%s: %d %s, want %d %s %s", name, got.Status, got.Body, test.status, test.code, test.field)
		}
	}
}

// TestStaleReplay: what the core kept while the plugin was away is old, and good.
func TestStaleReplay(t *testing.T) {
	d := newDoor(t, `{"tolerance_s":30}`)
	req := d.request("/messages", hello)
	d.at = d.at.Add(time.Hour)
	if got, _ := d.post(req); got.Status != 403 {
		t.Errorf("stale: %d", got.Status)
	}
	req.Replay = true
	if got, _ := d.post(req); got.Status != 200 || len(got.Messages) != 1 {
		t.Errorf("replayed by the core: %d", got.Status)
	}
}

// TestOnce: the same again is the same message, and something else under its id
// is refused.
func TestOnce(t *testing.T) {
	d := newDoor(t, `{}`)
	for range 3 {
		if got, _ := d.post(d.request("/messages", hello)); got.Status != 200 || got.Messages[0].ExternalID != "m-1" {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	other := strings.Replace(hello, "你好", "再见", 1)
	if got, answer := d.post(d.request("/messages", other)); got.Status != 409 || answer.Error.Code != "key_reused" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got, _ := d.post(d.request("/recalls", `{"id":"m-1","message":"m-1"}`)); got.Status != 200 {
		t.Errorf("another kind has ids of its own: %d %s", got.Status, got.Body)
	}
	d.host.Revoke("state")
	if got, _ := d.post(d.request("/messages", other)); got.Status != 200 {
		t.Errorf("without state: %d %s", got.Status, got.Body)
	}
}

func TestBatch(t *testing.T) {
	d := newDoor(t, `{}`)
	bad := `{"id":"m-2","text":"nobody"}`
	got, answer := d.post(d.request("/messages", "["+hello+","+bad+"]"))
	if got.Status != 200 || len(got.Messages) != 1 || len(answer.Results) != 2 || answer.Results[0].Status != "accepted" ||
		answer.Results[1].Status != "refused" || answer.Results[1].Error.Field != "/sender/id" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got, answer := d.post(d.request("/messages", "["+bad+"]")); got.Status != 422 || len(answer.Results) != 1 {
		t.Errorf("nothing of it: %d %s", got.Status, got.Body)
	}
}

func TestBearerAndRotation(t *testing.T) {
	d := newDoor(t, `{"auth":"bearer"}`)
	req := d.request("/messages", hello)
	for value, status := range map[string]int{"Bearer " + testSecret: 200, "Bearer x": 403, "": 401} {
		req.Header = http.Header{"Authorization": {value}, "Content-Type": {"application/json"}}
		if got, _ := d.post(req); got.Status != status {
			t.Errorf("%q: %d", value, got.Status)
		}
	}
	d = newDoor(t, `{}`)
	d.in.Secrets = instance.Secrets{"/secret": "another-secret-now", "/secret_previous": testSecret}
	if _, err := d.p.Configure(t.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		t.Fatal(err)
	}
	if got, _ := d.post(d.request("/messages", hello)); got.Status != 200 {
		t.Errorf("signed with the secret before: %d", got.Status)
	}
}

func TestFiles(t *testing.T) {
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a.txt" {
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
			return
		}
		w.Header().Set("Content-Disposition", `attachment; filename="b.txt"`)
		_, _ = w.Write([]byte("fetched"))
	}))
	defer files.Close()
	d := newDoor(t, `{"files_from":"`+files.URL+`"}`)
	_, up := d.post(d.request("/files?name=c.txt", "uploaded"))
	if string(d.host.File(up.Upload)) != "uploaded" {
		t.Fatalf("%+v", up)
	}
	got, _ := d.post(d.request("/messages", `{"id":"f","sender":{"id":"u"},"files":[{"upload":"`+up.Upload+`"},{"base64":"aW5saW5l","name":"d.txt"},{"url":"`+files.URL+`/a.txt"}]}`))
	if got.Status != 200 || len(got.Messages[0].Content.Attachments) != 3 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	all := got.Messages[0].Content.Attachments
	if all[0].BlobID != up.Upload || string(d.host.File(all[1].BlobID)) != "inline" || all[1].Filename != "d.txt" || all[2].Fetch != files.URL+"/a.txt" {
		t.Errorf("%+v", all)
	}
	fetch := func(from string, most int64) (string, channel.FetchFileResponse, error) {
		var b strings.Builder
		out, err := d.p.FetchFile(t.Context(), channel.FetchFileRequest{Instance: d.in, Fetch: from, MaxBytes: most}, &b)
		return b.String(), out, err
	}
	if data, out, err := fetch(all[2].Fetch, 100); err != nil || data != "fetched" || out.Filename != "b.txt" {
		t.Errorf("%q %+v %v", data, out, err)
	}
	for from, most := range map[string]int64{files.URL + "/a.txt": 3, files.URL + "/x": 100, "http://127.0.0.1:1/x": 100, "http://169.254.169.254/latest": 100, "::": 100} {
		if data, _, err := fetch(from, most); errs.As(err) == nil || errs.As(err).Source != errs.Rejected || data != "" {
			t.Errorf("%s: %q %v", from, data, err)
		}
	}
}

func TestMapped(t *testing.T) {
	d := newDoor(t, `{"auth":"other","sign_header":"X-Hub-Signature-256","sign_prefix":"sha256=","shape":"mapped","map_items":"rows","map_id":"no","map_sender":"who.id","map_text":"Order {{no}}: {{q}}"}`)
	scheme := signature.Scheme{Header: "X-Hub-Signature-256", Prefix: "sha256="}
	body := `{"rows":[{"no":1,"who":{"id":"u"},"q":"a?"},{"no":2,"who":{},"q":"b?"}]}`
	req := d.request("/anything", body)
	req.Header = scheme.Sign(req.Body, d.at, testSecret)
	got, answer := d.post(req)
	if got.Status != 200 || len(got.Messages) != 1 || got.Messages[0].ExternalID != "1" || got.Messages[0].Content.Text != "Order 1: a?" || answer.Results[1].Error.Field != "/sender/id" {
		t.Errorf("%d %s %+v", got.Status, got.Body, got.Messages)
	}
	req.Header.Del("X-Hub-Signature-256")
	if got, _ := d.post(req); got.Status != 401 {
		t.Errorf("unsigned: %d", got.Status)
	}
}

// FuzzReceive: no request that is signed breaks the door, and none is kept for
// later as if it would be understood then.
func FuzzReceive(f *testing.F) {
	f.Add("/messages", "application/json", []byte(hello))
	f.Add("/files", "", []byte("x"))
	f.Add("/%zz", "application/x-www-form-urlencoded", []byte("a=b"))
	doors := []*door{newDoor(f, `{}`), newDoor(f, `{"shape":"mapped","map_id":"a","map_sender":"a","map_text":"{{a}}"}`)}
	f.Fuzz(func(t *testing.T, path, contentType string, body []byte) {
		for _, d := range doors {
			got, err := d.p.Receive(t.Context(), channel.ReceiveRequest{
				Instance: d.in, Method: http.MethodPost, Path: path, Body: body,
				Header: func() http.Header {
					h := signature.Scheme{}.Sign(body, d.at, testSecret)
					h.Set("Content-Type", contentType)
					return h
				}(),
			})
			if err != nil && (errs.As(err).Source != errs.Rejected || got.Status < 400 || got.Status > 499) {
				t.Errorf("%q: %d %v", body, got.Status, err)
			}
			for _, m := range got.Messages {
				if m.ExternalID == "" && m.Kind != channel.KindTyping {
					t.Errorf("%q: %+v", body, m)
				}
			}
		}
	})
}

func TestChannel(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer far.Close()
	sign := func(name, path, body string) channeltest.Request {
		return channeltest.Request{Name: name, Path: path, Body: body, Header: map[string]string{
			"Content-Type": "application/json", signature.Header: signature.Scheme{}.Sign([]byte(body), time.Now(), testSecret).Get(signature.Header),
		}}
	}
	subject := channeltest.Subject{
		Manifest: manifest, Config: `{"url":"` + far.URL + `","send_key":true,"out_files":"base64"}`, Secrets: map[string]string{"/secret": testSecret},
		BadConfigs: []string{`{"auth":"x"}`, `{"url":7}`, `{"auth":"other"}`},
		Requests: []channeltest.Request{
			sign("message", "/messages", hello), sign("event", "/events", `{"id":"e","sender":{"id":"u"},"text":"came"}`),
			sign("edit", "/edits", `{"id":"d","message":"m-1","text":"x"}`), sign("typing", "/typing", `{"id":"t","sender":{"id":"u"}}`),
		},
		Refused: []channeltest.Request{
			{Name: "unsigned", Path: "/messages", Body: hello}, sign("no key", "/messages", `{"sender":{"id":"u"},"text":"t"}`), sign("nowhere", "/x", hello),
		},
	}
	t.Run("in process", func(t *testing.T) {
		subject.Open = channeltest.InProcess(webhook().Channel)
		channeltest.Run(t, subject)
	})
	t.Run("process", func(t *testing.T) {
		subject.Open = channeltest.Process(t, ".")
		channeltest.Run(t, subject)
	})
}

// TestSendOverTheWire: an answer reaches the far side under its delivery's id,
// also after a kill, and a system that does not recognise it is not asked again.
func TestSendOverTheWire(t *testing.T) {
	var keys []string
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		_ = json.NewEncoder(w).Encode(map[string]string{"id": "far-1"})
	}))
	defer far.Close()
	program := plugintest.Build(t, ".")
	for _, once := range []string{"true", "false"} {
		keys = nil
		h := plugintest.NewHost(t, plugintest.Manifest(manifest))
		in := h.Connect(instance.Instance{Config: json.RawMessage(`{"url":"` + far.URL + `","answer_id":"/id","send_key":` + once + `}`), Secrets: instance.Secrets{"/secret": testSecret}})
		p := plugintest.Process(t, h, program)
		req := channel.SendRequest{Instance: in, DeliveryID: "dlv_7", ConversationID: "cnv_1", Seq: 1, Recipient: "u", Content: message.Text("hi")}
		got, err := p.Send(req)
		if err != nil || got.MessageID != "far-1" {
			t.Fatalf("%+v %v", got, err)
		}
		p.Kill()
		p = plugintest.Process(t, h, program)
		req.Suspect = true
		_, err = p.Send(req)
		if once == "true" && (err != nil || !reflect.DeepEqual(keys, []string{"dlv_7", "dlv_7"})) {
			t.Errorf("%v %v", keys, err)
		}
		if once == "false" && (errs.As(err) == nil || errs.As(err).Source != errs.InDoubt || len(keys) != 1) {
			t.Errorf("%v %v", keys, err)
		}
	}
}

// TestValidate: whatever is wrong with a configuration, the secret is not
// in what is said of it.
func TestValidate(t *testing.T) {
	h := plugintest.NewHost(t, plugintest.Manifest(manifest))
	p := plugintest.InProcess(t, h, webhook())
	for config, pointer := range map[string]string{
		`{"auth":"other","sign_header":"X-S","sign_over":"{timestamp}{body}"}`:          "/sign_over",
		`{"auth":"other","sign_header":"patchbay-signature"}`:                           "/sign_header",
		`{"shape":"mapped","map_id":"id","map_sender":"who"}`:                           "/map_text",
		`{"shape":"mapped","map_id":"{{id | nope}}","map_sender":"who","map_text":"t"}`: "/map_id",
		`{"out_shape":"template","out_template":"{\"a\":\"{{b}}\"}"}`:                   "/out_template",
		`{"answer_id":"id"}`: "/answer_id",
	} {
		for _, locale := range []string{"en", "zh-CN"} {
			problems := p.Validate(instance.ValidateConfigRequest{Config: json.RawMessage(config), Secrets: instance.Secrets{"/secret": testSecret}, Locale: locale})
			if len(problems) != 1 || problems[0].Pointer != pointer || strings.Contains(problems[0].Message, testSecret) {
				t.Errorf("%s: %+v", config, problems)
			}
		}
	}
	if problems := p.Validate(instance.ValidateConfigRequest{Config: json.RawMessage(`{}`)}); len(problems) != 1 || problems[0].Pointer != "/secret" {
		t.Errorf("without a secret: %+v", problems)
	}
}
