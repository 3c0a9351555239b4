package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// readyBudget is from the launch to the end of Configure.
const readyBudget = 10 * time.Second

// handshake is scenario 1: it starts in time, says nothing before the
// handshake, and says who it is.
func handshake(r *run) (string, error) {
	if err := r.byHand(); err != nil {
		return "", err
	}
	early, err := r.open(start{quiet: true})
	if err != nil {
		return "", err
	}
	ctx, cancel := r.within(budget)
	defer cancel()
	if _, err := early.service.Health(ctx, &pluginv1.HealthRequest{}); status.Code(err) != codes.FailedPrecondition {
		return "", fmt.Errorf("before Init it answers Health with %s; FailedPrecondition is right", status.Code(err))
	}
	early.finish()
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	if p.process != nil && p.process.Noise() != "" {
		return "", fmt.Errorf("it printed %q before the handshake; nothing may be printed on standard output before sdk.Serve", oneLine(p.process.Noise()))
	}
	if p.hello.GetPluginId() != r.manifest.ID || p.hello.GetVersion() != r.manifest.Version {
		return "", fmt.Errorf("it says that it is %s %s, the manifest %s %s; both are the same", p.hello.GetPluginId(), p.hello.GetVersion(), r.manifest.ID, r.manifest.Version)
	}
	if err := p.abilities(); err != nil {
		return "", err
	}
	if _, err := p.service.Init(ctx, &pluginv1.InitRequest{}); err == nil {
		return "", errors.New("its Init can be called twice; the second one is refused")
	}
	if p.ready > readyBudget {
		return "", fmt.Errorf("it took %s from the launch to ready; %s is the budget", round(p.ready), readyBudget)
	}
	seen := fmt.Sprintf("%s %s was ready after %s and serves %v.", r.manifest.ID, r.manifest.Version, round(p.ready), p.hello.GetAbilities())
	if p.process != nil && p.process.Isolation != "" {
		seen += " " + p.process.Isolation
	}
	return seen, nil
}

// byHand runs the program as somebody at a terminal would: it is no server then.
func (r *run) byHand() error {
	if r.inProcess() {
		return nil
	}
	dir, err := r.folder()
	if err != nil {
		return err
	}
	ctx, cancel := r.within(5 * time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.target.Program)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, surroundings(dir), time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("run by hand, without the core's cookie, it goes on running; it says what it is and ends")
	case !errors.As(err, &ended):
		return fmt.Errorf("run by hand, without the core's cookie, it ends with %q; an exit status other than 0 is right", fmt.Sprint(err))
	}
	return nil
}

// abilities wants those of the manifest's kinds, and no others.
func (p *plug) abilities() error {
	var want []string
	for _, kind := range p.manifest.Kinds {
		if kind == manifest.KindChannel && p.manifest.Live() {
			want = append(want, pluginv1.AbilityLive)
		} else {
			want = append(want, string(kind))
		}
	}
	if len(p.manifest.Routes) > 0 {
		want = append(want, pluginv1.AbilityRoute)
	}
	for _, ability := range want {
		if !p.has(ability) && ability != string(manifest.KindTemplate) { // templates may be files beside a program
			return fmt.Errorf("the manifest says %s, and Init answers the abilities %q", ability, p.hello.GetAbilities())
		}
	}
	for _, ability := range p.hello.GetAbilities() {
		if !slices.Contains(want, ability) {
			return fmt.Errorf("it says that it serves %q, of which its manifest says nothing", ability)
		}
	}
	return nil
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
