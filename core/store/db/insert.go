package db

import (
	"context"
	"strings"
)

// Insert is an INSERT of any number of rows: many go with one statement.
type Insert struct {
	Into string // its text up to VALUES, which names the columns
	Then string // what follows the rows
}

// insertSizes are how many rows one statement has, the most first. They are few,
// so that few statements are prepared.
func insertSizes() [5]int { return [...]int{16, 4, 3, 2, 1} }

// inserts are the texts of statements, by size.
type inserts map[Insert][]string

func (all inserts) of(in Insert) []string {
	texts := all[in]
	if texts == nil {
		row := `(?` + strings.Repeat(`, ?`, strings.Count(in.Into, `,`)) + `)`
		for _, n := range insertSizes() {
			texts = append(texts, in.Into+` VALUES `+row+strings.Repeat(`, `+row, n-1)+in.Then)
		}
		all[in] = texts
	}
	return texts
}

// each calls do with statements for all rows.
func (all inserts) each(in Insert, rows [][]any, do func(query string, args []any) error) error {
	texts := all.of(in)
	for i, n := range insertSizes() {
		for len(rows) >= n {
			args := rows[0]
			if n > 1 {
				args = make([]any, 0, n*len(rows[0]))
				for _, row := range rows[:n] {
					args = append(args, row...)
				}
			}
			if err := do(texts[i], args); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	return nil
}

// Insert inserts rows as Queue runs a statement, each with a value for every
// column.
func (t *Tx) Insert(ctx context.Context, in Insert, rows ...[]any) error {
	return t.group.w.inserts.each(in, rows, func(query string, args []any) error { return t.Queue(ctx, query, args...) })
}
