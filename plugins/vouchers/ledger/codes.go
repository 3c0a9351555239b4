package ledger

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxCode is how many characters a code has at most.
const MaxCode = 100

// MaxLines is how many lines are imported at once.
const MaxLines = 500

// Why a line was not imported.
const (
	Empty      = "empty"
	TooLong    = "too_long"
	Characters = "characters" // it holds some that nobody can type
	Twice      = "twice"      // it stands above already
	Known      = "known"      // it was imported before
)

// Refused is a line that was not imported.
type Refused struct {
	Line     int // from 1
	Why      string
	Campaign string // of Known
}

// Import adds codes to a campaign, one for each line; what is around a code does
// not count. It adds all that can be added and says why of each other line: none
// is dropped silently. There are at most MaxLines.
func (l *Ledger) Import(ctx context.Context, campaign string, lines []string, by string, at time.Time) (added int, refused []Refused, err error) {
	err = l.do(ctx, func(tx *tx) error {
		added, refused = 0, []Refused{}
		if _, err := tx.exec(ctx, `UPDATE book SET gifts = gifts WHERE id = 1`); err != nil {
			return err
		}
		place, err := tx.lastPlace(ctx)
		if err != nil {
			return err
		}
		seen := make(map[string]bool, len(lines))
		for i, line := range lines {
			code := strings.TrimSpace(line)
			r := Refused{Line: i + 1, Why: fault(code)}
			switch {
			case r.Why != "":
			case seen[code]:
				r.Why = Twice
			default:
				seen[code] = true
				if r.Campaign, err = tx.add(ctx, code, campaign, place+int64(i)+1, by, at); err != nil {
					return err
				}
				if r.Campaign == "" {
					added++
					continue
				}
				r.Why = Known
			}
			refused = append(refused, r)
		}
		return nil
	})
	return added, refused, err
}

// add adds a code, or returns the campaign that has it already.
func (t *tx) add(ctx context.Context, code, campaign string, place int64, by string, at time.Time) (had string, err error) {
	n, err := t.exec(ctx, `INSERT INTO code (code, campaign, place, taken, imported_at, imported_by) VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT (code) DO NOTHING`,
		code, campaign, place, at.UnixMilli(), by)
	if err != nil || n == 1 {
		return "", err
	}
	return t.campaignOf(ctx, code)
}

func fault(code string) string {
	switch {
	case code == "":
		return Empty
	case !utf8.ValidString(code) || strings.ContainsFunc(code, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }):
		return Characters
	case utf8.RuneCountInString(code) > MaxCode:
		return TooLong
	}
	return ""
}

func (t *tx) lastPlace(ctx context.Context) (place int64, err error) {
	err = t.rows(ctx, `SELECT COALESCE(MAX(place), 0) FROM code`, nil, func(scan func(...any) error) error { return scan(&place) })
	return place, err
}

func (t *tx) campaignOf(ctx context.Context, code string) (campaign string, err error) {
	err = t.rows(ctx, `SELECT campaign FROM code WHERE code = ?`, []any{code}, func(scan func(...any) error) error { return scan(&campaign) })
	return campaign, err
}

// Discard removes the free codes of a campaign, and says how many there were.
// What was given stays.
func (l *Ledger) Discard(ctx context.Context, campaign string) (int, error) {
	n, err := l.read().exec(ctx, `DELETE FROM code WHERE campaign = ? AND taken = 0`, campaign)
	return int(n), err
}

// Count is how many codes a campaign has.
type Count struct{ Free, Given int }

// Counts counts the codes of each campaign that has any.
func (l *Ledger) Counts(ctx context.Context) (map[string]Count, error) {
	out := make(map[string]Count)
	err := l.read().rows(ctx, `SELECT campaign, COUNT(*) - SUM(taken), SUM(taken) FROM code GROUP BY campaign`, nil, func(scan func(...any) error) error {
		var campaign string
		var c Count
		err := scan(&campaign, &c.Free, &c.Given)
		out[campaign] = c
		return err
	})
	return out, err
}
