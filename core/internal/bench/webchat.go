package main

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/instance"
)

const webchatID = channel.PluginID("patchbay/webchat")

// webchat stands for the plugin where there is no process: messages of a live
// channel never pass through it.
type webchat struct{}

var _ channel.Plugins = webchat{}

func (webchat) Types() []channel.Type {
	return []channel.Type{{
		Plugin: webchatID, Live: true, Available: true,
		Capabilities: channel.Capabilities{Content: []string{"text"}, TextLimit: 4000},
	}}
}

func (webchat) ValidateConfig(context.Context, channel.PluginID, instance.Candidate) ([]channel.Problem, error) {
	return nil, nil
}
func (webchat) Configure(context.Context, channel.Inbox) error { return nil }
func (webchat) Remove(context.Context, channel.Inbox) error    { return nil }
func (webchat) Health(channel.Inbox) channel.Health            { return channel.Health{State: "ok"} }

func (webchat) Webhook(context.Context, channel.Inbox, channel.WebhookRequest) (channel.WebhookAnswer, error) {
	return channel.WebhookAnswer{}, nil
}

func (webchat) OpenSession(context.Context, channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
	return channel.SessionAnswer{Allow: true}, nil
}
