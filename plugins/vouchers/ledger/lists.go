package ledger

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Of lists what a customer was given, the latest first, with what those had who
// were merged into them.
func (l *Ledger) Of(ctx context.Context, contact string, limit int) ([]Gift, error) {
	if contact == "" { // those of whom was erased are nobody's
		return nil, nil
	}
	return l.read().gifts(ctx, ofPerson+` ORDER BY at DESC, id DESC LIMIT ?`, contact, limit)
}

// Search chooses gifts.
type Search struct {
	Text   string // a part of the code, the campaign, the giver, the note or an id
	Before string // Page.Next of the page before; "" = the latest
	Limit  int    // at least 1
}

// Page is a part of a list.
type Page struct {
	Gifts []Gift
	Next  string // "" = there are no more
}

// Given lists gifts, the latest first.
func (l *Ledger) Given(ctx context.Context, s Search) (Page, error) {
	where, args := []string{"1 = 1"}, []any{}
	if text := strings.ToLower(strings.TrimSpace(s.Text)); text != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
		var either []string
		for _, column := range []string{"code", "campaign", "by_name", "note", "contact", "conversation"} {
			either = append(either, `LOWER(`+column+`) LIKE ? ESCAPE '\'`)
			args = append(args, like)
		}
		where = append(where, "("+strings.Join(either, " OR ")+")")
	}
	if at, id, ok := strings.Cut(s.Before, " "); ok {
		ms, err := strconv.ParseInt(at, 10, 64)
		if err == nil {
			where = append(where, "(at < ? OR at = ? AND id < ?)")
			args = append(args, ms, ms, id)
		}
	}
	found, err := l.read().gifts(ctx, strings.Join(where, " AND ")+` ORDER BY at DESC, id DESC LIMIT ?`, append(args, s.Limit+1)...)
	if err != nil || len(found) <= s.Limit {
		return Page{Gifts: found}, err
	}
	last := found[s.Limit-1]
	return Page{Gifts: found[:s.Limit], Next: After(last)}, nil
}

// After is the place in the list behind a gift.
func After(g Gift) string { return strconv.FormatInt(g.At.UnixMilli(), 10) + " " + g.ID }

// Sum is what was given of a campaign in some time.
type Sum struct {
	Campaign string
	Currency string
	Gifts    int
	Value    int64 // hundredths
}

// Sums adds up what was given from a time to another, by campaign and currency.
func (l *Ledger) Sums(ctx context.Context, from, to time.Time) ([]Sum, error) {
	out := []Sum{}
	err := l.read().rows(ctx, `SELECT campaign, currency, COUNT(*), SUM(value) FROM gift WHERE at >= ? AND at < ? GROUP BY campaign, currency ORDER BY campaign, currency`,
		[]any{from.UnixMilli(), to.UnixMilli()}, func(scan func(...any) error) error {
			var s Sum
			err := scan(&s.Campaign, &s.Currency, &s.Gifts, &s.Value)
			out = append(out, s)
			return err
		})
	return out, err
}
