package plugintest

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Backfill is one run of a backfill.
type Backfill struct {
	plugin *Plugin
	run    string
}

// BeginBackfill begins a run, of which Step is a step.
func (p *Plugin) BeginBackfill() *Backfill {
	return &Backfill{plugin: p, run: testhost.NewID("bfl")}
}

// Step has the channel bring what came, as the core does.
func (b *Backfill) Step(req channel.BackfillRequest) (channel.BackfillResponse, error) {
	p := b.plugin
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	answer, err := p.Channel.Backfill(ctx, &pluginv1.BackfillRequest{
		InstanceId: req.Instance.ID, Since: timestamppb.New(req.Since), Run: b.run, After: req.After,
	})
	return channel.BackfillResponse{Found: int(min(answer.GetFound(), 1<<31)), Next: answer.GetNext()}, err
}

// Brought returns what the run brought until now, in order, also what was there
// before and what was refused.
func (b *Backfill) Brought() []channel.Inbound {
	return each(b.plugin.host.engine.Brought(b.run), bridge.Inbound)
}
