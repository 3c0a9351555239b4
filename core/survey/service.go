package survey

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Deps are the ports that Service works on.
type Deps struct {
	Store         Store
	Conversations conversation.Store
	Reader        conversation.Reader
	Tongues       Tongues
	Key           []byte // signs links; the same on every node and after a restart
	Now           func() time.Time
}

// Tongues knows in which language a customer is to be addressed.
type Tongues interface {
	// Tongues returns languages (BCP 47), the best first: the customer's own, if
	// a channel told it, and the workspace's.
	Tongues(ctx context.Context, workspace identity.WorkspaceID, customer contact.ID) ([]string, error)
}

// Service holds the use cases of ratings. It is safe for concurrent use.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// List returns a page of ratings with the summary of all that the filter
// selects, of conversations or tickets that the actor reaches. Those of others'
// work need RatingReadAll. Needs RatingRead, of tickets TicketRead, too.
func (s *Service) List(ctx context.Context, scope identity.Scope, f Filter, p page.Request) (page.Page[Rating], Summary, error) {
	if err := scope.Require(identity.RatingRead); err != nil {
		return page.Page[Rating]{}, Summary{}, err
	}
	if f.Tickets {
		if err := scope.Require(identity.TicketRead); err != nil {
			return page.Page[Rating]{}, Summary{}, err
		}
	}
	f.Reach = scope.Reach()
	if !scope.May(identity.RatingReadAll) {
		if f.Member != "" && f.Member != scope.Member() {
			return page.Page[Rating]{}, Summary{}, nil
		}
		f.Member = scope.Member()
	}
	all, err := s.Store.Ratings(ctx, scope.Workspace, f, p)
	if err != nil {
		return all, Summary{}, err
	}
	sum, err := s.Store.Summary(ctx, scope.Workspace, f)
	return all, sum, err
}

// Link returns the token of the link by which the customer can rate a
// conversation, and when it ends. It asks for a rating unless one is open.
// Errors: errs.Conflict rating.given when this part of the conversation was
// rated, rating.not_due when nothing was answered since the last request, or
// that was less than a day ago.
func (s *Service) Link(ctx context.Context, scope identity.Scope, id conversation.ID) (token string, until time.Time, err error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return "", until, err
	}
	err = s.Conversations.Within(ctx, scope.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		c, err := conversation.Take(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if c.Group {
			return errs.New(errs.Conflict, "rating.group", "A group is not asked for a rating: nobody of it answers for all.")
		}
		now := s.Now()
		if !c.AwaitsRating(now) {
			last, err := tx.LastAnswer(ctx, id)
			if err != nil {
				return err
			}
			if !c.RatingDue(now, last) {
				return notDue(c)
			}
			c.RequestRating(conversation.Turn{Actor: scope.Actor, At: now, IDs: s.ids}, conversation.ViaLink, last.Member)
			if err := tx.Save(ctx, c); err != nil {
				return err
			}
		}
		token, until = s.token(c.Rating), c.AskedAt.Add(conversation.RatingTTL)
		return nil
	})
	return token, until, err
}

func notDue(c *conversation.Conversation) error {
	if c.Rating != "" && c.RatedID == c.Rating {
		return errs.New(errs.Conflict, "rating.given", "The customer has rated this conversation. Ask again a day later, after they wrote and you answered.")
	}
	return errs.New(errs.Conflict, "rating.not_due", "A rating can be asked for after an answer, and again a day later, after the customer wrote and you answered.")
}

// State is what a rating link leads to.
type State string

// The states.
const (
	StateAsk     State = "ask"
	StateGiven   State = "given"
	StateExpired State = "expired" // too late, or something else was asked since
)

// Sheet is what a rating link shows.
type Sheet struct {
	State   State
	Tongues []string // in which it should be shown, the best first
}

// Open returns what a link leads to, or errs.Absent for a token that is not ours.
func (s *Service) Open(ctx context.Context, token string) (Sheet, error) {
	r, c, err := s.follow(ctx, token)
	if err != nil {
		return Sheet{}, err
	}
	out := Sheet{State: StateAsk}
	if out.Tongues, err = s.Tongues.Tongues(ctx, r.Workspace, c.Contact); err != nil {
		return Sheet{}, err
	}
	switch {
	case !r.GivenAt.IsZero():
		out.State = StateGiven
	case c.Rating != r.ID || !c.AwaitsRating(s.Now()):
		out.State = StateExpired
	}
	return out, nil
}

// AnswerLink takes the answer to a link; see conversation.Rate for errors.
func (s *Service) AnswerLink(ctx context.Context, token string, score int, comment string) error {
	r, _, err := s.follow(ctx, token)
	if err != nil {
		return err
	}
	return s.rate(ctx, r.Workspace, r.Conversation, conversation.RatingAnswer{
		Rating: r.ID, Score: score, Comment: comment, Via: conversation.ViaLink,
	})
}

// AnswerWidget takes a visitor's answer to what was last asked in their chat.
func (s *Service) AnswerWidget(ctx context.Context, v conversation.Visitor, score int, comment string) error {
	c, err := s.Reader.OfContact(ctx, v.Workspace, v.Inbox, v.External())
	if err != nil {
		return err
	}
	if c == nil || c.Rating == "" {
		return errs.New(errs.Conflict, "rating.expired", "Nobody has asked for a rating here.")
	}
	return s.rate(ctx, v.Workspace, c.ID, conversation.RatingAnswer{Rating: c.Rating, Score: score, Comment: comment, Via: conversation.ViaWidget})
}

func (s *Service) rate(ctx context.Context, w identity.WorkspaceID, id conversation.ID, a conversation.RatingAnswer) error {
	return s.Conversations.Within(ctx, w, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, id)
		if err != nil {
			return err
		}
		t := conversation.Turn{At: s.Now(), IDs: s.ids, Actor: identity.Actor{
			Kind: identity.ActorContact, ID: string(c.Contact), Name: c.ContactName,
		}}
		if err := c.Rate(t, a); err != nil {
			return err
		}
		return tx.Save(ctx, c)
	})
}

// follow finds the rating of a link and its conversation.
func (s *Service) follow(ctx context.Context, token string) (Rating, conversation.Conversation, error) {
	name, _, ok := strings.Cut(token, ".")
	rating := conversation.RatingID("rat_" + name)
	if !ok || len(token) > 100 || !hmac.Equal([]byte(token), []byte(s.token(rating))) {
		return Rating{}, conversation.Conversation{}, errs.Absent()
	}
	r, err := s.Store.Rating(ctx, rating)
	if err != nil {
		return Rating{}, conversation.Conversation{}, err
	}
	c, err := s.Reader.Get(ctx, r.Workspace, r.Conversation)
	return r, c, err
}

// token signs a rating's id: 128 bits, which nobody guesses.
func (s *Service) token(rating conversation.RatingID) string {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("patchbay rating\x00" + string(rating)))
	return strings.TrimPrefix(string(rating), "rat_") + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
