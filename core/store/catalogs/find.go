package catalogs

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// FindCanned implements catalog.CannedReplies. Its cursor is (shortcut, id).
func (s *Store) FindCanned(ctx context.Context, w identity.WorkspaceID, q catalog.CannedQuery, p page.Request) (page.Page[catalog.Canned], error) {
	var out page.Page[catalog.Canned]
	f := finding{args: []any{string(w)}}
	f.b.WriteString(`SELECT ` + cannedColumns + ` FROM canned c WHERE c.workspace_id = ? AND `)
	f.visible("c", q)
	if q.Scope != "" {
		f.and(`c.scope = ?`, string(q.Scope))
	}
	if !q.Shadowed {
		f.b.WriteString(` AND NOT EXISTS (SELECT 1 FROM canned n WHERE n.workspace_id = c.workspace_id AND n.shortcut = c.shortcut AND ` +
			width("n") + ` < ` + width("c") + ` AND `)
		f.visible("n", q)
		f.b.WriteString(`)`)
	}
	if q.Words != "" {
		f.words(q.Words)
	} else {
		after, err := page.Decode(p.Cursor, 2)
		if err != nil {
			return out, err
		}
		if after != nil {
			f.and(`(c.shortcut, c.canned_id) > (?, ?)`, after[0], after[1])
		}
		f.b.WriteString(` ORDER BY c.shortcut, c.canned_id`)
	}
	f.b.WriteString(` LIMIT ?`)
	size := p.Size()
	err := s.db.Rows(ctx, f.b.String(), append(f.args, size+1), func(sc db.Scanner) error {
		var r cannedRow
		err := sc.Scan(r.dest()...)
		out.Items = append(out.Items, r.domain(w))
		return err
	})
	if err != nil {
		return page.Page[catalog.Canned]{}, err
	}
	if len(out.Items) > size {
		out.Items = out.Items[:size]
		if q.Words == "" {
			out.Next = page.Encode(out.Items[size-1].Shortcut, string(out.Items[size-1].ID))
		}
	}
	return out, nil
}

// finding builds a query.
type finding struct {
	b    strings.Builder
	args []any
}

func (f *finding) and(condition string, args ...any) {
	f.b.WriteString(` AND ` + condition)
	f.args = append(f.args, args...)
}

// visible selects what the member sees.
func (f *finding) visible(table string, q catalog.CannedQuery) {
	f.b.WriteString(`(` + table + `.scope = 'workspace' OR ` + table + `.scope = 'personal' AND ` + table + `.owner = ?`)
	f.args = append(f.args, string(q.Member))
	switch {
	case q.AllTeams:
		f.b.WriteString(` OR ` + table + `.scope = 'team'`)
	case len(q.Teams) > 0:
		from := len(f.args)
		for _, t := range q.Teams {
			f.args = append(f.args, string(t))
		}
		f.args = db.Padded(f.args, len(q.Teams))
		f.b.WriteString(` OR ` + table + `.scope = 'team' AND ` + table + `.owner IN (?` + strings.Repeat(`, ?`, len(f.args)-from-1) + `)`)
	}
	f.b.WriteString(`)`)
}

// width orders the scopes, the narrowest first.
func width(table string) string {
	return `(CASE ` + table + `.scope WHEN 'personal' THEN 0 WHEN 'team' THEN 1 ELSE 2 END)`
}

// words selects and orders by how well the words fit: the shortcut itself, its
// beginning, a part of the title, a part of the text; then by use.
func (f *finding) words(words string) {
	begins, holds := escaped(words)+"%", "%"+escaped(words)+"%"
	f.and(`(c.shortcut LIKE ? ESCAPE '\' OR c.title_key LIKE ? ESCAPE '\' OR c.text_key LIKE ? ESCAPE '\')`, begins, holds, holds)
	f.b.WriteString(` ORDER BY CASE WHEN c.shortcut = ? THEN 0 WHEN c.shortcut LIKE ? ESCAPE '\' THEN 1
WHEN c.title_key LIKE ? ESCAPE '\' THEN 2 ELSE 3 END, c.uses DESC, c.shortcut, c.canned_id`)
	f.args = append(f.args, words, begins, holds)
}
