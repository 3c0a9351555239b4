package pluginhost

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/restart"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// company is what keeps a process company while it is ready.
type company struct {
	session   *session
	began     time.Time
	work      context.Context //nolint:containedctx // not the caller's: what is in flight is finished after that has ended
	stop      context.CancelFunc
	sick      chan string   // why the process must be ended
	worn      chan string   // why a fresh process is to take its place
	delivered chan struct{} // closed when nothing is delivered through it any more
	watchers  sync.WaitGroup
}

// accompany starts to keep company to a process.
func (l *life) accompany(ctx context.Context, s *session) *company {
	c := &company{
		session: s, began: l.host.options.Now(), sick: make(chan string, 4), worn: make(chan string, 1), delivered: make(chan struct{}),
	}
	c.work, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.watchers.Go(func() { l.watchProcess(c.work, s, c.sick) })
	c.watchers.Go(func() { l.watchItems(c.work, s, c.worn) })
	c.watchers.Go(func() { l.watchInboxes(c.work, s) })
	c.watchers.Go(func() { l.watchMemory(c.work, s, c.worn) })
	c.watchers.Go(func() { l.keepPlace(c.work, c.sick) })
	go func() {
		defer close(c.delivered)
		l.deliver(c.work, s)
	}()
	return c
}

// dismiss ends the company. The process is buried.
func (c *company) dismiss() {
	c.stop()
	<-c.delivered
	c.watchers.Wait()
}

// attend keeps company to a process from ready to its end, and to those that
// take over from it. Nothing it started is left when it returns, except what
// l.retiring waits for.
func (l *life) attend(ctx context.Context, s *session) ended {
	c := l.accompany(ctx, s)
	l.move(l.ports, extension.Ready, "")
	for {
		select {
		case <-c.session.process.Exited():
			return l.close(ctx, c, ended{detail: "It ended by itself"})
		case why := <-c.sick:
			l.log.WarnContext(ctx, "plugin is not well and is ended", "reason", why)
			return l.close(ctx, c, ended{detail: why})
		case <-l.again:
			l.reread()
			return l.finish(ctx, c, extension.Starting, "It finishes what is in flight, then starts anew.")
		case <-ctx.Done():
			return l.finish(ctx, c, extension.Stopped, "It finishes what is in flight.")
		case w := <-l.swaps:
			next, end := l.swap(ctx, c, w)
			if next == nil {
				return end
			}
			c = next
		case why := <-c.worn:
			l.log.WarnContext(ctx, "plugin is replaced by a fresh process", "reason", why)
			next, end := l.swap(ctx, c, swap{to: c.session.installed, done: make(chan error, 1)})
			if next == nil {
				return end
			}
			c = next
		case <-l.news:
			next, end := l.follow(ctx, c)
			if next == nil {
				return end
			}
			c = next
		}
	}
}

// swap lets a version take over. No company: the process has ended, and what
// comes next is for run to start.
func (l *life) swap(ctx context.Context, c *company, w swap) (*company, ended) {
	if exclusive(c.session.installed, w.to) { // it is wanted already
		return nil, l.finish(ctx, c, extension.Starting, "It finishes what is in flight, then version "+w.to.manifest.Version+" starts.")
	}
	next, err := l.replace(ctx, c, w.to)
	if err == nil {
		l.mu.Lock()
		l.wanted.Active = w.to.copy() // whoever asked writes it down
		l.mu.Unlock()
	}
	w.done <- err
	if err != nil {
		l.log.ErrorContext(ctx, "plugin could not be replaced", "to", w.to.manifest.Version, "error", err)
		return c, ended{}
	}
	return next, ended{}
}

// follow does what is wanted of the plugin now.
func (l *life) follow(ctx context.Context, c *company) (*company, ended) {
	l.mu.Lock()
	row := l.wanted
	l.mu.Unlock()
	if !row.Enabled {
		return nil, l.finish(ctx, c, extension.Stopped, "It finishes what is in flight, and is switched off then.")
	}
	if row.Active.Digest == "" || row.Active.Digest == c.session.installed.digest {
		return c, ended{}
	}
	to, err := l.stored(row.Active.Digest)
	if err != nil || to.fault != "" {
		return c, ended{} // this node does not have it; its page says so
	}
	return l.swap(ctx, c, swap{to: to, done: make(chan error, 1)})
}

// finish drains a process and ends it: nobody's fault.
func (l *life) finish(ctx context.Context, c *company, state extension.State, detail string) ended {
	l.move(l.ports, state, detail)
	l.drain(c.work, c.session, c.delivered) //nolint:contextcheck // the work's own
	return l.close(ctx, c, ended{asked: true})
}

// close buries a process and says how it ended.
func (l *life) close(ctx context.Context, c *company, out ended) ended {
	s := c.session
	out.began, out.ready = c.began, max(l.host.options.Now().Sub(c.began), 1)
	suspect, answered := delivery.ID(""), 0
	if line := s.line.Load(); line != nil {
		suspect, answered = line.alone()
	}
	l.bury(ctx, s, c.delivered)
	c.dismiss()
	if out.asked {
		return out
	}
	out.ending, out.weight = s.process.Ending(), l.excuse.weigh(suspect, answered)
	if s.outOfMemory {
		out.ending = fmt.Sprintf("out of memory (%d MiB)", memoryOf(s.installed.manifest.Resources)>>20)
		out.weight = max(out.weight*restart.Greedy, restart.Greedy)
	}
	out.detail = l.withLastWords(fmt.Sprintf("%s (%s).", out.detail, out.ending), c.began)
	return out
}

