package bridge

import (
	"context"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// maxNext bounds the place where a backfill goes on, in bytes.
const maxNext = 1 << 10

// runKey is what a context has the run of a backfill under.
type runKey struct{}

// runOf is the backfill that a context belongs to; "" = none.
func runOf(ctx context.Context) string {
	run, _ := ctx.Value(runKey{}).(string)
	return run
}

// Backfill asks the author. What is ingested with the context counts as brought
// by the run.
func (s *channelService) Backfill(ctx context.Context, req *pluginv1.BackfillRequest) (*pluginv1.BackfillResponse, error) {
	backfiller, able := s.can().Channel.(channel.Backfiller)
	out := &pluginv1.BackfillResponse{}
	ctx = context.WithValue(ctx, runKey{}, req.GetRun())
	err := s.call(ctx, "Backfill", req.GetInstanceId(), able, func(in instance.Instance) error {
		answer, err := backfiller.Backfill(ctx, channel.BackfillRequest{Instance: in, Since: timeOf(req.GetSince()), After: req.GetAfter()})
		if err == nil && len(answer.Next) > maxNext {
			err = errs.Reject(codeTooLarge, "the place where a backfill goes on has at most 1,024 bytes")
		}
		out.Found, out.Next = uint64(max(answer.Found, 0)), answer.Next
		return err
	})
	return out, err
}
