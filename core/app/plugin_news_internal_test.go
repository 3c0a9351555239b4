package app

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/notification"
)

// TestNewsOfAPlugin: quarantine is told once, however often the plugin is tried
// in it; that it works again, after a quarantine alone; and nothing of what
// somebody did.
func TestNewsOfAPlugin(t *testing.T) {
	p := &pluginNews{resting: make(map[extension.PluginID]bool)}
	for i, step := range []struct {
		plugin extension.PluginID
		state  extension.State
		want   notification.PluginNews
	}{
		{"acme/a", extension.Starting, ""},
		{"acme/a", extension.Ready, ""},
		{"acme/a", extension.Backoff, ""},
		{"acme/a", extension.Quarantined, notification.PluginQuarantined},
		{"acme/a", extension.Starting, ""},
		{"acme/a", extension.Quarantined, ""},
		{"acme/b", extension.Ready, ""},
		{"acme/b", extension.RolledBack, notification.PluginRolledBack},
		{"acme/a", extension.Ready, notification.PluginRecovered},
		{"acme/a", extension.Ready, ""},
		{"acme/a", extension.Quarantined, notification.PluginQuarantined},
		{"acme/a", extension.Stopped, ""},
		{"acme/a", extension.Ready, ""},
	} {
		if got := p.newsOf(extension.Transition{Plugin: step.plugin, State: step.state}); got != step.want {
			t.Errorf("step %d, %s is %s: %q, want %q", i, step.plugin, step.state, got, step.want)
		}
	}
}