// excuse remembers the crashes that a message was to blame for. A message that
// was in flight alone at a crash, and at one before, is likely to be poison, and
// ends in the dead letters; that is no fault of the plugin's, unless it crashes
// on every message: between one such message and the next it must have answered
// another.
type excuse struct {
	last     delivery.ID
	answered int
}

// weigh returns what a crash counts.
func (e *excuse) weigh(suspect delivery.ID, answered int) int {
	e.answered += answered
	if suspect == "" || e.last != "" && suspect != e.last && e.answered == 0 {
		return restart.Crash
	}
	if suspect != e.last {
		e.last, e.answered = suspect, 0
	}
	return restart.Excused
}

// bury kills what is left of a process. Receipts that came before its end are
// still recorded: each that is not costs a duplicate.
func (l *life) bury(ctx context.Context, s *session, delivered <-chan struct{}) {
	s.ready.Store(false)
	s.process.Kill()
	for _, done := range []<-chan struct{}{delivered, s.process.Exited()} {
		timer := time.NewTimer(l.host.options.Timing.Terminate)
		select {
		case <-done:
		case <-timer.C:
		}
		timer.Stop()
	}
	s.outOfMemory = s.process.OutOfMemory()
	l.end(ctx, s)
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
			l.rests(ctx, s, timing.HealthWithin)
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

// watchInboxes asks how each inbox fares with its far side, now and then and
// after one was told new settings. It only tells; it restarts nothing.
func (l *life) watchInboxes(ctx context.Context, s *session) {
	tick := time.NewTicker(l.host.options.Timing.InstanceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.settings:
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

// watchMemory looks at how much memory the process occupies. Where the kernel
// does not end one that outgrows its limit, this does; one that is nearly full
// for long is to be replaced, at a moment that suits.
func (l *life) watchMemory(ctx context.Context, s *session, worn chan<- string) {
	most := memoryOf(s.installed.manifest.Resources)
	watched := slices.Contains(s.process.Reached().Measures, extension.MemoryWatched)
	tick := time.NewTicker(l.host.options.Timing.MemoryEvery)
	defer tick.Stop()
	below := l.host.options.Now() // when it was last seen below nine tenths
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, used := l.host.options.Now(), s.process.Memory()
		switch {
		case watched && used > most:
			s.process.Overrun()
			return
		case used <= most/10*9:
			below = now
		case now.Sub(below) >= l.host.options.Timing.Full:
			below = now
			replaced(worn, "its memory has been nearly full for long")
		}
	}
}

// watchItems looks for items that are not answered while others are: the account
// that they belong to hangs. A fresh process takes over, and nothing of the other
// accounts is lost by it.
func (l *life) watchItems(ctx context.Context, s *session, worn chan<- string) {
	timing := l.host.options.Timing
	tick := time.NewTicker(timing.HealthEvery)
	defer tick.Stop()
	var told time.Time // when it was said last
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		line, now := s.line.Load(), l.host.options.Now()
		if line == nil || now.Sub(told) < timing.Overdue {
			continue
		}
		if late, _ := line.overdue(timing.Overdue); late > 0 {
			told = now
			s.process.Dump() // its goroutines go to the journal
			replaced(worn, fmt.Sprintf("%d deliveries have had no answer for %v, while others have", late, timing.Overdue))
		}
	}
}

// replaced says why a process is to be replaced, unless that was said already.
func replaced(worn chan<- string, why string) {
	select {
	case worn <- why:
	default:
	}
}

// deliver keeps a line open for as long as the process lives.
func (l *life) deliver(ctx context.Context, s *session) {
	if !s.abilities[pluginv1.AbilityChannel] {
		return
	}
	for {
		line, err := l.nextLine(ctx, s)
		if err == nil {
			s.line.Store(line)
			if s.retired.Load() {
				line.stop() // another took over meanwhile
			}
			err = l.ports.Deliverer.Serve(ctx, l.id, line)
			line.close()
		}
		if ctx.Err() != nil || !s.ready.Load() || s.retired.Load() {
			return
		}
		l.log.WarnContext(ctx, "delivery stream ended", "error", err)
		if !l.rests(ctx, s, l.host.options.Timing.Reopen) {
			return
		}
	}
}

// nextLine returns the line that was opened before its time, or opens one.
func (l *life) nextLine(ctx context.Context, s *session) (*line, error) {
	if line := s.next; line != nil {
		s.next = nil
		return line, nil
	}
	line, err := openLine(ctx, s.channel, l.bounded(s.installed), l.host.options.Now)
	if err == nil {
		line.version = s.installed.manifest.Version
	}
	return line, err
}

// rests waits; false when the process or the work ended meanwhile.
func (l *life) rests(ctx context.Context, s *session, d time.Duration) bool {
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
