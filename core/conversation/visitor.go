package conversation

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
)

// How long an anonymous visitor session lasts.
const (
	VisitorTTL = 90 * 24 * time.Hour // the last third of it asks for a new token
)

// tokenGrace is how long the token before a new one works: another tab may
// have it still.
const tokenGrace = time.Minute

// Knock is a visitor who asks to talk.
type Knock struct {
	Token    string // of an earlier session; "" = none
	Identity string // the site's token for a person; "" = none
	Request  channel.SessionRequest
}

// Welcome is an open visitor session.
type Welcome struct {
	Visitor Visitor
	Token   string // secret; stored only as a hash
	Resumed bool
	Policy  channel.SessionAnswer
}

// LiveInbox returns an enabled live inbox, or errs.Absent.
func (s *Service) LiveInbox(ctx context.Context, id channel.InboxID) (channel.Inbox, error) {
	inbox, err := s.Inboxes.Inbox(ctx, id)
	if err != nil {
		return channel.Inbox{}, err
	}
	if !inbox.Live || !inbox.Enabled {
		return channel.Inbox{}, errs.Absent()
	}
	return inbox, nil
}

// OpenSession lets a visitor in: it asks the channel's policy, resumes the
// session of a valid token, or makes a new one. With the plugin down the last
// known policy decides, by its list of origins. With an identity token the
// session is that person's: see admit. A session of somebody else is never
// resumed.
func (s *Service) OpenSession(ctx context.Context, id channel.InboxID, k Knock) (Welcome, error) {
	inbox, err := s.LiveInbox(ctx, id)
	if err != nil {
		return Welcome{}, err
	}
	person, err := s.vouched(ctx, inbox, k.Identity)
	if err != nil {
		return Welcome{}, err
	}
	from, current, err := s.presented(ctx, inbox, k.Token)
	if err != nil {
		return Welcome{}, err
	}
	v, resumed := from, current && (person == nil || from.Subject == person.Subject)
	if !resumed {
		v = Visitor{Workspace: inbox.Workspace, ID: VisitorID(s.ids.New("vis")), Inbox: inbox.ID}
	}
	k.Request.Session, k.Request.Resumed = string(v.ID), resumed
	policy, err := s.policy(ctx, inbox, k.Request)
	if err != nil {
		return Welcome{}, err
	}
	if !policy.Allow {
		return Welcome{}, errs.New(errs.Forbidden, "visitor.refused", refusal(policy.Reason))
	}
	if person == nil && !v.Verified() && policy.Live().Identity.Required {
		return Welcome{}, errs.New(errs.Unauthenticated, "identity.required",
			"Sign in on this website first: this chat is for its signed-in users. (To developers: the session needs an identity token.)")
	}
	w := Welcome{Visitor: v, Token: k.Token, Resumed: resumed, Policy: policy}
	if !resumed {
		s.begin(&w, k.Request)
	}
	switch {
	case person != nil:
		return w, s.admit(ctx, inbox, &w, from, *person)
	case resumed:
		return w, s.goOn(ctx, &w)
	default:
		return w, s.Visitors.CreateVisitor(ctx, w.Visitor)
	}
}

func refusal(reason string) string {
	if reason = clean(reason); reason == "" {
		return "This chat is not available here."
	}
	return cut(reason, 300)
}

// begin gives a new session its token, its end, and what the browser and the
// policy tell.
func (s *Service) begin(w *Welcome, r channel.SessionRequest) {
	v, now := &w.Visitor, s.Now()
	w.Token = newVisitorToken(v.ID)
	v.TokenHash, v.CreatedAt, v.ExpiresAt = hashToken(w.Token), now, now.Add(VisitorTTL)
	v.Name, v.Locale = cut(clean(w.Policy.Name), contact.MaxName), cut(clean(r.Locale), 35)
	known := map[string]string{"page_url": r.PageURL, "page_title": r.PageTitle, "referrer": r.Referrer, "locale": r.Locale}
	maps.DeleteFunc(known, func(_, value string) bool { return clean(value) == "" })
	maps.Copy(known, w.Policy.Attributes) // what the policy says outweighs what the browser says
	v.Attributes = attributes(known)
}

