package main

import (
	"context"
	"os"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// Backfill brings "known", "new" and "nobody's", and then "last", over which its
// process dies once.
func (b *bad) Backfill(ctx context.Context, req channel.BackfillRequest) (channel.BackfillResponse, error) {
	bring := func(ids ...string) error {
		for _, id := range ids {
			in := channel.Inbound{Instance: req.Instance.ID, ExternalID: id, Sender: channel.Person{ID: "alice"}, Content: message.Text("boo")}
			if id == "nobody's" {
				in.Sender.ID = ""
			}
			if err := b.env.Ingest(ctx, in); err != nil && errs.As(err).Source != errs.Rejected {
				return err
			}
		}
		return nil
	}
	switch req.After {
	case "":
		return channel.BackfillResponse{Found: 4, Next: "last"}, bring("known", "new", "nobody's")
	case "away":
		return channel.BackfillResponse{}, errs.Unavailable(nil, "the kettle is cold")
	case "refused":
		return channel.BackfillResponse{}, errs.Reject("teapot", "no teapot, no service")
	case "far":
		return channel.BackfillResponse{Next: strings.Repeat("x", 1025)}, nil
	}
	if err := bring("last"); err != nil {
		return channel.BackfillResponse{}, err
	}
	if read("died") == "" {
		_ = os.WriteFile("died", []byte("once"), 0o600)
		os.Exit(9)
	}
	return channel.BackfillResponse{Found: 1}, nil
}
