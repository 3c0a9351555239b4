package conversation

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/quote"
)

// maxSaid is how many messages of a conversation are looked through for what a
// new one repeats.
const maxSaid = 50

// letter is the text of an addressed message as it came. By its marks it is
// folded at once; what it repeats without marks its conversation knows.
type letter struct {
	text   *quote.Text
	quoted string // what the channel has folded itself
	html   string
}

// asLetter folds the text by its marks.
func (w *Written) asLetter() {
	w.letter = &letter{text: quote.Read(w.Text), quoted: w.Carried.Quoted, html: w.HTML}
	w.fold()
}

// fold parts what is new of a letter from what was said already.
func (w *Written) fold(said ...quote.Folded) {
	folded := w.letter.text.Fold(said...)
	w.Text, w.HTML, w.Carried.Cut = folded.New, w.letter.html, false
	w.Carried.Quoted = strings.Trim(folded.Rest+"\n\n"+w.letter.quoted, "\n")
	w.fit()
}

// folded is what somebody wrote in a conversation, with what it repeats of that
// folded away.
func folded(ctx context.Context, tx Tx, c *Conversation, w Written) (Written, error) {
	if w.letter == nil || c.isNew || !w.letter.text.Asks() {
		return w, nil
	}
	said, err := tx.Said(ctx, c.ID, maxSaid)
	if err != nil || len(said) == 0 {
		return w, err
	}
	w.fold(said...)
	return w, nil
}
