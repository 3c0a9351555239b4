package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// slack is how much memory a plugin may grow by under a slow host or a load,
// in bytes: garbage that was not collected yet, not the work itself.
const slack = 24 << 20

// flow is scenario 5: it respects credits, and a slow host does not make it
// grow.
func flow(r *run) (string, error) {
	streams := r.manifest.Channel != nil && !r.manifest.Live()
	brings := r.manifest.Asks("messages:ingest")
	if !streams && !brings {
		return "", notApplicable("Credits are of streams, and it has none: it serves no messaging channel and brings no messages by itself.")
	}
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	if !streams {
		return "", notApplicable("It brings messages by itself, and only its far side can make it do so.")
	}
	if err := p.works(200, lanes); err != nil {
		return "", err
	}
	before := p.memory()
	if err := p.lazyReader(); err != nil {
		return "", err
	}
	n, pace := r.count(100, 300), r.pick(40*time.Millisecond, time.Second)
	p.core.set(func(c *core) { c.pace = pace })
	if r.far != nil && r.far != far(p.core) {
		r.far.behave(manner{Delay: pace})
	}
	if err := p.works(n, lanes); err != nil {
		return "", fmt.Errorf("with a slow host: %w", err)
	}
	if err := p.core.breaches(); err != nil {
		return "", err
	}
	if before == 0 {
		return "Credits were respected both ways; memory is a matter of processes.", nil
	}
	if grown := p.memory() - before; grown > slack {
		return "", fmt.Errorf("while the host was slow it grew by %d MiB; what waits belongs to the host, so %d is the limit", grown>>20, slack>>20)
	}
	return fmt.Sprintf("Credits were respected both ways, and a host that takes one message every %s made it grow by less than %d MiB.", pace, slack>>20), nil
}

// lazyReader sends as much as credits allow and reads nothing for a while: no
// more credits may come than receipts.
func (p *plug) lazyReader() error {
	ctx, cancel := p.within(time.Minute)
	defer cancel()
	w := newWorked()
	l, err := p.openLine(ctx, w.take)
	if err != nil {
		return err
	}
	for round := range 3 {
		tasks := p.tasks(l.credits, lanes)
		for rest := tasks; len(rest) > 0; {
			n := min(len(rest), pluginv1.MaxBatch)
			if err := l.send(rest[:n]); err != nil {
				return fmt.Errorf("the stream broke while nobody read: %w", err)
			}
			rest = rest[n:]
		}
		if err := p.pause(p.pick(300*time.Millisecond, 5*time.Second)); err != nil {
			return err
		}
		for len(l.inFlight) > 0 {
			if err := l.recv(); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
		if l.credits != l.window {
			return broke("with nothing in flight the host has %d credits, and the window is %d; each receipt gives one back", l.credits, l.window)
		}
		if err := allDone(driver{unit: "delivery"}, tasks, w); err != nil {
			return err
		}
	}
	return nil
}

// drain is scenario 8: all that is in flight is answered, nothing new is taken,
// and the process ends well.
func drain(r *run) (string, error) {
	p, drivers, err := r.worker()
	if err != nil {
		return "", err
	}
	if r.far != nil {
		r.far.behave(manner{Delay: 200 * time.Millisecond})
	}
	d := drivers[0]
	var took time.Duration
	var n int
	if d.ability == pluginv1.AbilityChannel {
		took, n, err = p.drainLine()
	} else {
		took, n, err = p.drainCalls(d)
	}
	if err != nil {
		return "", err
	}
	if took > drainBudget {
		return "", fmt.Errorf("the drain took %s with %d in flight; %s is the budget", round(took), n, drainBudget)
	}
	if err := p.endsWell(); err != nil {
		return "", err
	}
	return fmt.Sprintf("Drained in %s with %d in flight, every one was answered.", round(took), n), nil
}

func (p *plug) drainLine() (time.Duration, int, error) {
	ctx, cancel := p.within(drainBudget + budget)
	defer cancel()
	w := newWorked()
	l, err := p.openLine(ctx, w.take)
	if err != nil {
		return 0, 0, err
	}
	tasks := p.tasks(min(l.credits, window), 16)
	for rest := tasks; len(rest) > 0; {
		n := min(len(rest), pluginv1.MaxBatch)
		if err := l.send(rest[:n]); err != nil {
			return 0, 0, err
		}
		rest = rest[n:]
	}
	if err := l.stream.CloseSend(); err != nil {
		return 0, 0, err
	}
	took, err := p.drained()
	if err != nil {
		return took, len(tasks), err
	}
	for {
		err := l.recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return took, len(tasks), fmt.Errorf("after Drain the Deliver stream ended badly: %w", err)
		}
	}
	if len(l.inFlight) > 0 {
		return took, len(tasks), fmt.Errorf("%d of %d receipts are lost; all that is in flight is answered before Drain is", len(l.inFlight), len(tasks))
	}
	if err := settledAll("delivery", tasks, w); err != nil {
		return took, len(tasks), err
	}
	late, err := pluginv1.NewChannelServiceClient(p.conn).Deliver(ctx)
	if err == nil {
		_, err = late.Recv()
	}
	if err == nil {
		return took, len(tasks), errors.New("it takes deliveries after it was drained")
	}
	return took, len(tasks), nil
}

