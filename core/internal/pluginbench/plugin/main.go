// Package main is the plugin that is measured: it is written with the SDK as any
// other, and does nothing, so that what is measured is the way to it and back. It
// is who the plugin.json beside it says, so that many of them can be installed.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

func main() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	manifest, err := os.ReadFile(filepath.Join(filepath.Dir(exe), "plugin.json"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sdk.Serve(sdk.Plugin{
		Manifest: manifest,
		Channel:  func(sdk.Env) (channel.Channel, error) { return far{}, nil },
		Panel:    func(sdk.Env) (panel.Panel, error) { return far{}, nil },
		Tools:    func(sdk.Env) (tool.Tools, error) { return far{}, nil },
		Hook:     func(sdk.Env) (hook.Hook, error) { return watcher{}, nil },
	})
}

// slow is longer than anybody waits for a verdict.
const slow = 3 * time.Second

// watcher allows what it is asked about. Of a message that says "hang" it says
// nothing for long, whatever its deadline is.
type watcher struct{ hook.Nothing }

// Intercept judges a message.
func (watcher) Intercept(_ context.Context, req hook.InterceptRequest) (hook.InterceptResponse, error) {
	if req.Message != nil && req.Message.Content.Text == "hang" {
		time.Sleep(slow)
	}
	return hook.Allow(), nil
}

type far struct{}

// Send has the message where it belongs at once.
func (far) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	return channel.SendResponse{MessageID: req.DeliveryID}, nil
}

// Receive takes nothing.
func (far) Receive(context.Context, channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Nothing comes in here.")
}

// Render draws a card of the usual size.
func (far) Render(context.Context, panel.RenderRequest) (panel.RenderResponse, error) {
	var facts card.Facts
	for _, name := range []string{"Level", "Orders", "Last order", "Owner"} {
		facts = append(facts, card.Fact{Title: name, Value: "A value of the usual length"})
	}
	return panel.RenderResponse{Card: card.New(card.Text{Text: "A customer", Weight: card.Bolder}, facts)}, nil
}

// Invoke does nothing.
func (far) Invoke(context.Context, tool.InvokeRequest) (tool.InvokeResponse, error) {
	return tool.InvokeResponse{Output: map[string]string{"state": "done"}}, nil
}
