package delivery

import (
	"context"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// Merger is a Store that makes one message of texts that wait one after the
// other (docs/adr/0050-what-channels-carry.md).
type Merger interface {
	// Merge lets the deliveries that wait right behind d leave with it, where
	// Run says so, and adds their texts to d's. That is stored before it
	// returns, so d has the same content on every attempt; Settle gives all
	// their messages its state, and the window back what was spent beyond one.
	Merge(ctx context.Context, d *Delivery, textLimit int) error
}

// Run returns how many of the deliveries of a conversation that wait, in their
// order, leave as one message: none, or at least two from the first on. They do
// when the window that the first was taken from has fewer messages left than
// wait in it. Only bare texts of one author do, which nobody tried before, as
// many as one message may hold. limit is in characters.
func Run(waiting []Delivery, left, limit int) int {
	if len(waiting) < 2 {
		return 0
	}
	first, same := &waiting[0], 0
	for i := range waiting {
		if waiting[i].ExpiresAt.Equal(first.ExpiresAt) {
			same++
		}
	}
	if left >= same {
		return 0
	}
	n, size := 0, 0
	for i := range waiting {
		d := &waiting[i]
		size += utf8.RuneCountInString(d.Content.Text)
		if !d.bare() || d.Author.Kind != first.Author.Kind || d.Author.ID != first.Author.ID || !d.ExpiresAt.Equal(first.ExpiresAt) || size > limit {
			break
		}
		size += utf8.RuneCountInString(Between)
		n++
	}
	if n < 2 {
		return 0
	}
	return n
}

// Between stands between texts that leave as one.
const Between = "\n"

// bare reports whether a delivery is a text that nobody tried before, and no more.
func (d Delivery) bare() bool {
	c := d.Content
	return d.Attempts == 0 && d.MergedTo == 0 && d.Act == Post && d.Quoted == 0 && d.Forwards == 0 && c.Text != "" && d.Template == nil && c.Envelope == nil && len(c.Files) == 0 && len(c.Mentions) == 0
}

// merge lets what waits behind the items of a batch leave with them, where a
// window is scarce. What may have left before leaves as it did then.
func (s *session) merge(ctx context.Context, batch []Delivery) error {
	store, ok := s.store.(Merger)
	if !ok || len(s.can.Windows) == 0 {
		return nil
	}
	limit := s.can.TextLimit
	if limit == 0 {
		limit = conversation.MaxText
	}
	for i := range batch {
		d := &batch[i]
		if d.Suspect || d.ExpiresAt.IsZero() || !d.bare() {
			continue
		}
		if err := store.Merge(ctx, d, limit); err != nil {
			return err
		}
	}
	return nil
}
