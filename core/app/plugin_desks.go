package app

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/store/pluginbases"
)

// desks are the parts of the core behind the host's services for plugins.
func (s *server) desks(scheduler *extension.Scheduler, databases extension.Databases) pluginhost.Desks {
	states := s.store.PluginStates()
	return pluginhost.Desks{
		Memory: extension.NewMemory(states, states, s.now), Leases: extension.NewLeases(states, s.now),
		Scheduler: scheduler, Databases: databases, Figures: s.metrics, Once: s.once, Files: s.media,
		Tokens: pluginhost.SignedIn(s.signIns), Tools: pluginhost.Shared(s.pluginWork.Tools), Licenses: s.licenses,
		Records: pluginhost.Records{
			Conversations: s.conversations, Contacts: s.people.Contacts, Tickets: s.tickets, Labels: s.store.Catalog(), Teams: s.store.Teams(),
		},
	}
}

// pluginBases gives plugins databases of their own.
func (s *server) pluginBases() extension.Databases {
	return s.store.PluginDatabases(pluginbases.Options{
		Source: s.config.Database.URL, Folder: dataPath(s.config, "plugins"), Sealer: s.box, Now: s.now,
	})
}

// runEstate calls plugins for the work they asked for, and clears up after
// instances that are gone, until ctx ends.
func (s *server) runEstate(ctx context.Context, scheduler *extension.Scheduler, databases extension.Databases) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		scheduler.Work(ctx, s.plugins)
	}()
	undertaker := extension.NewUndertaker(s.store.PluginStates(), databases, s.now)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.chore(ctx, "clearing up after plugins", func() error { return undertaker.Sweep(ctx) })
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	<-done
}