// goOn renews a resumed session's token when it is time. A person's session is
// not prolonged by itself: it lasts as long as the site vouches for them.
func (s *Service) goOn(ctx context.Context, w *Welcome) error {
	v, now := w.Visitor, s.Now()
	due := !v.Verified() && v.ExpiresAt.Sub(now) <= VisitorTTL/3
	if !due && hashToken(w.Token) == v.TokenHash {
		return nil
	}
	return s.Store.Within(ctx, v.Workspace, func(ctx context.Context, tx Tx) error {
		v, err := tx.VisitorSession(ctx, v.ID)
		if err != nil {
			return err
		}
		token, renewed, err := s.renew(&v, w.Token, due)
		if err != nil {
			return err
		}
		if renewed {
			v.ExpiresAt = now.Add(VisitorTTL)
			err = tx.PutVisitor(ctx, v)
		}
		w.Visitor, w.Token = v, token
		return err
	})
}

// renew returns the token that the holder of a token uses from now on: another
// one when it is due. Tabs that share a session and come with the same token
// get the same new one, for as long as the old one works.
func (s *Service) renew(v *Visitor, token string, due bool) (next string, renewed bool, err error) {
	now, hash := s.Now(), hashToken(token)
	switch {
	case !now.Before(v.ExpiresAt):
		return "", false, errSessionInvalid()
	case hash == v.PreviousHash && now.Before(v.PreviousUntil):
		return nextVisitorToken(v.ID, token, v.Renewal), false, nil
	case hash != v.TokenHash:
		return "", false, errSessionInvalid()
	case !due:
		return token, false, nil
	}
	v.Renewal = nonce()
	next = nextVisitorToken(v.ID, token, v.Renewal)
	v.PreviousHash, v.PreviousUntil, v.TokenHash = hash, now.Add(tokenGrace), hashToken(next)
	return next, true, nil
}

// policy asks the plugin; when it cannot answer, the last known answer decides.
func (s *Service) policy(ctx context.Context, inbox channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error) {
	answer, err := s.Plugins.OpenSession(ctx, inbox, r)
	if err == nil {
		return answer, s.keepPolicy(ctx, inbox, answer)
	}
	if !errs.Is(err, errs.Unavailable) {
		return answer, err
	}
	last, lastErr := s.Visitors.Policy(ctx, inbox)
	if lastErr != nil || last == nil {
		return answer, notNow(err)
	}
	if len(last.Origins) > 0 && !contains(last.Origins, r.EmbedOrigin) {
		return channel.SessionAnswer{}, nil
	}
	return *last, nil
}

// notNow words for a visitor that the channel's plugin does not run.
func notNow(cause error) error {
	e := errs.Wrap(cause, errs.Unavailable, "visitor.unavailable", "The chat is not available at this moment. Please try again shortly.")
	e.RetryAfter = max(errs.As(cause).RetryAfter, time.Second)
	return e
}

// keepPolicy remembers what an answer says of the inbox, not of the visitor,
// where that is news.
func (s *Service) keepPolicy(ctx context.Context, inbox channel.Inbox, answer channel.SessionAnswer) error {
	if !answer.Allow {
		return nil
	}
	answer.Name, answer.Attributes = "", nil
	last, err := s.Visitors.Policy(ctx, inbox)
	if err != nil || last != nil && reflect.DeepEqual(*last, answer) {
		return err
	}
	return s.Visitors.SavePolicy(ctx, inbox, answer)
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if strings.EqualFold(v, s) {
			return true
		}
	}
	return false
}

// Policy returns what an inbox's policy last said: settings for the widget and
// the origins that may embed it. It asks the plugin when nothing is known yet.
func (s *Service) Policy(ctx context.Context, inbox channel.Inbox) (channel.SessionAnswer, error) {
	last, err := s.Visitors.Policy(ctx, inbox)
	if err != nil {
		return channel.SessionAnswer{}, err
	}
	if last != nil {
		return *last, nil
	}
	return s.Plugins.OpenSession(ctx, inbox, channel.SessionRequest{})
}

