package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// starts measures how long a plugin takes from its launch to ready, beside
// go-plugin's own start of a program of the same kind.
func (b *bench) starts(ctx context.Context) error {
	raw := b.report.series("start, raw: launched to its first answer", "ms")
	ours := b.report.series("start, host: launched to ready", "ms")
	for n := range b.launches {
		began := time.Now()
		r, err := openRaw(filepath.Join(b.dir, "raw"), b.dir)
		if err != nil {
			return err
		}
		_, err = pluginv1.NewPanelServiceClient(r.conn).RenderPanel(ctx, &pluginv1.RenderPanelRequest{})
		raw.add(float64(time.Since(began).Microseconds()) / 1000)
		r.close()
		if err != nil {
			return fmt.Errorf("ask the raw plugin: %w", err)
		}
		took, err := b.launch(ctx)
		if err != nil {
			return err
		}
		if n > 0 || b.launches == 1 { // the first copies the plugin into its place
			ours.add(took)
		}
	}
	return nil
}

// launch starts a host with one plugin in a folder of its own, and returns how
// long it took until the plugin was ready, in milliseconds.
func (b *bench) launch(ctx context.Context) (float64, error) {
	ports := pluginrig.Ports(core(), pluginrig.Nobody{})
	options := pluginrig.Options(filepath.Join(b.dir, "one"), filepath.Join(b.dir, "l"))
	began := time.Now()
	host, err := pluginrig.Start(ctx, options, ports)
	if err != nil {
		return 0, err //nolint:wrapcheck // it says what it did
	}
	defer host.Stop() //nolint:errcheck // measured already
	if err := host.Await(ctx, pluginID); err != nil {
		return 0, fmt.Errorf("start the plugin: %w", err)
	}
	return float64(time.Since(began).Microseconds()) / 1000, nil
}
