package ledger

import (
	"context"
	"errors"
	"time"
)

// ErrNoCodes says that a campaign has no code left.
var ErrNoCodes = errors.New("the campaign has no code left")

// ErrReused says that a request's id was another request's.
var ErrReused = errors.New("the id was used for something else")

// TooSoonError says that a customer had as many vouchers as they may have for
// now.
type TooSoonError struct {
	Last  time.Time // when the customer got the latest one
	Until time.Time // from then on there may be another
}

// Error names the time.
func (e *TooSoonError) Error() string {
	return "the customer had a voucher at " + e.Last.Format(time.RFC3339)
}

// Request is a voucher to be given.
type Request struct {
	ID           string // the same on every attempt
	Campaign     string
	Value        int64 // hundredths of Currency
	Currency     string
	Contact      string
	Conversation string // "" = not in one
	By           Giver
	Note         string
	At           time.Time

	Most   int           // vouchers of one customer in Within; 0 = as many as one likes
	Within time.Duration // looking back from At
}

// Giver is who gave a voucher.
type Giver struct {
	Kind string // agent, bot or rule
	ID   string
	Name string // "" = not known
}

// Gift is a voucher that was given.
type Gift struct {
	ID           string
	Code         string
	Campaign     string
	Value        int64 // hundredths of Currency
	Currency     string
	Contact      string
	Conversation string
	By           Giver
	Note         string
	At           time.Time
}

const giftColumns = `id, code, campaign, value, currency, contact, conversation, by_kind, by_id, by_name, note, at`

func (q querier) gifts(ctx context.Context, where string, args ...any) ([]Gift, error) {
	out := []Gift{}
	err := q.rows(ctx, `SELECT `+giftColumns+` FROM gift WHERE `+where, args, func(scan func(...any) error) error {
		var g Gift
		var at int64
		err := scan(&g.ID, &g.Code, &g.Campaign, &g.Value, &g.Currency, &g.Contact, &g.Conversation, &g.By.Kind, &g.By.ID, &g.By.Name, &g.Note, &at)
		g.At = time.UnixMilli(at).UTC()
		out = append(out, g)
		return err
	})
	return out, err
}

// Give gives the next code of a campaign. When it returns without an error the
// code is given for good: repeated with the same ID it returns the same gift,
// from whichever process. The errors: ErrNoCodes, *TooSoonError, ErrReused;
// then nothing was given.
func (l *Ledger) Give(ctx context.Context, r Request) (Gift, error) {
	var out Gift
	err := l.do(ctx, func(tx *tx) error {
		// First of all: from here on nobody else gives in this database.
		if _, err := tx.exec(ctx, `UPDATE book SET gifts = gifts + 1 WHERE id = 1`); err != nil {
			return err
		}
		before, err := tx.gifts(ctx, `id = ?`, r.ID)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			out = before[0]
			same, err := tx.isOf(ctx, r.Contact, out.Contact)
			if err == nil && (!same || out.Campaign != r.Campaign) {
				err = ErrReused
			}
			return err
		}
		if err := tx.allow(ctx, r); err != nil {
			return err
		}
		code, err := tx.next(ctx, r.Campaign)
		if err != nil {
			return err
		}
		out = Gift{
			ID: r.ID, Code: code, Campaign: r.Campaign, Value: r.Value, Currency: r.Currency, Contact: r.Contact, Conversation: r.Conversation,
			By: r.By, Note: r.Note, At: r.At.UTC().Truncate(time.Millisecond),
		}
		_, err = tx.exec(ctx, `INSERT INTO gift (`+giftColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, out.ID, out.Code, out.Campaign, out.Value,
			out.Currency, out.Contact, out.Conversation, out.By.Kind, out.By.ID, out.By.Name, out.Note, out.At.UnixMilli())
		return err
	})
	if err != nil {
		return Gift{}, err
	}
	return out, nil
}

// allow refuses who had as many as they may have for now.
func (t *tx) allow(ctx context.Context, r Request) error {
	had, err := t.recent(ctx, r.Contact, r.At, r.Most, r.Within)
	if err != nil {
		return err
	}
	if had != nil {
		return had
	}
	return nil
}

// recent says why a customer may have no further voucher for now; nil = they may.
func (q querier) recent(ctx context.Context, contact string, at time.Time, most int, within time.Duration) (*TooSoonError, error) {
	if most <= 0 || contact == "" {
		return nil, nil //nolint:nilnil // no reason, no failure
	}
	had, err := q.gifts(ctx, ofPerson+` AND at > ? ORDER BY at DESC, id DESC LIMIT ?`, contact, at.Add(-within).UnixMilli(), most)
	if err != nil || len(had) < most {
		return nil, err
	}
	return &TooSoonError{Last: had[0].At, Until: had[most-1].At.Add(within)}, nil
}

// next takes the code that was imported first of those that are free.
func (t *tx) next(ctx context.Context, campaign string) (string, error) {
	var code string
	err := t.rows(ctx, `SELECT code FROM code WHERE campaign = ? AND taken = 0 ORDER BY place LIMIT 1`, []any{campaign}, func(scan func(...any) error) error {
		return scan(&code)
	})
	if err != nil {
		return "", err
	}
	if code == "" {
		return "", ErrNoCodes
	}
	n, err := t.exec(ctx, `UPDATE code SET taken = 1 WHERE code = ? AND taken = 0`, code)
	if err == nil && n != 1 {
		err = errors.New("somebody else took the code")
	}
	return code, err
}

// Allowed says why a customer may have no further voucher for now; nil = they
// may.
func (l *Ledger) Allowed(ctx context.Context, contact string, at time.Time, most int, within time.Duration) (*TooSoonError, error) {
	return l.read().recent(ctx, contact, at, most, within)
}
