package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what is gathered now and then and not counted as it happens.
type State struct {
	Database      bool // it answers
	DatabasePing  time.Duration
	DatabaseBytes int64 // with the log of SQLite
	LogBytes      int64 // of SQLite
	DiskFree      int64
	DiskSize      int64
	Backup        time.Time // last verified one; zero = none is known
	Certificate   time.Time // its end; zero = none
	Plugins       []PluginState
	Waiting       []Backlog
	SendingPaused int // inboxes whose far side fails
	// Accounts counts the inboxes and connections in use by how they fare.
	Accounts map[string]int
	Dispatch Dispatch
}

// Dispatch is how work is given out in the workspaces that this server decides
// for, and what came of it since the server started.
type Dispatch struct {
	Waiting, Available int
	Oldest             time.Duration // of what waits
	// Claims counts how giving out went: "assigned", "refused" (somebody else was
	// faster), "unanswered" (an offer rang out) and "returned" (the agent left).
	Claims           map[string]uint64
	Healed, Failures uint64
}

// PluginState is how one plugin fares.
type PluginState struct {
	Plugin   string
	Up       bool
	Restarts int
	// Left: a version was left, because it failed, for the one before.
	Left bool
	// Unconfined: it can reach files that are not its own, unintended.
	Unconfined bool
}

// Backlog is what waits to leave: "channel" to customers, "webhook" to other systems.
type Backlog struct {
	Kind   string
	Count  int64
	Oldest time.Duration
}

// keeper is a collector of the state that was set last.
type keeper struct{ state atomic.Pointer[State] }

// Set replaces the state.
func (m *Metrics) Set(s State) { m.keeper.state.Store(&s) }

// Describe implements prometheus.Collector: it says nothing in advance, since
// plugins come and go.
func (k *keeper) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (k *keeper) Collect(out chan<- prometheus.Metric) {
	s := k.state.Load()
	if s == nil {
		return
	}
	send := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		var names, values []string
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
	}
	gauge := func(name, help string, value float64, labels ...string) {
		send(prometheus.GaugeValue, name, help, value, labels...)
	}
	gauge("patchbay_database_up", "1 when the database answers.", bit(s.Database))
	gauge("patchbay_database_ping_seconds", "Time of the simplest question to the database.", s.DatabasePing.Seconds())
	gauge("patchbay_database_size_bytes", "Size of the database, with SQLite's log.", float64(s.DatabaseBytes))
	gauge("patchbay_database_log_bytes", "Size of SQLite's write-ahead log.", float64(s.LogBytes))
	gauge("patchbay_disk_free_bytes", "Room on the disk of the data folder.", float64(s.DiskFree))
	gauge("patchbay_disk_size_bytes", "Size of the disk of the data folder.", float64(s.DiskSize))
	gauge("patchbay_backup_last_success_timestamp_seconds", "When the last verified backup was made; 0 = none is known.", stamp(s.Backup))
	if !s.Certificate.IsZero() {
		gauge("patchbay_certificate_expiry_timestamp_seconds", "When the certificate in use ends.", stamp(s.Certificate))
	}
	for _, p := range s.Plugins {
		gauge("patchbay_plugin_up", "1 when the plugin runs.", bit(p.Up), "plugin", p.Plugin)
		send(prometheus.CounterValue, "patchbay_plugin_restarts_total", "Restarts of plugin processes.", float64(p.Restarts), "plugin", p.Plugin)
		gauge("patchbay_plugin_rolled_back", "1 when a version was left, because it failed, for the one before.", bit(p.Left), "plugin", p.Plugin)
		gauge("patchbay_plugin_unconfined", "1 when it can reach files that are not its own and nobody said that it may.", bit(p.Unconfined), "plugin", p.Plugin)
	}
	gauge("patchbay_inboxes_sending_paused", "Inboxes by which only probes leave, since their far side failed several times in a row.", float64(s.SendingPaused))
	for state, n := range s.Accounts {
		gauge("patchbay_accounts", "Inboxes and connections in use of which it is known how they fare, by that.", float64(n), "state", state)
	}
	d := s.Dispatch
	gauge("patchbay_dispatch_waiting", "Work that waits for an agent, in workspaces that this server decides for.", float64(d.Waiting))
	gauge("patchbay_dispatch_oldest_seconds", "How long the oldest of it has waited.", d.Oldest.Seconds())
	gauge("patchbay_dispatch_available", "Agents who are given work now, in the same workspaces.", float64(d.Available))
	for outcome, n := range d.Claims {
		send(prometheus.CounterValue, "patchbay_dispatch_claims_total", "Work given out, refused by the database, left to ring, and taken back.", float64(n), "outcome", outcome)
	}
	send(prometheus.CounterValue, "patchbay_dispatch_healed_total", "Differences from the database that the check every minute found and mended.", float64(d.Healed))
	send(prometheus.CounterValue, "patchbay_dispatch_failures_total", "Calls of the database by dispatch that failed.", float64(d.Failures))
	for _, b := range s.Waiting {
		gauge("patchbay_deliveries_waiting", "What waits to leave, counted up to 10000.", float64(b.Count), "kind", b.Kind)
		gauge("patchbay_delivery_oldest_seconds", "How long the oldest of it waits.", b.Oldest.Seconds(), "kind", b.Kind)
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func stamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
