package endpoint

import (
	"context"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// Credentials are who we are: a password, or access tokens.
type Credentials struct {
	Username string
	Password string
	// Token gives an access token, as host.Tokens does: refused is one that the
	// server has just refused, or "". nil = the Password is used.
	Token func(ctx context.Context, refused string) (string, error)
}

// Tokens are Credentials of the field with x-oauth at a JSON pointer.
func Tokens(tokens host.Tokens, pointer, username string) Credentials {
	return Credentials{Username: username, Token: func(ctx context.Context, refused string) (string, error) {
		t, err := tokens.Access(ctx, pointer, refused)
		return t.Value, err
	}}
}

// Mechanism chooses, of the mechanisms that a server offers, one that fits.
type Mechanism func(offered []string) (sasl.Client, error)

// SignIn calls attempt, which connects, asks for a mechanism and runs the
// exchange. When that ends with errs.CodeAuthExpired and there are tokens, the
// host is asked for another one, and attempt is called once more.
func (c Credentials) SignIn(ctx context.Context, s Server, attempt func(Mechanism) error) error {
	if c.Token == nil {
		return attempt(c.password)
	}
	token, err := c.Token(ctx, "")
	if err != nil {
		return err
	}
	by := func(offered []string) (sasl.Client, error) { return c.bearer(s, offered, token) }
	if err = attempt(by); !CredentialsRejected(err) {
		return err
	}
	fresh, tokenErr := c.Token(ctx, token)
	if tokenErr != nil {
		return tokenErr
	}
	if fresh == token {
		return err
	}
	token = fresh
	return attempt(by)
}

// password chooses a mechanism for a password.
func (c Credentials) password(offered []string) (sasl.Client, error) {
	switch {
	case offers(offered, sasl.Plain):
		return sasl.NewPlainClient("", c.Username, c.Password), nil
	case offers(offered, sasl.Login):
		return sasl.NewLoginClient(c.Username, c.Password), nil
	case offers(offered, xoauth2), offers(offered, sasl.OAuthBearer):
		return nil, errs.Reject(CodeNoSignIn, "The mail server takes no passwords, only a sign-in (OAuth).")
	default:
		return nil, errs.Reject(CodeNoSignIn, "The mail server offers no way to sign in with a password"+list(offered)+".")
	}
}

// bearer chooses a mechanism for a token.
func (c Credentials) bearer(s Server, offered []string, token string) (sasl.Client, error) {
	switch {
	case offers(offered, xoauth2):
		return &once{mechanism: xoauth2, first: []byte("user=" + c.Username + "\x01auth=Bearer " + token + "\x01\x01")}, nil
	case offers(offered, sasl.OAuthBearer):
		mechanism, first, err := sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: c.Username, Token: token, Host: s.Host, Port: s.Port}).Start()
		return &once{mechanism: mechanism, first: first}, err
	default:
		return nil, errs.Reject(CodeNoSignIn, "The mail server does not take a sign-in by OAuth"+list(offered)+".")
	}
}

func offers(offered []string, mechanism string) bool {
	return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, mechanism) })
}

func list(offered []string) string {
	if len(offered) == 0 {
		return ""
	}
	return " (it offers " + strings.Join(offered, ", ") + ")"
}

// xoauth2 is what Google and Microsoft had before RFC 7628, and still have:
// https://developers.google.com/workspace/gmail/imap/xoauth2-protocol.
const xoauth2 = "XOAUTH2"

// once is a mechanism of one message. A challenge after it is the server's
// reason to refuse.
type once struct {
	mechanism string
	first     []byte
}

// Start implements sasl.Client.
func (o *once) Start() (mechanism string, first []byte, err error) { return o.mechanism, o.first, nil }

// Next implements sasl.Client.
func (o *once) Next(challenge []byte) ([]byte, error) {
	return nil, SignInFailed(Rejected, string(challenge), nil)
}
