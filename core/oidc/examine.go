package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/identity"
)

// statement is what a provider says of itself (OpenID Connect Discovery 1.0, 3).
type statement struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// trouble is what stands in the way of a sign-in.
type trouble struct{ code, detail string }

func (t trouble) Error() string { return t.detail }

// Examine implements identity.OpenID. It asks anew, whatever is known, and
// believes nothing of the answer.
func (c *Client) Examine(ctx context.Context, issuer string) identity.Examination {
	var out identity.Examination
	if err := c.examine(ctx, issuer, &out); err != nil {
		t, ok := errors.AsType[trouble](err)
		if !ok {
			t.code, t.detail = c.explain(err)
		}
		out.Trouble, out.Detail = t.code, t.detail
	}
	return out
}

func (c *Client) examine(ctx context.Context, issuer string, out *identity.Examination) error {
	var said statement
	if err := c.read(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", identity.TroubleDocument, &said); err != nil {
		return err
	}
	switch {
	case said.Issuer != issuer:
		return trouble{identity.TroubleIssuer, fmt.Sprintf("It calls itself %q. The address must be the same, letter by letter.", said.Issuer[:min(len(said.Issuer), 300)])}
	case !address(said.Authorization) || !address(said.Token) || !address(said.Keys):
		return trouble{identity.TroubleDocument, "It does not say where people sign in, where tokens are given out, or where its keys are."}
	}
	out.Authorization, out.Token = said.Authorization, said.Token
	for _, a := range said.Algorithms {
		if slices.Contains(algorithms(), a) && !slices.Contains(out.Algorithms, a) {
			out.Algorithms = append(out.Algorithms, a)
		}
	}
	if len(out.Algorithms) == 0 {
		return trouble{identity.TroubleAlgorithm, "It signs with nothing that we believe: a key pair is needed, RS256 for example."}
	}
	var set struct{ Keys []json.RawMessage }
	if err := c.read(ctx, said.Keys, identity.TroubleKeys, &set); err != nil {
		return err
	}
	if out.Keys = len(set.Keys); out.Keys == 0 {
		return trouble{identity.TroubleKeys, "It publishes no keys, so nothing that it signs can be verified."}
	}
	return nil
}

// address reports whether a text is an address that a browser or we can ask.
func address(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// read reads a JSON document; what is none is trouble of the code.
func (c *Client) read(ctx context.Context, from, code string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return trouble{code, "An address cannot be read."}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err //nolint:wrapcheck // explained by the caller
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return trouble{identity.TroubleStatus, fmt.Sprintf("%s answers %s.", r.URL.Redacted(), answer.Status)}
	}
	raw, err := io.ReadAll(answer.Body) // bounded: see capped
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	if json.Unmarshal(raw, into) != nil {
		return trouble{code, r.URL.Redacted() + " answers something that is not the JSON document it should be."}
	}
	return nil
}
