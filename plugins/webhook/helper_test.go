package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

const testSecret = "the-secret-of-the-test"

// door is an inbox and who posts to it.
type door struct {
	testing.TB
	host *plugintest.Host
	p    *plugin
	in   instance.Instance
	at   time.Time
}

func newDoor(tb testing.TB, config string) *door {
	tb.Helper()
	d := &door{TB: tb, host: plugintest.NewHost(tb, plugintest.Manifest(manifest)), at: time.Now()}
	d.in = d.host.Connect(instance.Instance{Config: json.RawMessage(config), Secrets: instance.Secrets{"/secret": testSecret}})
	d.p = newPlugin(d.host.Env(), func() time.Time { return d.at })
	if _, err := d.p.Configure(tb.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		tb.Fatal(err)
	}
	return d
}

// request is a signed request.
func (d *door) request(path, body string) channel.ReceiveRequest {
	header := signature.Scheme{}.Sign([]byte(body), d.at, testSecret)
	header.Set("Content-Type", "application/json")
	where, _ := url.Parse(path)
	return channel.ReceiveRequest{Instance: d.in, ID: "whk_1", Method: http.MethodPost, Path: where.Path, Query: where.Query(), Header: header, Body: []byte(body)}
}

// said is what a far side reads of an answer.
type said struct {
	ID, Status, Upload string
	Error              struct{ Code, Field, Message string }
	Results            []said
}

// post posts a request; an error that is no refusal ends the test.
func (d *door) post(req channel.ReceiveRequest) (channel.ReceiveResponse, said) {
	d.Helper()
	got, err := d.p.Receive(d.Context(), req)
	if (err != nil) != (got.Status >= 400) {
		d.Fatalf("%d and %v", got.Status, err)
	}
	var out said
	if err := json.Unmarshal(got.Body, &out); err != nil {
		d.Fatalf("%s: %v", got.Body, err)
	}
	if got.Status >= 400 && len(got.Messages) > 0 {
		d.Errorf("%d brings messages", got.Status)
	}
	return got, out
}
