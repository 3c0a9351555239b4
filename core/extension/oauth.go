package extension

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Rules of signing in at far sides.
const (
	signInLife   = 10 * time.Minute       // how long somebody may take there
	refreshEarly = time.Minute            // before a token ends
	refreshLease = 30 * time.Second       // longer than an endpoint may take
	refreshTime  = 15 * time.Second       // for an endpoint
	refreshPoll  = 100 * time.Millisecond // while somebody else gets it
	maxToken     = 16 << 10               // bytes of a token
)

// CallbackPath is where browsers come back to, below the server's address.
const CallbackPath = "/api/v1/oauth/plugin/callback"

// SignIns signs instances in at their far sides (RFC 6749, authorization code,
// with PKCE, RFC 7636) and keeps what that gave fresh. It is safe for concurrent
// use, and for several nodes on one database.
type SignIns struct {
	connections *ConnectionService
	tokens      TokenStore
	endpoint    TokenEndpoint
	redirect    string
}

// NewSignIns returns a SignIns for a server at baseURL.
func NewSignIns(c *ConnectionService, tokens TokenStore, endpoint TokenEndpoint, baseURL string) *SignIns {
	return &SignIns{connections: c, tokens: tokens, endpoint: endpoint, redirect: baseURL + CallbackPath}
}

// Redirect is the exact address that a far side must be told.
func (s *SignIns) Redirect() string { return s.redirect }

// party is us at a far side.
type party struct {
	instance.OAuth
	stored       Stored
	authorize    string
	token        string
	clientID     string
	clientSecret string
}

// party reads who we are at the far side out of an instance's configuration.
func (s *SignIns) party(ctx context.Context, w identity.WorkspaceID, id, pointer string) (party, error) {
	stored, err := s.connections.stored(ctx, w, id)
	if err != nil {
		return party{}, err
	}
	facts, ok := s.connections.Runner.Facts(stored.Plugin)
	if !ok {
		return party{}, errs.Absent()
	}
	field, ok := instance.FormOf(facts.ConfigSchema).Signed(pointer)
	if !ok {
		return party{}, errs.Absent()
	}
	open, err := s.connections.vault.Open(stored.owner(), stored.Secrets)
	if err != nil {
		return party{}, err
	}
	whole := instance.Candidate{Config: stored.Config, Secrets: open}
	out := party{OAuth: field, stored: stored, clientID: whole.Text(field.ClientID), clientSecret: whole.Text(field.ClientSecret)}
	if out.authorize, err = address(field.AuthorizeURL, whole); err != nil {
		return party{}, err
	}
	if out.token, err = address(field.TokenURL, whole); err != nil {
		return party{}, err
	}
	if out.clientID == "" {
		return party{}, incomplete("The settings of the connection name no client ID. Save it first, then sign in.")
	}
	return out, nil
}

func incomplete(sentence string) error {
	return errs.New(errs.Conflict, "connection.oauth_incomplete", sentence)
}

