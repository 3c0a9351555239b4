package pluginhost

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of a step of a backfill.
const (
	backfillBudget = 10 * time.Minute
	maxNext        = 1 << 10 // bytes of the place where the next step goes on
	maxBrought     = 1 << 31
)

// Backfill implements channel.FarSide.
func (h *Host) Backfill(ctx context.Context, inbox channel.Inbox, step channel.BackfillStep,
	count func([]channel.Inbound, []channel.Result),
) (channel.BackfillAnswer, error) {
	s, session, err := h.calling(inbox.Plugin)
	if err != nil {
		return channel.BackfillAnswer{}, err
	}
	defer session.calls.end()
	ctx, cancel := context.WithTimeout(ctx, backfillBudget)
	defer cancel()
	key := backfillKey{inbox.ID, step.Run}
	h.backfills.begin(key, count)
	defer h.backfills.end(key)
	answer, err := session.channel.Backfill(ctx, &pluginv1.BackfillRequest{
		InstanceId: string(inbox.ID), Since: timestamppb.New(step.Since), Run: step.Run, After: step.After,
	})
	switch {
	case err != nil && status.Code(err) == codes.Unimplemented:
		return channel.BackfillAnswer{}, errs.Wrap(err, errs.Invalid, "backfill.unable", "The plugin says that it can bring older messages, and cannot.")
	case err != nil && status.Code(err) == codes.Unavailable && !session.died(ctx, err):
		s.log.WarnContext(ctx, "a plugin could not bring older messages", "inbox", string(inbox.ID), "error", err)
		return channel.BackfillAnswer{}, errs.Wrap(err, errs.Unavailable, extension.CodeNoAnswer, "The plugin could not bring them: "+words(err))
	case err != nil:
		return channel.BackfillAnswer{}, s.told(ctx, session, "Backfill", err)
	case len(answer.GetNext()) > maxNext:
		return channel.BackfillAnswer{}, h.badAnswer(ctx, extension.PluginID(inbox.Plugin), "Backfill", "the place to go on from has at most 1,024 bytes.")
	}
	return channel.BackfillAnswer{Found: int(min(answer.GetFound(), maxBrought)), Next: answer.GetNext()}, nil
}

// backfills are the steps that are under way, and who counts what they bring. The
// zero value has none.
//
// Concurrency: safe for concurrent use.
type backfills struct {
	mu    sync.Mutex
	under map[backfillKey]func([]channel.Inbound, []channel.Result)
}

type backfillKey struct {
	inbox channel.InboxID
	run   string
}

func (b *backfills) begin(key backfillKey, count func([]channel.Inbound, []channel.Result)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.under == nil {
		b.under = make(map[backfillKey]func([]channel.Inbound, []channel.Result))
	}
	b.under[key] = count
}

func (b *backfills) end(key backfillKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.under, key)
}

// count tells who counts what became of the items that a backfill brought. Those
// of none that is under way are counted by nobody.
func (b *backfills) count(items []channel.Inbound, results []channel.Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, item := range items {
		if count := b.under[backfillKey{item.Inbox, item.Backfill}]; count != nil && item.Backfill != "" {
			count(items[i:i+1], results[i:i+1])
		}
	}
}
