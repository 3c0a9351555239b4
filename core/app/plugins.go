package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// openPlugins reads which plugins are installed; they start with run.
func (s *server) openPlugins() error {
	s.deliverer = delivery.NewDeliverer(s.store.Deliveries(), s.now, s.log)
	s.deliverer.Channels = s.channelOf
	var err error
	o := pluginhost.Options{
		Dir: devPlugins(s.config), DataDir: dataPath(s.config, "plugins"), CoreVersion: s.options.Version, Log: s.log, Now: s.now,
		Node: hostName(), Trusted: trustedPlugins(s.config), MinIsolation: extension.Tier(s.config.Plugins.MinIsolation), KeepFailing: !s.config.Plugins.AutoRollback, Attach: s.attach,
	}
	if len(s.attach) > 0 {
		o.Timing = pluginhost.Patient()
	}
	if s.plugins, err = pluginhost.New(o); err != nil {
		return fmt.Errorf("read the installed plugins: %w", err)
	}
	return nil
}

// runPlugins runs the plugins and their deliveries until ctx ends.
func (s *server) runPlugins(ctx context.Context) error {
	cancel, err := s.bus.Subscribe(event.SubjectDeliver+"*", func(string, []byte) { s.deliverer.Wake() })
	if err != nil {
		return fmt.Errorf("listen for deliveries: %w", err)
	}
	defer cancel()
	scheduler, databases := extension.NewScheduler(s.store.PluginSchedules(), s.now, s.log), s.pluginBases()
	var estate sync.WaitGroup
	defer estate.Wait()
	lasting, stop := context.WithCancel(ctx)
	defer stop()
	estate.Go(func() { s.runEstate(lasting, scheduler, databases) })
	return s.plugins.Run(ctx, pluginhost.Ports{ //nolint:wrapcheck // the host's own sentence
		Workspaces: s.store.Channels(), Connections: s.store.Extensions(), Grants: s.store.Extensions(), Vault: instance.NewVault(s.box),
		Locale: s.localeOf, Receiver: s.conversations, Deliverer: s.deliverer,
		Desks: s.desks(scheduler, databases),
		Lives: s.store.Lives(), OnStep: s.pluginNews().onStep, OnHealth: s.conditions.Report, Condition: s.store.Conditions().Condition,
	})
}

// sendingOf is what the sending of an inbox says of its far side.
func (s *server) sendingOf(inbox channel.InboxID) (channel.Health, bool) {
	a, _ := s.deliverer.Account(inbox)
	return a.Health()
}

// channelOf is what a plugin's channel can do; nothing when it is none.
func (s *server) channelOf(plugin channel.PluginID) channel.Capabilities {
	for _, t := range s.plugins.Types() {
		if t.Plugin == plugin {
			return t.Capabilities
		}
	}
	return channel.Capabilities{}
}

func trustedPlugins(c Config) []channel.PluginID {
	out := make([]channel.PluginID, len(c.Plugins.Trusted))
	for i, id := range c.Plugins.Trusted {
		out[i] = channel.PluginID(id)
	}
	return out
}

// devPlugins finds the folder of unsigned plugins: the configured one, or what
// a build or an archive puts beside the binary.
func devPlugins(c Config) string {
	if c.Plugins.DevDir != "" {
		return c.Plugins.DevDir
	}
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	dir := filepath.Join(filepath.Dir(exe), "plugins")
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir
	}
	return ""
}
