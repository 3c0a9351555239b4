// Command channel is a plugin that writes down everything the core tells it,
// one JSON object a line, under the instance that it was told of.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: func(env sdk.Env) (channel.Channel, error) { return &recorder{env: env}, nil }})
}

type recorder struct {
	env sdk.Env
	mu  sync.Mutex
}

// told writes down a call about an instance.
func (r *recorder) told(instance, call string, what any) {
	line, err := json.Marshal(map[string]any{"call": call, "told": what})
	if err != nil {
		line = []byte(err.Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.OpenFile(filepath.Join(r.env.DataDir, instance+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.Write(append(line, '\n'))
	_ = f.Close()
}

// Receive takes what a customer says: {"id","from","name","text","file"}, or
// with "kind" and "target" what they edit or recall, or do.
func (r *recorder) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	r.told(req.Instance.ID, "receive", map[string]any{"body": string(req.Body), "request": req})
	var said struct{ ID, From, Name, Text, File, Kind, Target string }
	if err := json.Unmarshal(req.Body, &said); err != nil || said.ID == "" {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Post id, from and text.")
	}
	content := message.Text(said.Text)
	if said.File != "" { // it is asked for in vain: nothing here fetches
		content.Attachments = []message.Attachment{{Fetch: said.File, Filename: said.File}}
	}
	kind := map[string]channel.Kind{"edit": channel.KindEdit, "recall": channel.KindRecall, "event": channel.KindEvent}[said.Kind]
	return channel.ReceiveResponse{Messages: []channel.Inbound{{
		ExternalID: said.ID, Kind: kind, Target: said.Target, Sender: channel.Person{ID: said.From, Name: said.Name}, Content: content,
	}}}, nil
}

// Send delivers nowhere.
func (r *recorder) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	r.told(req.Instance.ID, "send", req)
	return channel.SendResponse{MessageID: "sent-" + req.DeliveryID}, nil
}

// ValidateConfig accepts everything.
func (r *recorder) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	r.told("none", "validate", string(req.Config))
	return instance.ValidateConfigResponse{}, nil
}

// Configure learns of an instance.
func (r *recorder) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	r.told(req.Instance.ID, "configure", req)
	return instance.ConfigureResponse{}, nil
}
