package app

import (
	"context"
	"os"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/machine"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

// gauge gathers what metrics show and nobody counts. What costs a query is
// asked for here and not by each scrape.
func (s *server) gauge(ctx context.Context) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := s.now()
	out := telemetry.State{Database: s.store.Ping(ctx) == nil, Backup: lastBackup(s.config).At}
	out.DatabasePing = s.now().Sub(began)
	room := machine.Room(s.config.DataDir)
	out.DiskFree, out.DiskSize = room.Free, room.Total
	if s.config.Database.URL == "" {
		file := dataPath(s.config, "patchbay.db")
		out.LogBytes = sizeOf(file + "-wal")
		out.DatabaseBytes = sizeOf(file) + out.LogBytes
	}
	if s.certificate != nil {
		out.Certificate = s.certificate.State().Expires
	}
	for _, p := range s.plugins.Plugins() {
		out.Plugins = append(out.Plugins, telemetry.PluginState{Plugin: string(p.ID), Up: p.State == extension.Ready, Restarts: p.Restarts, Left: p.Left != "", Unconfined: p.Loose()})
	}
	out.SendingPaused = len(s.deliverer.Broken())
	if counts, err := s.store.Conditions().CountConditions(ctx); err == nil {
		out.Accounts = make(map[string]int)
		for _, state := range instance.ConditionStates() {
			out.Accounts[string(state)] = counts[state]
		}
	}
	out.Dispatch = dispatched(s.dispatcher.Stats(), s.now())
	if channel, hooks, err := s.store.Backlog(ctx); err == nil {
		for kind, w := range map[string]db.Waiting{"channel": channel, "webhook": hooks} {
			b := telemetry.Backlog{Kind: kind, Count: w.Count}
			if !w.Since.IsZero() {
				b.Oldest = max(0, s.now().Sub(w.Since))
			}
			out.Waiting = append(out.Waiting, b)
		}
	}
	s.metrics.Set(out)
}

func dispatched(d dispatch.Stats, now time.Time) telemetry.Dispatch {
	out := telemetry.Dispatch{
		Waiting: d.Led.Waiting, Available: d.Led.Available, Healed: d.Healed, Failures: d.Failures,
		Claims: map[string]uint64{"assigned": d.Assigned, "refused": d.Refused, "unanswered": d.Unanswered, "returned": d.Returned},
	}
	if at := d.Led.Oldest; !at.IsZero() {
		out.Oldest = max(0, now.Sub(at))
	}
	return out
}

func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}