// settledAll wants each task done, or put off, without a fault.
func settledAll(unit string, tasks []task, w *worked) error {
	for _, t := range tasks {
		a, ok := w.get(t.token)
		if !ok {
			return fmt.Errorf("the %s %s was never answered", unit, t.token)
		}
		if a.fault || !a.settled() && a.outcome != pluginv1.Outcome_OUTCOME_RETRY {
			return fmt.Errorf("the %s %s became: %v; it should be done, put off or refused", unit, t.token, a)
		}
	}
	return nil
}

func (p *plug) drainCalls(d driver) (time.Duration, int, error) {
	ctx, cancel := p.within(drainBudget + budget)
	defer cancel()
	tasks, w := p.tasks(window, window), newWorked()
	ended := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		close(begun)
		ended <- d.perform(ctx, p, tasks, w.take)
	}()
	<-begun
	took, err := p.drained()
	if err = errors.Join(err, <-ended); err != nil {
		return took, len(tasks), err
	}
	if err := settledAll(d.unit, tasks, w); err != nil {
		return took, len(tasks), err
	}
	after := p.tasks(1, 1)
	late, err := p.do(d, after, budget)
	if err != nil {
		return took, len(tasks), err
	}
	if a, _ := late.get(after[0].token); a.outcome != pluginv1.Outcome_OUTCOME_RETRY || a.fault {
		return took, len(tasks), fmt.Errorf("a %s after the drain became: %v; it is put off", d.unit, a)
	}
	return took, len(tasks), nil
}

// exitBudget is for the process after SIGTERM, and for one whose host is gone.
const exitBudget = 5 * time.Second

// endsWell terminates the process and wants the exit status 0.
func (p *plug) endsWell() error {
	if p.process == nil {
		return nil
	}
	if err := p.signal(sigterm); err != nil {
		return fmt.Errorf("SIGTERM: %w", err)
	}
	if !p.exits(exitBudget) {
		return fmt.Errorf("%s after Drain and SIGTERM it still runs; it ends with the exit status 0", exitBudget)
	}
	if how := p.process.Ending(); how != "exit status 0" {
		return fmt.Errorf("after Drain and SIGTERM it ended with %q; the exit status 0 is right", how)
	}
	return nil
}

// failures is scenario 7: whatever the far side does, nothing is accepted that
// did not happen, and nothing is given up that may work later.
func failures(r *run) (string, error) {
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	if r.far == nil {
		return "", notApplicable("%s names no provider, so there is no far side that could fail.", SpecFile)
	}
	tried := 0
	for _, d := range p.drivers() {
		if !d.carries {
			continue
		}
		for _, f := range r.faults() {
			plays, err := p.fails(d, f)
			if err != nil {
				return "", fmt.Errorf("the far side %s: %w", f.name, err)
			}
			if plays {
				tried++
			}
		}
	}
	if tried == 0 {
		return "", notApplicable("What it is given does not go on to a far side.")
	}
	return fmt.Sprintf("Of %d ways to fail none made it accept or give up what did not happen.", tried), nil
}

