// Package main is the smallest channel there is, to read and to try things out
// with: what an agent says comes back as if the customer had said it.
package main

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: newEcho}) }

func newEcho(env sdk.Env) (channel.Channel, error) { return &echo{env: env}, nil }

type echo struct {
	env sdk.Env
}

// Receive takes what a customer says: POST {"id":"m1","from":"alice","name":"Alice","text":"hi"}.
func (e *echo) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	var said struct{ ID, From, Name, Text string }
	if err := json.Unmarshal(req.Body, &said); err != nil || said.ID == "" || said.From == "" || said.Text == "" {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest,
			`Post a JSON object with "id", "from" and "text", for example {"id":"m1","from":"alice","name":"Alice","text":"hi"}.`)
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{{
		ExternalID: said.ID,
		Sender:     channel.Person{ID: said.From, Name: said.Name},
		Content:    message.Text(said.Text),
	}}}, nil
}

// Send brings what an agent says to the customer; here it comes straight back.
// The delivery's id makes the echo the same one however often it is sent.
func (e *echo) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	var config struct{ Prefix string }
	if err := req.Instance.Decode(&config); err != nil {
		return channel.SendResponse{}, err
	}
	id := "echo-" + req.DeliveryID
	err := e.env.Ingest(ctx, channel.Inbound{
		Instance:   req.Instance.ID,
		ExternalID: id,
		Sender:     channel.Person{ID: req.Recipient},
		Content:    message.Text(config.Prefix + req.Content.Text),
	})
	return channel.SendResponse{MessageID: id}, err
}