// address fills {/pointer}s of an address in. What is filled in is a part of a
// host name or of a path, and can be nothing else; at the very beginning it is
// the address of a server.
func address(template string, c instance.Candidate) (string, error) {
	const part = `\{(/[^{}]*)\}`
	bad := false
	if pointer, rest, ok := strings.Cut(strings.TrimPrefix(template, "{"), "}"); ok && strings.HasPrefix(template, "{/") {
		server := strings.TrimRight(c.Text(pointer), "/")
		u, err := url.Parse(server)
		bad = err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(server, "{}")
		template = server + rest
	}
	filled := regexp.MustCompile(part).ReplaceAllStringFunc(template, func(found string) string {
		value := c.Text(strings.Trim(found, "{}"))
		if !regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`).MatchString(value) || strings.Contains(value, "..") {
			bad = true
		}
		return value
	})
	u, err := url.Parse(filled)
	if bad || err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", incomplete("The address to sign in at cannot be made of the settings of the connection. Correct them first.")
	}
	return filled, nil
}

// Begin returns where the member's browser goes to sign an instance in. The way
// back is bound to the session that begins it.
func (s *SignIns) Begin(ctx context.Context, scope identity.Scope, id, pointer, session string) (string, error) {
	if err := scope.Require(manager(id)); err != nil {
		return "", err
	}
	if session == "" {
		return "", errs.New(errs.Forbidden, "connection.oauth_browser", "Only a person in a browser can sign in. An API key cannot.")
	}
	p, err := s.party(ctx, scope.Workspace, id, pointer)
	if err != nil {
		return "", err
	}
	state, verifier, now := random(), random(), s.connections.Now()
	x := SignIn{
		Workspace: scope.Workspace, StateHash: hashed(state), Instance: id, Pointer: pointer, Member: scope.Member(), Session: session,
		CreatedAt: now, ExpiresAt: now.Add(signInLife),
	}
	x.Sealed = s.connections.Sealer.Seal([]byte(verifier), x.about())
	if err := s.tokens.BeginSignIn(ctx, x); err != nil {
		return "", err
	}
	u, err := url.Parse(p.authorize)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("response_type", "code")
	q.Set("client_id", p.clientID)
	q.Set("redirect_uri", s.redirect)
	q.Set("state", state)
	if len(p.Scopes) > 0 {
		q.Set("scope", strings.Join(p.Scopes, " "))
	}
	if p.PKCE {
		sum := sha256.Sum256([]byte(verifier))
		q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		q.Set("code_challenge_method", "S256")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Over is the one answer to a state that is unknown, used, over, or another
// session's.
func Over() *errs.Error {
	return errs.New(errs.Unauthenticated, "connection.oauth_state", "This sign-in took too long, was used already, or began in another browser. Start again.")
}

// Take ends the wait for a sign-in. Its state works once, and in the session
// that began alone.
func (s *SignIns) Take(ctx context.Context, state, session string) (SignIn, error) {
	if state == "" || session == "" || len(state) > 200 {
		return SignIn{}, Over()
	}
	x, err := s.tokens.TakeSignIn(ctx, hashed(state), session, s.connections.Now())
	if errs.Is(err, errs.NotFound) {
		return SignIn{}, Over()
	}
	return x, err
}

// Arrival is what a browser brought back from a far side.
type Arrival struct {
	Code    string
	Refusal string // why there is no code; "" = there is
}

// Finish turns a code into tokens and keeps them. The member must still be
// allowed to.
func (s *SignIns) Finish(ctx context.Context, scope identity.Scope, x SignIn, a Arrival) error {
	if err := scope.Require(manager(x.Instance)); err != nil {
		return err
	}
	if scope.Workspace != x.Workspace || scope.Member() != x.Member {
		return Over()
	}
	if a.Refusal != "" || a.Code == "" {
		return denied("the far side did not agree")
	}
	p, err := s.party(ctx, x.Workspace, x.Instance, x.Pointer)
	if err != nil {
		return err
	}
	q := TokenRequest{URL: p.token, ClientID: p.clientID, ClientSecret: p.clientSecret, Redirect: s.redirect, Code: a.Code}
	verifier, err := s.connections.Sealer.Open(x.Sealed, x.about())
	if err != nil {
		return err
	}
	if p.PKCE {
		q.Verifier = string(verifier)
	}
	ctx, cancel := s.whole(ctx)
	defer cancel()
	answer, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	if answer.Refusal != "" {
		return denied(answer.Refusal)
	}
	t := Token{Workspace: x.Workspace, Instance: x.Instance, Pointer: x.Pointer, Member: x.Member}
	changed := s.changed(t)
	changed.Audit = identity.Record(ctx, scope, "connection.signed_in", event.Party{Kind: "connection", ID: x.Instance})
	if !IsConnection(x.Instance) {
		changed.Audit = identity.Record(ctx, scope, "inbox.signed_in", event.Party{Kind: "inbox", ID: x.Instance})
	}
	changed.Audit.Say(map[string]string{"field": x.Pointer})
	if err := s.keep(ctx, t, kept{Access: answer.Access, Refresh: answer.Refresh}, answer.ExpiresAt, changed); err != nil {
		return err
	}
	if s.connections.Again == nil {
		return nil
	}
	return s.connections.Again(ctx, x.Workspace, x.Instance, nil) // it is judged by its new credentials
}

func denied(why string) error {
	return errs.New(errs.Conflict, "connection.oauth_refused", "Signing in did not succeed: "+why+".")
}

// whole is a context in which an exchange runs to its end, whatever becomes of
// who asked: a code, or a refresh token, works once, and what it gave must be
// kept.
func (s *SignIns) whole(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), refreshTime)
}

func (s *SignIns) ask(ctx context.Context, q TokenRequest) (TokenAnswer, error) {
	answer, err := s.endpoint.Ask(ctx, q)
	if err == nil && answer.Refusal == "" && (answer.Access == "" || len(answer.Access) > maxToken || len(answer.Refresh) > maxToken) {
		err = errs.New(errs.Unavailable, "connection.oauth_answer", "The far side answered without a token that can be kept.")
	}
	return answer, err
}

// kept is what is sealed.
type kept struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh,omitempty"`
}

// keep seals tokens and saves them.
func (s *SignIns) keep(ctx context.Context, t Token, k kept, expires time.Time, events ...event.Event) error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	t.Sealed, t.State, t.ExpiresAt, t.UpdatedAt = s.connections.Sealer.Seal(text, t.about()), TokenOK, expires, s.connections.Now()
	return s.tokens.PutToken(ctx, t, events...)
}

// IsConnection reports whether an instance is a connection; otherwise it is an
// inbox.
func IsConnection(id string) bool { return strings.HasPrefix(id, ConnectionPrefix) }

// manager is what a member needs to sign an instance in.
func manager(id string) identity.Permission {
	if IsConnection(id) {
		return identity.PluginManage
	}
	return identity.InboxManage
}

// changed says that an instance fares otherwise now.
func (s *SignIns) changed(t Token) event.Event {
	kind := ConnectionChanged
	if !IsConnection(t.Instance) {
		kind = "inbox.changed"
	}
	return event.Event{
		ID: s.connections.ids.New("chg"), Workspace: string(t.Workspace), Type: kind, Subject: t.Instance, At: s.connections.Now(), Data: subject(t.Instance),
	}
}

// random returns 256 bits as text: a state, and a verifier as RFC 7636 wants it.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
