package identity

import (
	"context"
)

// maxRefusals is how many refused sign-ins wait to be recorded; the log of the
// process names those beyond.
const maxRefusals = 256

// refusal is a wrong password for an account that exists.
type refusal struct {
	account AccountID
	client  Client
}

// refuse has a refused sign-in recorded, later: the answer must not take longer
// for an account that exists.
func (c *commons) refuse(ctx context.Context, account AccountID, client Client) {
	if account == "" {
		return
	}
	select {
	case c.refusals <- refusal{account, client}:
	default:
		c.Log.WarnContext(ctx, "a refused sign-in is not in the audit log: too many at once", "account", account, "address", client.address())
	}
}

// Watch records refused sign-ins in the audit log of the account's workspaces
// until ctx ends, and then those that wait. The application runs it once.
func (s *Sessions) Watch(ctx context.Context) {
	for {
		select {
		case r := <-s.refusals:
			s.record(context.WithoutCancel(ctx), r)
		case <-ctx.Done():
			for {
				select {
				case r := <-s.refusals:
					s.record(context.WithoutCancel(ctx), r)
				default:
					return
				}
			}
		}
	}
}

func (s *Sessions) record(ctx context.Context, r refusal) {
	events, err := s.everywhere(ctx, r.account, r.client, SignInRefused, nil)
	if err == nil && len(events) > 0 {
		err = s.Stores.Records.Keep(ctx, events...)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a refused sign-in is not in the audit log", "account", r.account, "error", err)
	}
}
