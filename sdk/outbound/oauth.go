package outbound

import (
	"net/http"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// OAuth adds the access token of a field with x-oauth to each request. When the
// far side refuses it (401) the host gets another one, and the request is sent
// once more, if its body can be read again. For Options.Wrap:
//
//	outbound.Options{Wrap: outbound.OAuth(env.For(in.ID).Tokens, "/sign_in")}
func OAuth(tokens host.Tokens, pointer string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return &signed{tokens: tokens, pointer: pointer, next: next}
	}
}

type signed struct {
	tokens  host.Tokens
	pointer string
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s *signed) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := s.tokens.Access(r.Context(), s.pointer, "")
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as the interface asks
		}
		return nil, err
	}
	resp, err := s.next.RoundTrip(bearing(r, token))
	if err != nil || resp.StatusCode != http.StatusUnauthorized || r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return resp, err
	}
	fresh, err := s.tokens.Access(r.Context(), s.pointer, token.Value)
	if err != nil || fresh.Value == token.Value {
		return resp, nil //nolint:nilerr // the answer says that the sign-in is over
	}
	again := bearing(r, fresh)
	if r.GetBody != nil {
		if again.Body, err = r.GetBody(); err != nil {
			return resp, nil //nolint:nilerr // as above
		}
	}
	_ = resp.Body.Close() // the second answer counts
	return s.next.RoundTrip(again)
}

func bearing(r *http.Request, t host.Token) *http.Request {
	out := r.Clone(r.Context())
	out.Header.Set("Authorization", "Bearer "+t.Value)
	return out
}
