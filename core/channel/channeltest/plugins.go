package channeltest

import (
	"context"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Plugins is a strict fake of channel.Plugins: a call for which the test gave
// no answer fails it. Set the fields before the first call; it is safe for
// concurrent use as far as the answers are.
type Plugins struct {
	T         testing.TB
	Installed []channel.Type

	OnValidateConfig func(plugin channel.PluginID, candidate instance.Candidate) ([]channel.Problem, error)
	OnConfigure      func(inbox channel.Inbox) error
	OnRemove         func(inbox channel.Inbox) error
	OnHealth         func(inbox channel.Inbox) channel.Health
	OnWebhook        func(ctx context.Context, inbox channel.Inbox, r channel.WebhookRequest) (channel.WebhookAnswer, error)
	OnOpenSession    func(inbox channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error)
}

// Down is how a call fails while the process is down.
func Down() error {
	return errs.New(errs.Unavailable, "plugin.backoff", "The plugin does not run now. Its page says why.")
}

func (p *Plugins) unexpected(call string) error {
	p.T.Errorf("the plugin got a call that the test did not expect: %s", call)
	return Down()
}

// Types implements channel.Plugins.
func (p *Plugins) Types() []channel.Type { return p.Installed }

// ValidateConfig implements channel.Plugins.
func (p *Plugins) ValidateConfig(_ context.Context, plugin channel.PluginID, candidate instance.Candidate) ([]channel.Problem, error) {
	if p.OnValidateConfig == nil {
		return nil, p.unexpected("ValidateConfig")
	}
	return p.OnValidateConfig(plugin, candidate)
}

// Configure implements channel.Plugins.
func (p *Plugins) Configure(_ context.Context, inbox channel.Inbox) error {
	if p.OnConfigure == nil {
		return p.unexpected("Configure")
	}
	return p.OnConfigure(inbox)
}

// Remove implements channel.Plugins.
func (p *Plugins) Remove(_ context.Context, inbox channel.Inbox) error {
	if p.OnRemove == nil {
		return p.unexpected("Remove")
	}
	return p.OnRemove(inbox)
}

// Health implements channel.Plugins.
func (p *Plugins) Health(inbox channel.Inbox) channel.Health {
	if p.OnHealth == nil {
		_ = p.unexpected("Health")
		return channel.Health{}
	}
	return p.OnHealth(inbox)
}

// Webhook implements channel.Plugins.
func (p *Plugins) Webhook(ctx context.Context, inbox channel.Inbox, r channel.WebhookRequest) (channel.WebhookAnswer, error) {
	if p.OnWebhook == nil {
		return channel.WebhookAnswer{}, p.unexpected("Webhook")
	}
	return p.OnWebhook(ctx, inbox, r)
}

// OpenSession implements channel.Plugins.
func (p *Plugins) OpenSession(_ context.Context, inbox channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error) {
	if p.OnOpenSession == nil {
		return channel.SessionAnswer{}, p.unexpected("OpenSession")
	}
	return p.OnOpenSession(inbox, r)
}
