package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Pg implements search.Index in tables of its own in the database, over a few
// connections of its own. Its commits do not wait for the disk: what a crash
// takes is indexed again. Of several nodes one keeps it up to date: whoever
// holds an advisory lock.
type Pg struct {
	pool *sql.DB
	mark string
	lead *sql.Conn // holds the lock; nil = somebody else does
}

// pgConnections are few: searching must leave the server to those who write.
const pgConnections = 4

// leadLock is the advisory lock of the node that indexes. The number is
// arbitrary and must never change.
const leadLock = 0x7365617263 // "searc"

const pgSchema = `
CREATE TABLE search_space (n BIGSERIAL PRIMARY KEY, workspace_id TEXT COLLATE "C" NOT NULL UNIQUE, feed BIGINT NOT NULL, scan TEXT NOT NULL, ready BOOLEAN NOT NULL);
CREATE TABLE search_message (space BIGINT NOT NULL, conversation_id TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, terms TSVECTOR NOT NULL, PRIMARY KEY (space, conversation_id, seq));
CREATE INDEX search_message_newest ON search_message (space, at, conversation_id, seq);
CREATE INDEX search_message_term ON search_message USING GIN (terms) WITH (gin_pending_list_limit = 256);
CREATE TABLE search_thing (space BIGINT NOT NULL, kind TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, at BIGINT NOT NULL, terms TSVECTOR NOT NULL, PRIMARY KEY (space, kind, id));
CREATE INDEX search_thing_newest ON search_thing (space, kind, at, id);
CREATE INDEX search_thing_term ON search_thing USING GIN (terms) WITH (gin_pending_list_limit = 256);
`

// OpenPg opens the index in a database, or makes it: when it is not there, or
// was made for another history of the database (epoch) or by another way of
// making terms.
func OpenPg(ctx context.Context, source, epoch string) (*Pg, error) {
	config, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, pgFailed(err)
	}
	config.RuntimeParams["application_name"] = "patchbay-search"
	config.RuntimeParams["synchronous_commit"] = "off"
	config.RuntimeParams["plan_cache_mode"] = "force_custom_plan" // how common a term is decides the plan
	config.RuntimeParams["statement_timeout"] = "30000"
	p := &Pg{pool: stdlib.OpenDB(*config), mark: fmt.Sprintf("%d/%s", search.Format, epoch)}
	p.pool.SetMaxOpenConns(pgConnections)
	if err := p.check(ctx); err != nil {
		return nil, errors.Join(err, p.pool.Close())
	}
	return p, nil
}

// check makes the tables where they are not, or are not ours. Several nodes
// may do it at once.
func (p *Pg) check(ctx context.Context) error {
	return p.within(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(leadLock+1)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS search_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)`); err != nil {
			return err
		}
		var mark string
		err := tx.QueryRowContext(ctx, `SELECT value FROM search_meta WHERE name = 'mark'`).Scan(&mark)
		if err == nil && mark == p.mark || err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return p.make(ctx, tx)
	})
}

func (p *Pg) make(ctx context.Context, tx *sql.Tx) error {
	text := `DROP TABLE IF EXISTS search_space, search_message, search_thing;` + pgSchema
	for statement := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO search_meta (name, value) VALUES ('mark', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, p.mark)
	return err
}

func (p *Pg) within(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := p.pool.BeginTx(ctx, nil)
	if err != nil {
		return pgFailed(err)
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // err says more
		return pgFailed(err)
	}
	return pgFailed(tx.Commit())
}

func pgFailed(err error) error {
	if err == nil {
		return nil
	}
	return errs.Wrap(err, errs.Unavailable, "search.failed", "The search index does not answer. Try again in a moment.")
}

// Close gives up the lead and closes the connections. Nobody may call Lead any
// more.
func (p *Pg) Close(ctx context.Context) error {
	var err error
	if p.lead != nil {
		_, err = p.lead.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(leadLock))
		err = errors.Join(err, p.lead.Close())
	}
	return errors.Join(err, p.pool.Close())
}

// Reset implements search.Index.
func (p *Pg) Reset(ctx context.Context) error {
	return p.within(ctx, func(tx *sql.Tx) error { return p.make(ctx, tx) })
}

// Lead implements search.Index. It is called by one goroutine.
func (p *Pg) Lead(ctx context.Context) (bool, error) {
	if p.lead != nil {
		if p.lead.PingContext(ctx) == nil {
			return true, nil
		}
		_ = p.lead.Close() // it was lost, and the lock with it
		p.lead = nil
	}
	c, err := p.pool.Conn(ctx)
	if err != nil {
		return false, pgFailed(err)
	}
	var ok bool
	err = c.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, int64(leadLock)).Scan(&ok)
	if err != nil || !ok {
		return false, errors.Join(pgFailed(err), c.Close())
	}
	p.lead = c
	return true, nil
}

// Position implements search.Index.
func (p *Pg) Position(ctx context.Context, workspace identity.WorkspaceID) (search.Position, error) {
	var out search.Position
	var feed int64
	err := p.pool.QueryRowContext(ctx, `SELECT feed, scan, ready FROM search_space WHERE workspace_id = $1`, string(workspace)).Scan(&feed, &out.Scan, &out.Ready)
	if errors.Is(err, sql.ErrNoRows) {
		return search.Position{}, nil
	}
	out.Feed = uint64(feed) //nolint:gosec // written as uint64
	return out, pgFailed(err)
}

// Apply implements search.Index.
func (p *Pg) Apply(ctx context.Context, workspace identity.WorkspaceID, b search.Batch) error {
	before, err := p.Position(ctx, workspace)
	if err != nil {
		return err
	}
	if err := p.apply(ctx, workspace, b); err != nil || before.Ready || !b.Position.Ready {
		return err
	}
	return p.analyze(ctx) // all that was there is in it now
}

// Forget implements search.Index.
func (p *Pg) Forget(ctx context.Context, workspace identity.WorkspaceID) error {
	return p.within(ctx, func(tx *sql.Tx) error {
		var space int64
		err := tx.QueryRowContext(ctx, `DELETE FROM search_space WHERE workspace_id = $1 RETURNING n`, string(workspace)).Scan(&space)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM search_message WHERE space = $1`, space); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM search_thing WHERE space = $1`, space)
		return err
	})
}

// analyze tells the planner how common terms are; autovacuum would, in time.
func (p *Pg) analyze(ctx context.Context) error {
	_, err := p.pool.ExecContext(ctx, `ANALYZE search_message, search_thing`)
	return pgFailed(err)
}

func (p *Pg) apply(ctx context.Context, workspace identity.WorkspaceID, b search.Batch) error {
	return p.within(ctx, func(tx *sql.Tx) error {
		var space int64
		err := tx.QueryRowContext(ctx, `INSERT INTO search_space (workspace_id, feed, scan, ready) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id) DO UPDATE SET feed = excluded.feed, scan = excluded.scan, ready = excluded.ready RETURNING n`,
			string(workspace), int64(b.Position.Feed), b.Position.Scan, b.Position.Ready).Scan(&space) //nolint:gosec // far below 2^63
		if err != nil {
			return err
		}
		for _, k := range b.Remove {
			if k.Kind == search.Message {
				if _, err := tx.ExecContext(ctx, `DELETE FROM search_message WHERE space = $1 AND conversation_id = $2`, space, k.ID); err != nil {
					return err
				}
				continue
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM search_thing WHERE space = $1 AND kind = $2 AND id = $3`, space, string(k.Kind), k.ID); err != nil {
				return err
			}
		}
		return put(ctx, tx, space, b)
	})
}

