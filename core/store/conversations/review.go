package conversations

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// review is the part of a row that changes a few times in its life: who the
// customer turned out to be, and the ratings.
type review struct {
	recipient         string
	rating            string
	askedAt, askedSeq int64
	rated             string
	score             int64
	comment           string
	ratedAt           int64
}

func reviewOf(c *conversation.Conversation) review {
	return review{
		recipient: c.Recipient, rating: string(c.Rating), askedAt: db.Micros(c.AskedAt), askedSeq: db.Signed(c.AskedSeq),
		rated: string(c.RatedID), score: int64(c.Score), comment: c.Comment, ratedAt: db.Micros(c.RatedAt),
	}
}

// of completes what was read: the recipient is a column of every row.
func (r review) of(recipient string) review {
	r.recipient = recipient
	return r
}

func (r review) domain() conversation.Rated {
	return conversation.Rated{
		Rating: conversation.RatingID(r.rating), AskedAt: db.Time(r.askedAt), AskedSeq: db.Unsigned(r.askedSeq),
		RatedID: conversation.RatingID(r.rated), Score: int(r.score), Comment: r.comment, RatedAt: db.Time(r.ratedAt),
	}
}

// reviewColumns go with dest, for a conversation named c.
const reviewColumns = `c.rating_id, c.rating_asked_at, c.rating_asked_seq, c.rated_id, c.rating_score, c.rating_comment, c.rating_at`

func reviewDest(r *review) []any {
	return []any{&r.rating, &r.askedAt, &r.askedSeq, &r.rated, &r.score, &r.comment, &r.ratedAt}
}

// saveReview writes what changed of it, and the ratings that the changes tell of.
func (t *Tx) saveReview(ctx context.Context, c *conversation.Conversation, changes []conversation.Change, r review) error {
	err := t.tx.Queue(ctx, `UPDATE conversation SET recipient = ?, talk_key = ?, rating_id = ?, rating_asked_at = ?, rating_asked_seq = ?,
rated_id = ?, rating_score = ?, rating_comment = ?, rating_at = ? WHERE workspace_id = ? AND conversation_id = ?`,
		r.recipient, c.Key(), r.rating, r.askedAt, r.askedSeq, r.rated, r.score, r.comment, r.ratedAt, string(t.workspace), string(c.ID))
	if err != nil {
		return err
	}
	for _, ch := range changes {
		d := conversation.RatingOf(ch)
		switch ch.Type {
		case conversation.RatingRequested:
			err = t.tx.Queue(ctx, `INSERT INTO rating (workspace_id, rating_id, conversation_id, inbox_id, contact_id, member_id, team_id,
asked_at, expires_at, given_at, score, comment, via) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', ?)`,
				string(t.workspace), string(d.Rating), string(c.ID), string(c.Inbox), string(c.Contact), string(d.Member), string(c.Team),
				db.Micros(ch.At), db.Micros(ch.At.Add(conversation.RatingTTL)), string(d.Via))
		case conversation.RatingGiven:
			err = t.tx.Queue(ctx, `UPDATE rating SET given_at = ?, score = ?, comment = ?, via = ? WHERE workspace_id = ? AND rating_id = ?`,
				db.Micros(ch.At), d.Score, d.Comment, string(d.Via), string(t.workspace), string(d.Rating))
		default:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LastAnswer implements conversation.RatingTx.
func (t *Tx) LastAnswer(ctx context.Context, id conversation.ID) (conversation.Answer, error) {
	const query = `SELECT seq, sender_id FROM message
WHERE workspace_id = ? AND conversation_id = ? AND sender_kind = ? AND kind = ? ORDER BY seq DESC LIMIT 1`
	var seq int64
	var member string
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(id), string(identity.ActorMember), string(conversation.Text)}, &seq, &member)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Answer{}, nil
	}
	return conversation.Answer{Seq: db.Unsigned(seq), Member: identity.MemberID(member)}, err
}
