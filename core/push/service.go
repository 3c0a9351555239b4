package push

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Service holds what people do about their browsers.
//
// Concurrency: safe for concurrent use.
type Service struct {
	Store  Store
	Signer *Signer
	Poster Poster
	Sender *Sender
	Now    func() time.Time
}

// Draft is a subscription as a browser tells it. Key and Auth are base64url.
type Draft struct {
	Endpoint, Key, Auth string
	Say                 Say // "" = SayAll
}

const authSize = 16

// Subscribe has the browser of a session be told. Errors: errs.Invalid with the
// wrong fields named, TooMany.
func (s *Service) Subscribe(ctx context.Context, in identity.Session, d Draft) (Subscription, error) {
	out := Subscription{Session: in.ID, Account: in.Account, Endpoint: d.Endpoint, Say: d.Say, Since: s.Now().UTC().Truncate(time.Millisecond)}
	var wrong errs.Refusals
	switch err := s.Poster.Check(d.Endpoint); {
	case len(d.Endpoint) > maxEndpoint:
		wrong.Refuse("/endpoint", "length", "has at most 2048 bytes")
	case err != nil:
		wrong.Refuse("/endpoint", "refused", errs.As(err).Message)
	}
	var err error
	if out.Key, err = base64.RawURLEncoding.DecodeString(d.Key); err == nil {
		_, err = ecdh.P256().NewPublicKey(out.Key)
	}
	if err != nil {
		wrong.Refuse("/key", "format", "must be a point of P-256, uncompressed, in base64url")
	}
	if out.Auth, err = base64.RawURLEncoding.DecodeString(d.Auth); err != nil || len(out.Auth) != authSize {
		wrong.Refuse("/auth", "format", "must be 16 bytes in base64url")
	}
	switch out.Say {
	case "":
		out.Say = SayAll
	case SayAll, SayKind:
	default:
		wrong.Refuse("/say", "unknown", "must be all or kind")
	}
	if err := wrong.Refused("push.subscription", "This browser's subscription cannot be used."); err != nil {
		return Subscription{}, err
	}
	return out, s.Store.Subscribe(ctx, out)
}

// List returns the subscriptions of the session's account, the oldest first. A
// session that opens one workspace sees itself alone.
func (s *Service) List(ctx context.Context, in identity.Session) ([]Subscription, error) {
	all, err := s.Store.Subscriptions(ctx, in.Account)
	if err != nil || in.Workspace == "" {
		return all, err
	}
	for _, x := range all {
		if x.Session == in.ID {
			return []Subscription{x}, nil
		}
	}
	return nil, nil
}

// Unsubscribe ends one of List; errs.Absent when it is not there.
func (s *Service) Unsubscribe(ctx context.Context, in identity.Session, id identity.SessionID) error {
	if in.Workspace != "" && id != in.ID {
		return errs.Absent()
	}
	return s.Store.Unsubscribe(ctx, in.Account, id)
}

// Result is what came of a try.
type Result struct {
	Sent bool
	Code string // why not
}

// Test pushes something to the session's own browser and waits for what its
// push service says. Errors: errs.Absent when it is not told; errs.RateLimited.
func (s *Service) Test(ctx context.Context, in identity.Session, locale string) (Result, error) {
	all, err := s.Store.Subscriptions(ctx, in.Account)
	if err != nil {
		return Result{}, err
	}
	for _, x := range all {
		if x.Session == in.ID && x.Endpoint != "" {
			return s.Sender.try(ctx, x, locale)
		}
	}
	return Result{}, errs.Absent()
}
