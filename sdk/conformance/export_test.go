package conformance

import (
	"context"
	"time"
)

// TryProgram starts a provider of an author's, asks it to play, and ends it.
func TryProgram(ctx context.Context, run ...string) (plays bool, err error) {
	p, err := newProgram(ctx, Spec{Provider: Provider{Kind: ProviderProgram, Run: run}})
	if err != nil {
		return false, err
	}
	plays = p.behave(manner{Delay: time.Second}) || len(p.arrivals()) > 0 //nolint:contextcheck // it is asked whatever becomes of the run
	return plays, p.close()
}
