package main

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// ledger does what Telegram has no key for once, and knows what nobody saw the end
// of. Unlike package once it does not wait for a process that died: the core says
// of a delivery that it was in flight then, and that is the answer.
type ledger struct{ state host.State }

const (
	unknown = "?"              // the result of what nobody knows the end of
	holdFor = 40 * time.Second // longer than a delivery may take
	keepFor = 24 * time.Hour   // the host keeps 100,000 results for an inbox
	again   = 8                // how often a person may have the same sent once more
)

// do runs fn unless it ran under the key, and returns its result. With suspect it
// may have been under way when a process died: then what is not known to be done,
// or never begun, is errs.Doubt. Without, somebody wants it done whatever was
// before, and only what is known to be done is not done again.
func (l ledger) do(ctx context.Context, key string, suspect bool, fn func(context.Context) (string, error)) (string, error) {
	for n := range again {
		k := key + strings.Repeat("+", n)
		claim, err := l.state.Claim(ctx, host.ClaimRequest{Key: k, Within: holdFor})
		if err != nil {
			return "", err
		}
		switch claim.State {
		case host.ClaimDone:
			if string(claim.Result) != unknown {
				return string(claim.Result), nil
			}
			if suspect {
				return "", doubt(nil)
			}
			continue
		case host.ClaimHeld:
			if suspect {
				return "", doubt(nil)
			}
			continue // of a process that died: the core has one attempt at a time
		case host.ClaimLapsed:
			if suspect {
				l.keep(ctx, k, claim.Token, unknown)
				return "", doubt(nil)
			}
		case host.ClaimGranted:
		}
		return l.attempt(ctx, k, claim.Token, fn)
	}
	return "", doubt(nil)
}

func (l ledger) attempt(ctx context.Context, key, token string, fn func(context.Context) (string, error)) (string, error) {
	result, err := fn(ctx)
	switch {
	case err == nil:
		l.keep(ctx, key, token, result)
		return result, nil
	case api.Undone(err):
		ctx, cancel := after(ctx)
		defer cancel()
		_ = l.state.Abandon(ctx, key, token) // it lapses by itself
		return "", err
	default:
		l.keep(ctx, key, token, unknown)
		return "", doubt(err)
	}
}

// keep writes down what came of a claim. Where that fails the claim lapses, and
// what is suspect then is in doubt.
func (l ledger) keep(ctx context.Context, key, token, result string) {
	ctx, cancel := after(ctx)
	defer cancel()
	_, _ = l.state.Complete(ctx, host.CompleteRequest{Key: key, Token: token, Result: []byte(result), Keep: keepFor})
}

// after is a context for what must be written down although the caller leaves.
func after(ctx context.Context) (context.Context, context.CancelFunc) {
	const within = 5 * time.Second
	return context.WithTimeout(context.WithoutCancel(ctx), within)
}

func doubt(cause error) error {
	return errs.Doubt(cause, "Nobody knows whether Telegram has the message: its answer did not come. Look into the chat.")
}
