package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/workbench"
)

// follow builds and swaps with every change; what it returns is closed when ctx
// ends.
func (v *devRun) follow(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		state := v.bench.installed().State
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case names, ok := <-v.changes:
				if !ok {
					return
				}
				v.change(ctx, names)
				state = v.bench.installed().State
			case <-tick.C:
				state = v.tell(ctx, state)
			}
		}
	}()
	return done
}

// tell tells of what became of the process by itself.
func (v *devRun) tell(ctx context.Context, before extension.State) extension.State {
	p := v.bench.installed()
	if p.State == before {
		return before
	}
	switch p.State { //nolint:exhaustive // the rest are steps on the way
	case extension.Ready:
		v.console.say("The plugin runs again (process %d).", p.PID)
		if !v.bench.connected() {
			v.connect(ctx)
		}
	case extension.Backoff, extension.Quarantined, extension.Failed:
		v.console.fault(p.Detail)
		if v.Attach {
			v.console.say("Run it again; the server waits for it.")
		}
	}
	return p.State
}

// change builds after a change, lets the new version take over, and says so once
// its settings are in force.
func (v *devRun) change(ctx context.Context, names []string) {
	v.console.say("Changed: %s", shorten(names))
	if v.Attach && !slices.Contains(names, workbench.SettingsFile) {
		v.console.say("Run it again in your debugger: the server attaches to the new process.")
		return
	}
	made, err := v.build(ctx)
	if err != nil {
		if ctx.Err() == nil {
			v.bench.noteBuild(v.relative(err), 0)
			v.console.fault(v.relative(err))
			v.console.say("The version before goes on.")
		}
		return
	}
	swapped := false
	if !v.Attach {
		swapped, err = v.bench.swap(ctx, made.manifest)
	}
	if err != nil {
		v.bench.noteBuild(Said(err), made.took)
		v.console.fault(Said(err))
		return
	}
	v.bench.noteBuild("", made.took)
	if !v.ready(ctx) { // it has told why
		return
	}
	if swapped || slices.Contains(names, workbench.SettingsFile) {
		v.connect(ctx)
	}
	if swapped {
		v.console.say("Version %s built in %s and running (process %d)%s.", made.manifest.Version, round(made.took), v.bench.installed().PID, v.console.pause())
	} else {
		v.console.say("Built in %s; the program is the same.", round(made.took))
	}
}

func shorten(names []string) string {
	const most = 4
	out := ""
	for i, n := range names {
		if i == most {
			return out + fmt.Sprintf(" and %d more", len(names)-most)
		}
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
