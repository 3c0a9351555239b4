package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/core/store"
)

const hostStored = "host, deliverer and store: SQLite on disk, synchronous"

// peopled opens a workspace in a database on disk, with customers who have
// written. Whoever calls it closes the store.
func (b *bench) peopled(ctx context.Context, file string, customers int) (*pluginrig.Outgoing, error) {
	w, err := pluginrig.OpenWorkspace(ctx, store.Config{Driver: store.SQLite, Source: filepath.Join(b.dir, file)}, channel.Type{
		Plugin: pluginID, Available: true, Capabilities: channel.Capabilities{Content: []string{channel.ContentText}, TextLimit: 4000},
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it did
	}
	out, err := w.Greet(ctx, customers)
	if err != nil {
		_ = w.Store.Close(ctx)
		return nil, err //nolint:wrapcheck // it says what it did
	}
	return out, nil
}

// stored measures what users get: messages that wait in a database on disk,
// through the host to the plugin, and their receipts recorded there with the
// steps and the events that agents see.
func (b *bench) stored(ctx context.Context) error {
	out, err := b.peopled(ctx, "stored.db", conversations)
	if err != nil {
		return err
	}
	w := out.Workspace
	defer w.Store.Close(ctx) //nolint:errcheck // thrown away
	gate := &pluginrig.Gate{Store: w.Store.Deliveries()}
	deliverer := delivery.NewDeliverer(gate, time.Now, slog.New(slog.DiscardHandler))
	ports := pluginrig.Ports(pluginrig.Core{Inboxes: []channel.Inbox{w.Inbox}}, deliverer)
	host, err := pluginrig.Start(ctx, pluginrig.Options(filepath.Join(b.dir, "plugins"), filepath.Join(b.dir, "d")), ports)
	if err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	defer host.Stop() //nolint:errcheck // measured already
	if err := host.Await(ctx, pluginID); err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	var made atomic.Int64
	f := flow{name: hostStored, pid: host.Status(pluginID).PID, run: drained(gate, deliverer)}
	for round := range 3 {
		waiting := b.stock * (round + 1)
		if err := out.Write(ctx, waiting-int(made.Load()-gate.Settled.Load()), &made, text, nil); err != nil {
			return fmt.Errorf("write messages: %w", err)
		}
		profile := ""
		if round == 2 {
			profile = b.profileStore
		}
		got, err := f.measure(ctx, b.span*2, profile)
		if err != nil {
			return err
		}
		b.note(f.name, got)
	}
	return nil
}

// drained is a flow of what waits behind a gate.
func drained(gate *pluginrig.Gate, deliverer *delivery.Deliverer) func(context.Context, *atomic.Int64) error {
	return func(ctx context.Context, count *atomic.Int64) error {
		before := gate.Settled.Load()
		gate.Open.Store(true)
		defer gate.Open.Store(false)
		deliverer.Wake()
		return watch(ctx, func() { count.Store(gate.Settled.Load() - before) })
	}
}
