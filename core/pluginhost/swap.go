package pluginhost

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// handOverLook is the time between two looks at whether only overdue items are
// waited for.
const handOverLook = 50 * time.Millisecond

// swap asks the plugin's goroutine to let a version take over.
type swap struct {
	to   installed
	done chan error // has room for one
}

// replace lets a version take over from the one that runs, beside it: the new
// process is started and told of everything, then it gets the calls, then what
// is being delivered by the old one is finished, and the new one delivers. When
// the new one does not get that far, the old one goes on as if nothing had been.
func (l *life) replace(ctx context.Context, old *company, to installed) (*company, error) {
	l.log.InfoContext(ctx, "plugin is being replaced", "from", old.session.installed.manifest.Version, "to", to.manifest.Version)
	next, err := l.start(ctx, to)
	if err != nil {
		out := failure(err)
		return nil, &process.StartError{Detail: l.withLastWords(out.detail, old.began), Cause: err}
	}
	paused := l.host.options.Now()
	l.handOver(ctx, old)
	fresh := l.accompany(ctx, next)
	pause := l.host.options.Now().Sub(paused)
	l.log.InfoContext(ctx, "plugin was replaced", "version", to.manifest.Version, "pause", pause)
	l.host.swapped(l.id, pause)
	l.retiring.Go(func() { l.retire(ctx, old) })
	l.move(l.ports, extension.Ready, "")
	return fresh, nil
}

// takeOver prepares a new process, which is configured and well, to deliver at
// once, and lets it bring the plugin's state into its form.
func (l *life) takeOver(ctx context.Context, old, next *session) error {
	if from := old.installed.manifest.Version; from != next.installed.manifest.Version {
		_, err := next.plugin.MigrateState(ctx, &pluginv1.MigrateStateRequest{FromVersion: from})
		if err != nil && status.Code(err) != codes.Unimplemented {
			return &process.StartError{Detail: fmt.Sprintf("It did not take over what version %s kept: %s", from, words(err))}
		}
	}
	if !next.abilities[pluginv1.AbilityChannel] {
		return nil
	}
	// The stream lives longer than the start.
	line, err := openLine(context.WithoutCancel(ctx), next.channel, l.bounded(next.installed), l.host.options.Now)
	if err != nil {
		return &process.StartError{Detail: "It does not take deliveries: " + words(err)}
	}
	line.version = next.installed.manifest.Version
	next.next = line
	return nil
}

// handOver lets the deliveries under way on the old process finish, and returns
// when none is: the new one may begin. What takes too long is cut, and counts as
// in flight at a crash; what is overdue already is not waited for.
func (l *life) handOver(ctx context.Context, old *company) {
	old.session.retired.Store(true)
	line := old.session.line.Load()
	if line == nil {
		return
	}
	line.stop()
	timing := l.host.options.Timing
	timer, tick := time.NewTimer(timing.HandOver), time.NewTicker(handOverLook)
	defer timer.Stop()
	defer tick.Stop()
	for waiting := true; waiting; {
		select {
		case <-old.delivered:
			return
		case <-timer.C:
			waiting = false
		case <-tick.C:
			late, others := line.overdue(timing.Overdue)
			waiting = late == 0 || others > 0
		}
	}
	l.log.WarnContext(ctx, "the old version did not finish its deliveries in time", "version", old.session.installed.manifest.Version)
	line.cancel()
	<-old.delivered
}

// retire ends a process that another took over from, when its calls are done.
func (l *life) retire(ctx context.Context, c *company) {
	timer := time.NewTimer(l.host.options.Timing.HandOver)
	defer timer.Stop()
	select {
	case <-c.session.calls.idle():
	case <-timer.C:
	case <-ctx.Done(): // the host ends: only as long as a drain
	case <-c.session.process.Exited():
	}
	l.drain(c.work, c.session, c.delivered) //nolint:contextcheck // the work's own
	l.bury(ctx, c.session, c.delivered)
	c.dismiss()
}

// exclusive reports whether the old version must end before a new one starts.
func exclusive(from, to installed) bool {
	return from.manifest.Runtime.Upgrade == manifest.UpgradeExclusive || to.manifest.Runtime.Upgrade == manifest.UpgradeExclusive
}
