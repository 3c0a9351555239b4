package channel

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Backfiller is a channel that can bring what came while nobody listened: the
// manifest's channel.can lists "backfill".
type Backfiller interface {
	// Backfill brings what came since a time by Env.Ingest, under the external
	// ids that it would have had, and with ctx or a context made of it: that is
	// how the core knows what was brought by request, and lets no acknowledgement
	// and no bot answer it. What the core has already counts as a duplicate.
	// What is new meanwhile is brought as ever, by whoever brings it.
	//
	// ctx ends after 10 minutes. What takes longer is done in steps: an answer
	// with Next is followed by a request with After. An error that the core may
	// overcome (errs.Unavailable) has the step asked for again after a pause, any
	// other one ends the run.
	Backfill(ctx context.Context, req BackfillRequest) (BackfillResponse, error)
}

// BackfillRequest says since when, and from where on.
type BackfillRequest struct {
	Instance instance.Instance
	Since    time.Time
	After    string // BackfillResponse.Next of the step before; "" = at the start
}

// BackfillResponse says what a step came to.
type BackfillResponse struct {
	Found int    // items that the far side had in this step, known ones too
	Next  string // there is more, and this is where to go on; at most 1,024 bytes. "" = that was all
}
