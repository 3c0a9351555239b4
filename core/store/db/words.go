package db

import (
	"context"
	"slices"
	"strings"
)

// Joined writes ids into one column, with a space between them; Parted reads
// them again.
func Joined[T ~string](ids []T) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, " ")
}

// Parted is the reverse of Joined; nil for none.
func Parted[T ~string](text string) []T {
	var out []T
	for id := range strings.FieldsSeq(text) {
		out = append(out, T(id))
	}
	return out
}

// Membership is a table of those who, or what, belongs to something: with the
// key of the something and one id bound, Drop takes a row away and Add puts one in.
type Membership struct{ Drop, Add string }

// Difference queues what makes one list of ids, as Joined wrote them, another.
func (m Membership) Difference(ctx context.Context, tx *Tx, before, after string, key ...any) error {
	if before == after {
		return nil
	}
	old, now := strings.Fields(before), strings.Fields(after)
	run := func(query string, from, without []string) error {
		for _, id := range from {
			if slices.Contains(without, id) {
				continue
			}
			if err := tx.Queue(ctx, query, append(slices.Clone(key), id)...); err != nil {
				return err
			}
		}
		return nil
	}
	if err := run(m.Drop, old, now); err != nil {
		return err
	}
	return run(m.Add, now, old)
}
