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
// A program that somebody runs by hand says what it is and exits with status 1;
// with the arguments "--attach <file>", as a debugger gives them, it serves and
// waits for a core to attach to it: see patchbay plugin dev --attach.
func Serve(p Plugin) {
	level := &slog.LevelVar{}                                                           // the core sets it
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})) // before go-plugin takes os.Stderr away
	who, err := stamp.Read(p.Manifest)
	if err == nil && !p.offers() {
		err = errors.New("sdk.Plugin offers nothing: set Channel, Bot or another one of its abilities")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	open := func(log *slog.Logger) func(context.Context, bridge.Start) (bridge.Abilities, error) {
		return func(_ context.Context, start bridge.Start) (bridge.Abilities, error) {
			return p.Open(Env{Log: log, DataDir: start.DataDir, CoreVersion: start.CoreVersion, Host: start.Host})
		}
	}
	switch {
	case len(os.Args) == 3 && os.Args[1] == bridge.AttachFlag:
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})) // somebody reads it
		err = bridge.ServeAttached(who, log, level, open(log), os.Args[2])
	case bridge.CalledByHost():
		bridge.Serve(who, log, level, open(log))
	default:
		err = fmt.Errorf("%s %s is a plugin of Patchbay: the server starts it. To build a bundle: patchbay plugin build <folder>. To try it out: patchbay plugin dev", who.ID, who.Version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// offers reports whether there is any ability.
func (p Plugin) offers() bool {
	return p.Channel != nil || p.Live != nil || p.Bot != nil || p.Connector != nil || p.Tools != nil ||
		p.Hook != nil || p.Analyzer != nil || p.Panel != nil || p.Template != nil || p.Route != nil
}

// Open calls the constructors, in the order of Plugin; the first error ends it.
// Serve does so by itself: this is for package plugintest, which runs a plugin in
// the process of a test.
func (p Plugin) Open(env Env) (bridge.Abilities, error) {
	var out bridge.Abilities
	env.Manifest = p.Manifest
	for _, step := range []func() error{
		func() error { return construct(env, "channel", p.Channel, &out.Channel) },
		func() error { return construct(env, "live channel", p.Live, &out.Live) },
		func() error { return construct(env, "bot", p.Bot, &out.Bot) },
		func() error { return construct(env, "connector", p.Connector, &out.Connector) },
		func() error { return construct(env, "tools", p.Tools, &out.Tools) },
		func() error { return construct(env, "hook", p.Hook, &out.Hook) },
		func() error { return construct(env, "analyzer", p.Analyzer, &out.Analyzer) },
		func() error { return construct(env, "panel", p.Panel, &out.Panel) },
		func() error { return construct(env, "template", p.Template, &out.Template) },
		func() error { return construct(env, "route", p.Route, &out.Route) },
	} {
		if err := step(); err != nil {
			return bridge.Abilities{}, err
		}
	}
	return out, nil
}

// construct calls one constructor, if there is one, and refuses nothing at all.
func construct[T any](env Env, what string, newValue func(Env) (T, error), into *T) error {
	if newValue == nil {
		return nil
	}
	made, err := newValue(env)
	if err != nil {
		return fmt.Errorf("start the %s: %w", what, err)
	}
	if any(made) == nil {
		return fmt.Errorf("start the %s: its constructor returned nothing", what)
	}
	*into = made
	return nil
}