// fault is a way to fail.
type fault struct {
	name  string
	how   manner
	after time.Duration // the pause it asks for
}

// doubtful reports whether the far side may have done what it did not answer.
func (f fault) doubtful() bool {
	return f.how.Cut || f.how.Hang || f.how.Status >= http.StatusInternalServerError
}

// mayDoubt reports whether nobody may know what became of a task: the far side of
// such a channel does not know a message again.
func (p *plug) mayDoubt(d driver) bool {
	return d.ability == pluginv1.AbilityChannel && p.manifest.Channel != nil && !p.manifest.Channel.SendKey
}

const asked = 7 * time.Second

func (r *run) faults() []fault {
	all := []fault{
		{"answers 429 with Retry-After", manner{Status: 429, RetryAfter: asked}, asked},
		{"answers 429 with a date", manner{Status: 429, RetryAfter: asked, Dated: true}, asked},
		{"answers 429 and not when", manner{Status: 429}, 0},
		{"answers 500", manner{Status: 500}, 0},
		{"answers 503", manner{Status: 503}, 0},
		{"cuts the connection", manner{Cut: true}, 0},
		{"answers garbage", manner{Garbage: true}, 0},
		{"does not answer", manner{Hang: true}, 0},
	}
	return all
}

// fails has the far side fail once, and then work; false if it cannot fail so.
func (p *plug) fails(d driver, f fault) (plays bool, err error) {
	defer p.far.behave(manner{})
	if !p.far.behave(f.how) {
		return false, nil
	}
	return true, p.failsOnce(d, f)
}

func (p *plug) failsOnce(d driver, f fault) error {
	tasks := p.tasks(1, 1)
	if f.how.Hang {
		stop := context.AfterFunc(p.ctx, func() {})
		defer stop()
		timer := time.AfterFunc(p.pick(time.Second, 40*time.Second), func() { p.far.behave(manner{Cut: true}) })
		defer timer.Stop()
	}
	w, err := p.do(d, tasks, p.pick(20*time.Second, time.Minute))
	if err != nil {
		return err
	}
	a, ok := w.get(tasks[0].token)
	switch {
	case !ok:
		return errors.New("the " + d.unit + " was never answered")
	case a.done():
		return fmt.Errorf("the %s was accepted, and did not happen; it is put off (RETRY)", d.unit)
	case f.how.Garbage && !a.fault:
	case f.doubtful() && p.mayDoubt(d) && a.outcome == pluginv1.Outcome_OUTCOME_UNKNOWN: // a person has it sent again
	case a.outcome != pluginv1.Outcome_OUTCOME_RETRY || a.fault:
		return fmt.Errorf("the %s became: %v; it is put off (RETRY), as a failure of the far side", d.unit, a)
	case f.after > 0 && (a.after < f.after-3*time.Second || a.after > f.after+3*time.Second):
		return fmt.Errorf("the %s is put off for %s, and the far side asked for %s", d.unit, round(a.after), f.after)
	}
	p.far.behave(manner{})
	return p.recovers(d, tasks)
}

// recovers wants a task to work once the far side does.
func (p *plug) recovers(d driver, tasks []task) error {
	var a reaction
	for range 20 {
		w, err := p.do(d, tasks, 20*time.Second)
		if err != nil {
			return err
		}
		if a, _ = w.get(tasks[0].token); a.settled() {
			break
		}
		if err := p.pause(min(max(a.after, 200*time.Millisecond), time.Second)); err != nil {
			return err
		}
		tasks[0].attempt++
	}
	if !a.settled() {
		return fmt.Errorf("it works again, and the %s still becomes: %v", d.unit, a)
	}
	return nil
}