// presented finds the session whose token a browser brought, and whether it
// goes on. One that ended is still known for a day; no session at all is the
// zero Visitor. A store that cannot tell is an error: a new session instead
// would cost the visitor the conversation.
func (s *Service) presented(ctx context.Context, inbox channel.Inbox, token string) (from Visitor, current bool, err error) {
	if token == "" {
		return Visitor{}, false, nil
	}
	v, holds, err := s.holder(ctx, inbox.ID, token)
	if err != nil || !holds {
		return Visitor{}, false, err
	}
	return v, s.Now().Before(v.ExpiresAt), nil
}

// Authenticate returns the visitor session of a token, or errs.Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, inbox channel.InboxID, token string) (Visitor, error) {
	v, holds, err := s.holder(ctx, inbox, token)
	if err != nil {
		return Visitor{}, err
	}
	if !holds || !s.Now().Before(v.ExpiresAt) {
		return Visitor{}, errSessionInvalid()
	}
	return v, nil
}

// StillOpen returns errs.Unauthenticated when a visitor session has ended.
func (s *Service) StillOpen(ctx context.Context, id VisitorID) error {
	v, err := s.Visitors.Visitor(ctx, id)
	if errs.Is(err, errs.NotFound) || err == nil && !s.Now().Before(v.ExpiresAt) {
		return errSessionInvalid()
	}
	return err
}

func errSessionInvalid() error {
	return errs.New(errs.Unauthenticated, "visitor.token_invalid", "The chat session is not valid any more. Open a new one.")
}

// holder returns the session of an inbox whose token this is or, until the
// grace is over, was.
func (s *Service) holder(ctx context.Context, inbox channel.InboxID, token string) (v Visitor, holds bool, err error) {
	id, _, ok := strings.Cut(token, ".")
	if !ok || len(token) > 200 || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Visitor{}, false, nil
	}
	v, err = s.Visitors.Visitor(ctx, VisitorID(id))
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			err = nil
		}
		return Visitor{}, false, err
	}
	hash := []byte(hashToken(token))
	holds = subtle.ConstantTimeCompare(hash, []byte(v.TokenHash)) == 1
	if subtle.ConstantTimeCompare(hash, []byte(v.PreviousHash)) == 1 && s.Now().Before(v.PreviousUntil) {
		holds = true
	}
	return v, holds && v.Inbox == inbox, nil
}

// dedup is the key under which a visitor's message is accepted once. A person's
// browsers share it; a subject may hold any character, so it goes in hashed.
func (v Visitor) dedup(clientID string) string {
	if v.Verified() {
		return hashOf(v.External()) + "/" + clientID
	}
	return string(v.ID) + "/" + clientID
}

// VisitorConversation returns the visitor's conversation; nil before the first message.
func (s *Service) VisitorConversation(ctx context.Context, v Visitor) (*Conversation, error) {
	return s.Reader.OfContact(ctx, v.Workspace, v.Inbox, v.External())
}

// VisitorChanges returns what the visitor may see after a public seq.
func (s *Service) VisitorChanges(ctx context.Context, v Visitor, after uint64, limit int) ([]Change, *Conversation, error) {
	c, err := s.VisitorConversation(ctx, v)
	if err != nil || c == nil {
		return nil, c, err
	}
	changes, err := s.Reader.Timeline(ctx, v.Workspace, c.ID, Range{Public: true, After: &after, Limit: limit})
	return changes, c, err
}

func newVisitorToken(id VisitorID) string { return string(id) + "." + nonce() }

// nextVisitorToken makes a token from the one before: who holds that one and
// the server, together, always make the same. What is stored, the nonce, is of
// no use without it.
func nextVisitorToken(id VisitorID, before, nonce string) string {
	mac := hmac.New(sha256.New, []byte(before))
	mac.Write([]byte("patchbay visitor token\x00" + nonce))
	return string(id) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// nonce returns 256 random bits as text.
func nonce() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
