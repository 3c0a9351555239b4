package pluginhost

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// attend keeps company to a process from ready to its end. Nothing it started
// is left when it returns.
func (l *life) attend(ctx context.Context, s *session) ended {
	s.ready.Store(true)
	began := l.host.options.Now()
	l.move(l.ports, extension.Ready, "", time.Time{})
	// Not ctx: what is in flight is finished after ctx has ended.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	sick := make(chan string, 2)
	delivered := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { l.watchProcess(work, s, sick) })
	wg.Go(func() { l.watchInboxes(work, s) })
	go func() {
		defer close(delivered)
		l.deliver(work, s)
	}()

	out := ended{}
	select {
	case <-s.process.Exited():
		out.detail = "It ended by itself"
	case out.detail = <-sick:
		l.log.WarnContext(ctx, "plugin is not well and is ended", "reason", out.detail)
	case <-l.again:
		out.asked = true
		l.move(l.ports, extension.Starting, "It finishes what is in flight, then starts anew.", time.Time{})
		l.drain(work, s, delivered)
	case <-ctx.Done():
		out.asked = true
		l.move(l.ports, extension.Stopped, "It finishes what is in flight.", time.Time{})
		l.drain(work, s, delivered)
	}
	out.ready = max(l.host.options.Now().Sub(began), 1)
	l.bury(s, delivered)
	stop()
	<-delivered
	wg.Wait()
	if !out.asked {
		out.detail = l.withLastWords(fmt.Sprintf("%s (%s).", out.detail, s.process.Ending()), began)
	}
	return out
}

// bury kills what is left of a process. Receipts that came before its end are
// still recorded: each that is not costs a duplicate.
func (l *life) bury(s *session, delivered <-chan struct{}) {
	s.ready.Store(false)
	s.process.Kill()
	timer := time.NewTimer(l.host.options.Timing.Terminate)
	defer timer.Stop()
	select {
	case <-delivered:
	case <-timer.C:
	}
	l.end(s)
}

// withLastWords adds the last line that the process wrote.
func (l *life) withLastWords(text string, since time.Time) string {
	if last := l.journal.Last(since); last != "" {
		text += " Its last words: " + cut(last, 200)
	}
	return text
}

// drain lets what is in flight finish, and ends the process gently.
func (l *life) drain(ctx context.Context, s *session, delivered <-chan struct{}) {
	timing := l.host.options.Timing
	s.ready.Store(false)
	if line := s.line.Load(); line != nil {
		line.stop()
	}
	ctx, cancel := context.WithTimeout(ctx, timing.Drain)
	defer cancel()
	answer, err := s.plugin.Drain(ctx, &pluginv1.DrainRequest{Within: durationpb.New(timing.Drain * 9 / 10)})
	switch {
	case err != nil:
		l.log.WarnContext(ctx, "plugin did not drain", "error", err)
	case answer.GetUnfinished() > 0:
		l.log.WarnContext(ctx, "plugin gave up what was in flight", "items", answer.GetUnfinished())
	}
	select { // the last receipts are on their way to the ledger
	case <-delivered:
	case <-ctx.Done():
	}
	s.process.Terminate()
	timer := time.NewTimer(timing.Terminate)
	defer timer.Stop()
	select {
	case <-s.process.Exited():
	case <-timer.C:
	}
}

// watchProcess asks whether the process answers at all, and whether deliveries
// move.
func (l *life) watchProcess(ctx context.Context, s *session, sick chan<- string) {
	timing := l.host.options.Timing
	tick := time.NewTicker(timing.HealthEvery)
	defer tick.Stop()
	misses := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if line := s.line.Load(); line != nil && line.stalled(timing.Stalled) {
			s.process.Dump() // its goroutines go to the journal
			l.pause(ctx, s, timing.HealthWithin)
			sick <- fmt.Sprintf("It has answered no delivery for %v", timing.Stalled)
			return
		}
		within, cancel := context.WithTimeout(ctx, timing.HealthWithin)
		err := process.Healthy(within, s.process.Conn())
		cancel()
		if err == nil {
			misses = 0
			continue
		}
		if misses++; misses >= timing.HealthMisses {
			sick <- fmt.Sprintf("It did not answer %d questions after its health", misses)
			return
		}
	}
}

// watchInboxes asks how each inbox fares with its far side. It only tells; it
// restarts nothing.
func (l *life) watchInboxes(ctx context.Context, s *session) {
	tick := time.NewTicker(l.host.options.Timing.InstanceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		news, err := l.check(ctx, s)
		if err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "plugin does not say how its inboxes fare", "error", err)
		}
		if news {
			l.ports.OnChange(l.id)
		}
	}
}

// deliver keeps a line open for as long as the process lives.
func (l *life) deliver(ctx context.Context, s *session) {
	if !s.abilities[pluginv1.AbilityChannel] {
		return
	}
	for {
		line, err := openLine(ctx, s.channel, l.host.options.Now)
		if err == nil {
			line.version = l.installed().manifest.Version
			s.line.Store(line)
			err = l.ports.Deliverer.Serve(ctx, l.id, line)
			line.close()
		}
		if ctx.Err() != nil || !s.ready.Load() {
			return
		}
		l.log.WarnContext(ctx, "delivery stream ended", "error", err)
		if !l.pause(ctx, s, l.host.options.Timing.Reopen) {
			return
		}
	}
}

// pause waits; false when the process or the work ended meanwhile.
func (l *life) pause(ctx context.Context, s *session, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.process.Exited():
		return false
	}
}
