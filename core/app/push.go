package app

import (
	"context"
	"encoding/json"
	"fmt"
	_ "time/tzdata" // quiet hours are in the zone of their member, which this machine may not know

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/outbound"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/wire"
)

// openPush makes what tells browsers without an open window.
func (s *server) openPush() error {
	signer, err := push.NewSigner(s.box.Derive, s.config.BaseURL())
	if err != nil {
		return err //nolint:wrapcheck // push's own sentence
	}
	kept, poster := s.store.Pushes(s.box), pusher{outbound.NewPoster(s.out, outbound.Push)}
	s.pusher = push.NewSender(push.SenderDeps{
		Ledger: kept, Accounts: s.store.Identities().Accounts, Doors: s.identity.Sessions, News: s.notifications, Renderer: leaflet{},
		Poster: poster, Signer: signer, Now: s.now, Log: s.log,
	})
	s.pushes = &push.Service{Store: kept, Signer: signer, Poster: poster, Sender: s.pusher, Now: s.now}
	return nil
}

// runPush sends what is due until ctx ends.
func (s *server) runPush(ctx context.Context) error {
	if s.config.Database.URL == "" { // no other process is at work on an embedded database
		if err := s.store.Pushes(s.box).Unclaim(ctx); err != nil {
			return fmt.Errorf("take up pushes that were under way: %w", err)
		}
	}
	cancel, err := s.bus.Subscribe(event.SubjectNotify+"*", func(string, []byte) { s.pusher.Wake() })
	if err != nil {
		return fmt.Errorf("listen for pushes: %w", err)
	}
	defer cancel()
	s.pusher.Run(ctx)
	return nil
}

// pusher implements push.Poster.
type pusher struct{ *outbound.Poster }

// Post implements push.Poster.
func (p pusher) Post(ctx context.Context, address string, headers [][2]string, body []byte) push.Answer {
	a := p.Poster.Post(ctx, address, headers, body)
	out := push.Answer{Status: a.Status, RetryAfter: a.RetryAfter()}
	if a.Status == 0 {
		out.Code = a.Code
	}
	return out
}

// leaflet implements push.Renderer.
type leaflet struct{}

// Render implements push.Renderer.
func (leaflet) Render(n notification.Notification) (json.RawMessage, string, error) {
	shape, err := json.Marshal(wire.NotificationOf(n))
	return shape, placeOf(n), err //nolint:wrapcheck // it always marshals
}
