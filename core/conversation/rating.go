package conversation

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// RatingID names a rating that was asked for: rat_.
type RatingID string

// Rules and limits of ratings.
const (
	RatingTTL        = 30 * 24 * time.Hour // how long a customer may answer
	RatingPause      = 24 * time.Hour      // between two requests, at least
	MaxScore         = 5                   // 1 is worst
	MaxRatingComment = 1000                // characters
)

// RatingVia is the way by which a rating is asked for or given.
type RatingVia string

// The ways.
const (
	ViaWidget RatingVia = "widget"
	ViaLink   RatingVia = "link"
)

// Rated is what a conversation knows of its ratings: the last one that was
// asked for, and the last that was given.
type Rated struct {
	Rating   RatingID // the last asked for; "" = never
	AskedAt  time.Time
	AskedSeq uint64   // of the change that asked
	RatedID  RatingID // the last given; "" = never
	Score    int
	Comment  string
	RatedAt  time.Time
}

// Answer is a member's message to the customer.
type Answer struct {
	Seq    uint64
	Member identity.MemberID
}

// RatingData is the data of RatingRequested and RatingGiven.
type RatingData struct {
	Rating  RatingID          `json:"rating_id"`
	Via     RatingVia         `json:"via"`
	Member  identity.MemberID `json:"member_id,omitempty"` // whose work it is about
	Score   int               `json:"score,omitempty"`
	Comment string            `json:"comment,omitempty"`
}

// RatingOf reads the data of a RatingRequested or RatingGiven.
func RatingOf(ch Change) RatingData {
	var d RatingData
	_ = json.Unmarshal(ch.Data, &d) // we wrote it
	return d
}

// AwaitsRating reports whether the customer may still give the rating that was
// asked for.
func (c *Conversation) AwaitsRating(now time.Time) bool {
	return c.Rating != "" && c.RatedID != c.Rating && now.Before(c.AskedAt.Add(RatingTTL))
}

// RatingDue reports whether a rating may be asked for: never twice for the same
// part of a conversation. It takes an answer since the last request and, after
// the first, that the customer wrote again and a day has passed.
func (c *Conversation) RatingDue(now time.Time, last Answer) bool {
	if last.Member == "" || last.Seq <= c.AskedSeq {
		return false
	}
	return c.Rating == "" || c.LastInboundSeq > c.AskedSeq && now.Sub(c.AskedAt) >= RatingPause
}

// RequestRating asks the customer how the member did. What was asked for
// before and not given cannot be given any more. The caller has asked RatingDue.
func (c *Conversation) RequestRating(t Turn, via RatingVia, member identity.MemberID) {
	id := RatingID(t.IDs.New("rat"))
	ch := c.record(t, RatingRequested, nil, RatingData{Rating: id, Via: via, Member: member})
	c.Rating, c.AskedAt, c.AskedSeq = id, t.At, ch.Seq
}

// RatingAnswer is a rating as a customer gives it.
type RatingAnswer struct {
	Rating  RatingID
	Score   int
	Comment string
	Via     RatingVia
}

// Rate takes the customer's answer, once. Saying the same again is the same
// answer. Errors: errs.Invalid for a score or comment that cannot be,
// errs.Conflict rating.given when another answer was given, rating.expired when
// it is too late or something else was asked since.
func (c *Conversation) Rate(t Turn, a RatingAnswer) error {
	if err := a.check(); err != nil {
		return err
	}
	switch {
	case a.Rating == c.RatedID && a.Rating != "":
		if a.Score == c.Score && a.Comment == c.Comment {
			return nil
		}
		return errs.New(errs.Conflict, "rating.given", "You have rated this conversation already. Thank you.")
	case a.Rating != c.Rating || !c.AwaitsRating(t.At):
		return errs.New(errs.Conflict, "rating.expired", "This request for a rating is not open any more.")
	}
	c.RatedID, c.Score, c.Comment, c.RatedAt = a.Rating, a.Score, a.Comment, t.At
	c.record(t, RatingGiven, nil, RatingData{Rating: a.Rating, Via: a.Via, Score: a.Score, Comment: a.Comment})
	return nil
}

func (a *RatingAnswer) check() error {
	refuse := func(pointer, code, message string) error {
		return errs.New(errs.Invalid, "rating."+code, message).WithFields(errs.Field{Pointer: pointer, Code: code, Detail: message})
	}
	a.Comment = clean(a.Comment)
	if a.Score < 1 || a.Score > MaxScore {
		return refuse("/score", "score", "Choose 1 to 5.")
	}
	if utf8.RuneCountInString(a.Comment) > MaxRatingComment {
		return refuse("/comment", "comment_too_long", "The comment has at most 1,000 characters.")
	}
	return nil
}

// Identify records that the customer proved who they are: the inbox knows them
// by another external id from now on.
func (c *Conversation) Identify(t Turn, external string) {
	c.Recipient = external
	c.record(t, Identified, nil, map[string]string{"recipient": external})
}

// MarkOffline records that the customer wrote by the form for when nobody is
// there, and how they want to be reached.
func (c *Conversation) MarkOffline(t Turn, email, phone string) {
	c.record(t, OfflineChange, nil, map[string]string{"email": email, "phone": phone})
}

// RatingPolicy says whose customers are asked for a rating.
type RatingPolicy interface {
	// Asks reports whether the chat window of an inbox asks for a rating when a
	// conversation is resolved.
	Asks(ctx context.Context, workspace identity.WorkspaceID, inbox channel.InboxID) (bool, error)
}

// resolve closes a conversation and, in the same transaction, asks the customer
// of a chat window how it was, where that is due.
func (s *Service) resolve(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	asks, err := s.asksFor(ctx, scope, id)
	if err != nil {
		return Conversation{}, err
	}
	var out Conversation
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if c.MergedInto != "" {
			return errMerged(c)
		}
		t, open := s.turn(scope), c.State != Resolved
		c.Resolve(t)
		if asks && open {
			last, err := tx.LastAnswer(ctx, id)
			if err != nil {
				return err
			}
			if c.RatingDue(t.At, last) {
				c.RequestRating(t, ViaWidget, last.Member)
			}
		}
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		out = *c
		return nil
	})
	return out, err
}

func (s *Service) asksFor(ctx context.Context, scope identity.Scope, id ID) (bool, error) {
	if s.Ratings == nil || scope.Member() == "" {
		return false, nil
	}
	c, err := s.get(ctx, scope, id)
	if err != nil || !c.Live || c.State == Resolved {
		return false, err
	}
	return s.Ratings.Asks(ctx, scope.Workspace, c.Inbox)
}
