package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/panel"
)

// call is a call of the page, by somebody who may.
func (d *door) call(method string, in posted, into any) error {
	d.Helper()
	params, err := json.Marshal(in)
	if err != nil {
		d.Fatal(err)
	}
	got, err := sandbox{p: d.p}.Call(d.Context(), panel.CallRequest{
		Instance: d.in, Method: method, Params: params, Context: panel.Context{Panel: "sandbox", May: []string{panel.MayRead, panel.MayWrite, panel.MayManage}},
	})
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(got.Value)
	if err != nil {
		d.Fatal(err)
	}
	return json.Unmarshal(encoded, into)
}

// shown is what the page reads.
type shown struct {
	Status         int
	Answer, Core   string
	Signed, Script string
	Mapped         bool
	Error          *struct{ Code string }
	Results        []struct {
		Message struct{ ID, Text string }
		Error   *struct{ Code, Field string }
	}
	Traffic []struct {
		What, Code, Field, Verdict string
		Status, Bytes              int
		Out, Test                  bool
		Headers                    map[string]string
		Items                      []struct{ ID, Code string }
	}
}

func TestSandboxSends(t *testing.T) {
	d := newDoor(t, `{}`)
	var got shown
	if err := d.call("send", posted{Path: "messages", Body: hello}, &got); err != nil || got.Status != 200 || got.Core != "" {
		t.Fatalf("%+v %v", got, err)
	}
	if all := d.host.Ingested(); len(all) != 1 || all[0].ExternalID != "m-1" || all[0].Instance != d.in.ID {
		t.Errorf("%+v", all)
	}
	if err := d.call("send", posted{Path: "messages", Body: `{"id":"x","text":"t"}`}, &got); err != nil || got.Status != 422 || !strings.Contains(got.Answer, "/sender/id") {
		t.Errorf("%+v %v", got, err)
	}
	bad := d.request("/messages", hello)
	bad.Header.Set(signature.Header, "t=1,v1=00")
	d.post(bad)
	if err := d.call("overview", posted{}, &got); err != nil || len(got.Traffic) != 3 {
		t.Fatalf("%+v %v", got, err)
	}
	last, refused, first := got.Traffic[0], got.Traffic[1], got.Traffic[2]
	if last.Verdict != "signature_wrong" || last.Status != 403 || last.Test || last.Headers["Patchbay-Signature"] != "…" {
		t.Errorf("%+v", last)
	}
	if refused.Code != "field_missing" || refused.Field != "/sender/id" || !refused.Test || refused.Verdict != "good" {
		t.Errorf("%+v", refused)
	}
	if first.What != "POST /messages" || first.Status != 200 || len(first.Items) != 1 || first.Items[0].ID != "m-1" || first.Bytes != len(hello) {
		t.Errorf("%+v", first)
	}
	for _, value := range d.host.State(d.in.ID) {
		if strings.Contains(string(value), "你好") || strings.Contains(string(value), testSecret) || strings.Contains(string(value), "Alice") {
			t.Errorf("it keeps %s", value)
		}
	}
}

func TestSandboxPreviews(t *testing.T) {
	var got shown
	d := newDoor(t, `{"shape":"mapped","map_id":"no","map_sender":"who","map_text":"Order {{no}}"}`)
	if err := d.call("preview", posted{Body: `[{"no":1,"who":"u"},{"no":2}]`}, &got); err != nil || len(got.Results) != 2 || got.Results[0].Message.Text != "Order 1" || got.Results[1].Error.Field != "/sender/id" {
		t.Errorf("%+v %v", got, err)
	}
	got = shown{}
	if err := d.call("preview", posted{Body: `{`}, &got); err != nil || got.Error == nil || got.Error.Code != "body_not_json" {
		t.Errorf("%+v %v", got, err)
	}
	d = newDoor(t, `{}`)
	got = shown{}
	if err := d.call("preview", posted{Path: "statuses", Body: `{"id":"s","message":"m","state":"lost"}`}, &got); err != nil || len(got.Results) != 1 || got.Results[0].Error.Field != "/state" {
		t.Errorf("%+v %v", got, err)
	}
	if len(d.host.Ingested()) != 0 || len(d.host.State(d.in.ID)) != 0 {
		t.Error("a preview keeps something")
	}
}

// TestSandboxCommands runs what the page gives to copy, with a curl that only
// says what it was told.
func TestSandboxCommands(t *testing.T) {
	body := `{"id":"m-1","sender":{"id":"u"},"text":"it's $HOME \"quoted\""}`
	for config, want := range map[string]string{`{}`: "signed script", `{"auth":"bearer"}`: "script", `{"auth":"other","sign_header":"X-S"}`: "signed"} {
		d := newDoor(t, config)
		d.at = time.Now()
		var got shown
		if err := d.call("curl", posted{Path: "messages", Body: body}, &got); err != nil {
			t.Fatal(err)
		}
		for name, command := range map[string]string{"signed": got.Signed, "script": got.Script} {
			if (command != "") != strings.Contains(want, name) {
				t.Errorf("%s: %s is %q", config, name, command)
			}
			if command == "" {
				continue
			}
			if strings.Contains(command, testSecret) {
				t.Errorf("%s shows the secret: %s", name, command)
			}
			run := exec.CommandContext(t.Context(), "bash", "-c", `curl() { printf '%s\n' "$@"; }; INBOX=http://inbox SECRET=`+testSecret+"\n"+command)
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
			req := d.request("/messages", lines[len(lines)-1])
			req.Header = map[string][]string{}
			for i, line := range lines {
				if line == "-H" {
					header, value, _ := strings.Cut(lines[i+1], ": ")
					req.Header.Set(header, value)
				}
			}
			if got, _ := d.post(req); got.Status != 200 || lines[len(lines)-1] != body || lines[3] != "http://inbox/messages" {
				t.Errorf("%s %s: %d %s", config, name, got.Status, out)
			}
		}
	}
}

func TestSandboxIsForAdministrators(t *testing.T) {
	d := newDoor(t, `{}`)
	for _, at := range []panel.Context{{Panel: "sandbox", May: []string{panel.MayRead, panel.MayWrite}}, {Panel: "other", May: []string{panel.MayManage}}} {
		_, err := sandbox{p: d.p}.Call(t.Context(), panel.CallRequest{Instance: d.in, Method: "send", Params: json.RawMessage(`{}`), Context: at})
		if e := errs.As(err); e == nil || e.Source != errs.Rejected {
			t.Errorf("%+v: %v", at, err)
		}
	}
	if len(d.host.Ingested()) != 0 {
		t.Error("something was sent")
	}
}
