package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// Rating is the customer's last word on a conversation.
type Rating struct {
	Score   int       `json:"score" minimum:"1" maximum:"5"`
	Comment string    `json:"comment,omitempty"`
	At      time.Time `json:"at"`
}

// ratingOf is nil until there is one.
func ratingOf(r conversation.Rated) *Rating {
	if r.RatedID == "" {
		return nil
	}
	return &Rating{Score: r.Score, Comment: r.Comment, At: Stamp(r.RatedAt)}
}