// put writes documents, many with one statement.
func put(ctx context.Context, tx *sql.Tx, space int64, b search.Batch) error {
	var messages, things columns
	seen := make(map[search.Key]bool) // a statement may not touch a row twice
	for _, d := range b.Put {
		if seen[d.Key] {
			continue
		}
		seen[d.Key] = true
		if d.Kind == search.Message {
			messages.add(space, d)
		} else {
			things.add(space, d)
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO search_message (space, conversation_id, seq, at, terms)
SELECT $1, d.id, d.seq, d.at, array_to_tsvector(string_to_array(d.terms, ' ')) FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]) AS d (id, seq, at, terms)
ON CONFLICT (space, conversation_id, seq) DO UPDATE SET terms = excluded.terms WHERE search_message.terms <> excluded.terms`, space, messages.ids, messages.seqs, messages.ats, messages.terms)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO search_thing (space, kind, id, at, terms)
SELECT $1, d.kind, d.id, d.at, array_to_tsvector(string_to_array(d.terms, ' ')) FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS d (kind, id, at, terms)
ON CONFLICT (space, kind, id) DO UPDATE SET terms = excluded.terms`, space, things.kinds, things.ids, things.ats, things.terms)
	return err
}

// columns are documents as arrays.
type columns struct {
	kinds, ids, terms []string
	seqs, ats         []int64
}

func (c *columns) add(space int64, d search.Document) {
	terms := make([]string, 0, len(d.Terms))
	for _, t := range d.Terms {
		if t != "" {
			terms = append(terms, prefixed(space, t))
		}
	}
	c.kinds, c.ids, c.terms = append(c.kinds, string(d.Kind)), append(c.ids, d.ID), append(c.terms, strings.Join(terms, " "))
	c.seqs, c.ats = append(c.seqs, int64(d.Seq)), append(c.ats, db.Micros(d.At)) //nolint:gosec // far below 2^63
}

// Find implements search.Index.
func (p *Pg) Find(ctx context.Context, workspace identity.WorkspaceID, q search.Lookup) ([]search.Hit, error) {
	var space int64
	err := p.pool.QueryRowContext(ctx, `SELECT n FROM search_space WHERE workspace_id = $1`, string(workspace)).Scan(&space)
	if errors.Is(err, sql.ErrNoRows) || len(q.Needs) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, pgFailed(err)
	}
	query, args := `SELECT conversation_id, seq, at FROM search_message WHERE space = $1 AND terms @@ CAST($2 AS tsquery)
AND (at, conversation_id, seq) < ($3, $4, $5) ORDER BY at DESC, conversation_id DESC, seq DESC LIMIT $6`, []any{space, tsquery(space, q.Needs)}
	after := search.Hit{Order: 1 << 62}
	if q.After != nil {
		after = *q.After
	}
	if q.Kind == search.Message {
		args = append(args, after.Order, after.ID, int64(after.Seq), q.Limit) //nolint:gosec // far below 2^63
	} else {
		query = `SELECT id, 0, at FROM search_thing WHERE space = $1 AND kind = $5 AND terms @@ CAST($2 AS tsquery)
AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $6`
		args = append(args, after.Order, after.ID, string(q.Kind), q.Limit)
	}
	rows, err := p.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, pgFailed(err)
	}
	out, err := hits(rows)
	return out, pgFailed(err)
}

// tsquery is a query of PostgreSQL. Terms are letters and digits, never its
// quotes.
func tsquery(space int64, needs []search.Need) string {
	parts := make([]string, len(needs))
	for i, n := range needs {
		parts[i] = `'` + strings.NewReplacer(`'`, ``, `\`, ``).Replace(prefixed(space, n.Term)) + `'`
		if n.Prefix {
			parts[i] += `:*`
		}
	}
	return strings.Join(parts, ` & `)
}
