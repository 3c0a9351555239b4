package sdk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
)

// Serve serves the plugin to the core that started this process. It does not
// return: it ends the process when the core is done with it, on SIGTERM (after
// what is in flight), or when the core is gone.
//
// A program that somebody runs by hand says what it is and exits with status 1.
func Serve(p Plugin) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil)) // before go-plugin takes os.Stderr away
	who, err := stamp.Read(p.Manifest)
	if err == nil && p.Channel == nil && p.Live == nil {
		err = errors.New("sdk.Plugin offers nothing: set Channel or Live")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !bridge.CalledByHost() {
		fmt.Fprintf(os.Stderr, "%s %s is a plugin of Patchbay: the server starts it. To build a bundle: patchbay plugin build <folder>\n", who.ID, who.Version)
		os.Exit(1)
	}
	bridge.Serve(who, log, func(_ context.Context, start bridge.Start) (bridge.Abilities, error) {
		return p.open(Env{Log: log, DataDir: start.DataDir, CoreVersion: start.CoreVersion, Host: start.Host})
	})
	os.Exit(0)
}

// open calls the constructors.
func (p Plugin) open(env Env) (bridge.Abilities, error) {
	var out bridge.Abilities
	var err error
	if p.Channel != nil {
		if out.Channel, err = p.Channel(env); err != nil {
			return bridge.Abilities{}, fmt.Errorf("start the channel: %w", err)
		}
	}
	if p.Live != nil {
		if out.Live, err = p.Live(env); err != nil {
			return bridge.Abilities{}, fmt.Errorf("start the live channel: %w", err)
		}
	}
	return out, nil
}
