package conversation

import (
	"context"
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
	"github.com/patchbay-im/patchbay/core/errs"
)

// How long a visitor session lasts, and when a new token is due.
const (
	VisitorTTL   = 90 * 24 * time.Hour
	visitorRenew = 30 * 24 * time.Hour // before the end
)

// Knock is a visitor who asks to talk.
type Knock struct {
	Token   string // of an earlier session; "" = none
	Request channel.SessionRequest
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
// known policy decides, by its list of origins.
func (s *Service) OpenSession(ctx context.Context, id channel.InboxID, k Knock) (Welcome, error) {
	inbox, err := s.LiveInbox(ctx, id)
	if err != nil {
		return Welcome{}, err
	}
	old, resumed, err := s.resume(ctx, inbox, k.Token)
	if err != nil {
		return Welcome{}, err
	}
	if !resumed {
		old = Visitor{Workspace: inbox.Workspace, ID: VisitorID(s.ids.New("vis")), Inbox: inbox.ID}
	}
	k.Request.Session, k.Request.Resumed = string(old.ID), resumed
	policy, err := s.policy(ctx, inbox, k.Request)
	if err != nil {
		return Welcome{}, err
	}
	if !policy.Allow {
		return Welcome{}, errs.New(errs.Forbidden, "visitor.refused", refusal(policy.Reason))
	}
	w := Welcome{Visitor: old, Token: k.Token, Resumed: resumed, Policy: policy}
	if resumed && old.ExpiresAt.Sub(s.Now()) > visitorRenew {
		return w, nil
	}
	return s.issue(ctx, w, k.Request)
}

func refusal(reason string) string {
	if reason = clean(reason); reason == "" {
		return "This chat is not available here."
	}
	return cut(reason, 300)
}

// issue stores the session under a new token.
func (s *Service) issue(ctx context.Context, w Welcome, r channel.SessionRequest) (Welcome, error) {
	v := &w.Visitor
	w.Token, v.TokenHash = newVisitorToken(v.ID)
	v.ExpiresAt = s.Now().Add(VisitorTTL)
	if w.Resumed {
		return w, s.Visitors.RenewVisitor(ctx, *v)
	}
	v.CreatedAt, v.Locale = s.Now(), cut(clean(r.Locale), 35)
	v.Name = cut(clean(w.Policy.Name), 200)
	known := map[string]string{"page_url": r.PageURL, "page_title": r.PageTitle, "referrer": r.Referrer, "locale": r.Locale}
	maps.DeleteFunc(known, func(_, value string) bool { return clean(value) == "" })
	maps.Copy(known, w.Policy.Attributes) // what the policy says outweighs what the browser says
	v.Attributes = attributes(known)
	return w, s.Visitors.CreateVisitor(ctx, *v)
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

// resume finds the session of a token. A store that cannot tell is an error:
// a new session instead would cost the visitor the conversation.
func (s *Service) resume(ctx context.Context, inbox channel.Inbox, token string) (Visitor, bool, error) {
	if token == "" {
		return Visitor{}, false, nil
	}
	v, err := s.Authenticate(ctx, inbox.ID, token)
	if errs.Is(err, errs.Unauthenticated) {
		return Visitor{}, false, nil
	}
	return v, err == nil, err
}

// Authenticate returns the visitor session of a token, or errs.Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, inbox channel.InboxID, token string) (Visitor, error) {
	invalid := errs.New(errs.Unauthenticated, "visitor.token_invalid", "The chat session is not valid any more. Open a new one.")
	id, _, ok := strings.Cut(token, ".")
	if !ok || len(token) > 200 || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Visitor{}, invalid
	}
	v, err := s.Visitors.Visitor(ctx, VisitorID(id))
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			return Visitor{}, invalid
		}
		return Visitor{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(hashToken(token)), []byte(v.TokenHash)) == 1
	if !same || v.Inbox != inbox || !s.Now().Before(v.ExpiresAt) {
		return Visitor{}, invalid
	}
	return v, nil
}

// VisitorConversation returns the visitor's conversation; nil before the first message.
func (s *Service) VisitorConversation(ctx context.Context, v Visitor) (*Conversation, error) {
	return s.Reader.OfContact(ctx, v.Workspace, v.Inbox, string(v.ID))
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

func newVisitorToken(id VisitorID) (token, hash string) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: see crypto/rand
	token = string(id) + "." + base64.RawURLEncoding.EncodeToString(secret[:])
	return token, hashToken(token)
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
