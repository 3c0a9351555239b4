package extension

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// SignInNeeded is returned when a member must sign in (again) at the far side.
func SignInNeeded() *errs.Error {
	return errs.New(errs.Conflict, "connection.auth_expired", "The far side does not let us in any more. Sign in again on the page of the connection or the inbox.")
}

// AccessToken implements AccessTokens. One node at a time gets a new token: a
// refresh token that is used twice may end them all.
func (s *SignIns) AccessToken(ctx context.Context, w identity.WorkspaceID, id, pointer, refused string) (AccessToken, error) {
	for {
		t, err := s.tokens.Token(ctx, w, id, pointer)
		if errs.Is(err, errs.NotFound) {
			return AccessToken{}, s.none(ctx, w, id, pointer)
		}
		if err != nil {
			return AccessToken{}, err
		}
		k, err := s.open(t)
		if err != nil {
			return AccessToken{}, err
		}
		now := s.connections.Now()
		lives := t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt)
		if k.Access != refused && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt.Add(-refreshEarly))) {
			return AccessToken{Value: k.Access, ExpiresAt: t.ExpiresAt}, nil
		}
		mine, err := s.tokens.ClaimToken(ctx, t, now, now.Add(refreshLease))
		switch {
		case err != nil:
			return AccessToken{}, err
		case mine:
			return s.refresh(ctx, t, k)
		case lives && k.Access != refused: // somebody is about to get the next one
			return AccessToken{Value: k.Access, ExpiresAt: t.ExpiresAt}, nil
		}
		if err := rest(ctx, refreshPoll); err != nil {
			return AccessToken{}, err
		}
	}
}

// none says why there is no token.
func (s *SignIns) none(ctx context.Context, w identity.WorkspaceID, id, pointer string) error {
	if _, err := s.party(ctx, w, id, pointer); err != nil {
		return err
	}
	return SignInNeeded()
}

func (s *SignIns) open(t Token) (kept, error) {
	var k kept
	if t.State != TokenOK || t.Sealed == "" {
		return k, SignInNeeded()
	}
	text, err := s.connections.Sealer.Open(t.Sealed, t.about())
	if err != nil {
		return k, err
	}
	return k, json.Unmarshal(text, &k)
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errs.Wrap(ctx.Err(), errs.Unavailable, "connection.oauth_busy", "A new token for the far side is being got. Try again.")
	}
}

// refresh gets a new token with the claim in hand (RFC 6749, 6), and keeps what
// came before anybody sees it.
func (s *SignIns) refresh(ctx context.Context, t Token, k kept) (AccessToken, error) {
	ctx, cancel := s.whole(ctx)
	defer cancel()
	if k.Refresh == "" {
		return AccessToken{}, s.expire(ctx, t)
	}
	p, err := s.party(ctx, t.Workspace, t.Instance, t.Pointer)
	if err != nil {
		return AccessToken{}, s.release(ctx, t, err)
	}
	answer, err := s.ask(ctx, TokenRequest{URL: p.token, ClientID: p.clientID, ClientSecret: p.clientSecret, Refresh: k.Refresh})
	switch {
	case err != nil:
		return AccessToken{}, s.release(ctx, t, err)
	case answer.Refusal == "invalid_grant": // it was used, taken back, or is too old
		return AccessToken{}, s.expire(ctx, t)
	case answer.Refusal != "":
		return AccessToken{}, s.release(ctx, t, denied(answer.Refusal))
	}
	next := kept{Access: answer.Access, Refresh: answer.Refresh}
	if next.Refresh == "" {
		next.Refresh = k.Refresh
	}
	for {
		err = s.keep(ctx, t, next, answer.ExpiresAt)
		if !errs.Is(err, errs.Unavailable) || rest(ctx, refreshPoll) != nil {
			break // kept, or refused for good, or the time is over
		}
	}
	if err != nil {
		return AccessToken{}, err
	}
	return AccessToken{Value: next.Access, ExpiresAt: answer.ExpiresAt}, nil
}

// release gives the claim back after an error.
func (s *SignIns) release(ctx context.Context, t Token, cause error) error {
	_ = s.tokens.PutToken(ctx, t) // or it lapses
	return cause
}

// expire notes that a member must sign in again, and lets the console know.
func (s *SignIns) expire(ctx context.Context, t Token) error {
	t.Sealed, t.State, t.ExpiresAt, t.UpdatedAt = "", TokenExpired, time.Time{}, s.connections.Now()
	if err := s.tokens.PutToken(ctx, t, s.changed(t)); err != nil {
		return err
	}
	return SignInNeeded()
}
