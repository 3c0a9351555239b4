// Package main is a channel with windows, a short text, pictures alone and one
// template, whose far side takes everything that is sent. It is built by tests:
// see web/e2e/test/composer.test.js and templates.test.js.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: func(sdk.Env) (channel.Channel, error) { return kiosk{}, nil }})
}

type kiosk struct{}

// Receive takes what a customer says: {"id":"m1","from":"alice","text":"hi","ago_s":60}.
func (kiosk) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	var said struct {
		ID, From, Text string
		Ago            int `json:"ago_s"`
	}
	if err := json.Unmarshal(req.Body, &said); err != nil {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Post a JSON object.")
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{{
		ExternalID: said.ID, Sender: channel.Person{ID: said.From, Name: said.From}, Content: message.Text(said.Text),
		SentAt: time.Now().Add(-time.Duration(said.Ago) * time.Second),
	}}}, nil
}

// Templates lists what can be sent after hours.
func (kiosk) Templates(context.Context, channel.TemplatesRequest) (channel.TemplatesResponse, error) {
	return channel.TemplatesResponse{Templates: []channel.Template{{
		ID: "open", Language: "en", Name: "When we open", Text: "{{name}}, the kiosk opens at {{hour}}.",
		Fields: []channel.TemplateField{{Name: "name", Label: "Customer's name", Example: "Anna"}, {Name: "hour", Example: "9", MaxLength: 5}},
	}}}, nil
}

// Send brings an answer to nobody.
func (kiosk) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	return channel.SendResponse{MessageID: "kiosk-" + req.DeliveryID}, nil
}
