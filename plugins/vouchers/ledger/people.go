package ledger

import "context"

// ofPerson chooses the gifts of a contact and of all who were merged into them,
// over however many steps.
const ofPerson = `contact IN (WITH RECURSIVE person(id) AS (
	SELECT CAST(? AS TEXT) UNION SELECT merged.contact FROM merged JOIN person ON merged.survivor = person.id) SELECT id FROM person)`

// Knows reports whether there is anything about a contact.
func (l *Ledger) Knows(ctx context.Context, contact string) (bool, error) {
	known := false
	err := l.read().rows(ctx, `SELECT 1 FROM gift WHERE contact = ? UNION ALL SELECT 1 FROM merged WHERE contact = ? OR survivor = ? LIMIT 1`,
		[]any{contact, contact, contact}, func(scan func(...any) error) error {
			known = true
			return scan(new(int))
		})
	return known, err
}

// Merge has the vouchers of a contact count as another's from now on; survivor
// "" takes it back. What was written stays, so that it can be taken back.
func (l *Ledger) Merge(ctx context.Context, contact, survivor string) error {
	if survivor == "" || survivor == contact {
		_, err := l.read().exec(ctx, `DELETE FROM merged WHERE contact = ?`, contact)
		return err
	}
	_, err := l.read().exec(ctx, `INSERT INTO merged (contact, survivor) VALUES (?, ?) ON CONFLICT (contact) DO UPDATE SET survivor = excluded.survivor`,
		contact, survivor)
	return err
}

// Forget takes out of the gifts of a contact who they were for, in which
// conversation, and what was noted. That a code was given stays: it is money.
func (l *Ledger) Forget(ctx context.Context, contact string) error {
	if contact == "" {
		return nil
	}
	return l.do(ctx, func(tx *tx) error {
		if _, err := tx.exec(ctx, `UPDATE gift SET contact = '', conversation = '', note = '' WHERE contact = ?`, contact); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM merged WHERE contact = ? OR survivor = ?`, contact, contact)
		return err
	})
}

// Contacts lists whom the ledger knows, in order, from after one on.
func (l *Ledger) Contacts(ctx context.Context, after string, limit int) ([]string, error) {
	var out []string
	err := l.read().rows(ctx, `SELECT contact FROM gift WHERE contact > ? UNION SELECT contact FROM merged WHERE contact > ?
		UNION SELECT survivor FROM merged WHERE survivor > ? ORDER BY 1 LIMIT ?`, []any{after, after, after, limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// isOf reports whether two contacts are one person, the second one merged into
// the first.
func (t *tx) isOf(ctx context.Context, contact, other string) (bool, error) {
	if contact == other {
		return true, nil
	}
	same := false
	err := t.rows(ctx, `SELECT 1 FROM (SELECT CAST(? AS TEXT) AS contact) AS asked WHERE `+ofPerson, []any{other, contact}, func(scan func(...any) error) error {
		same = true
		return scan(new(int))
	})
	return same, err
}
