package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
)

// Lite implements search.Index in a SQLite file of its own, so that its writer
// never holds the lock of the database. A commit is not followed by fsync:
// what a power cut takes is indexed again, and a broken file is made anew.
//
// A message's row number is its time, so that FTS5 returns the newest first
// without sorting. Terms carry the number of their workspace in front: no
// workspace's index grows with another's.
type Lite struct {
	file, mark string

	mu    sync.RWMutex // held for writing while the file is replaced
	write *sql.DB
	read  *sql.DB
}

// OpenLite opens the index in a file, or makes it: when it is not there, is
// broken, or was made for another history of the database (epoch) or by
// another way of making terms.
func OpenLite(ctx context.Context, file, epoch string) (*Lite, error) {
	file, err := filepath.Abs(file) // in the URL of a relative file its folder would be a host
	if err != nil {
		return nil, fmt.Errorf("find the search index: %w", err)
	}
	l := &Lite{file: file, mark: fmt.Sprintf("%d/%s", search.Format, epoch)}
	if err = l.open(ctx); err == nil {
		return l, nil
	}
	if err := l.Reset(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

const liteSchema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE space (n INTEGER PRIMARY KEY, workspace_id TEXT NOT NULL UNIQUE, feed INTEGER NOT NULL, scan TEXT NOT NULL, ready INTEGER NOT NULL) STRICT;
CREATE TABLE talk (n INTEGER PRIMARY KEY, space INTEGER NOT NULL, conversation_id TEXT NOT NULL, UNIQUE (space, conversation_id)) STRICT;
CREATE TABLE message (n INTEGER PRIMARY KEY, talk INTEGER NOT NULL, seq INTEGER NOT NULL, UNIQUE (talk, seq)) STRICT;
CREATE TABLE thing (n INTEGER PRIMARY KEY, space INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, UNIQUE (space, kind, id)) STRICT;
CREATE VIRTUAL TABLE message_term USING fts5(t, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE thing_term USING fts5(t, content='', contentless_delete=1, detail=none, tokenize='ascii');
CREATE VIRTUAL TABLE message_word USING fts5vocab(message_term, 'row');
CREATE VIRTUAL TABLE thing_word USING fts5vocab(thing_term, 'row');
INSERT INTO message_term (message_term, rank) VALUES ('hashsize', 16777216);
INSERT INTO message_term (message_term, rank) VALUES ('automerge', 8);
`

func (l *Lite) open(ctx context.Context) error {
	source := func(pragmas ...string) string {
		all := append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "temp_store(MEMORY)"}, pragmas...)
		return (&url.URL{Scheme: "file", Path: l.file, RawQuery: url.Values{"_pragma": all, "_dqs": {"0"}}.Encode()}).String()
	}
	var err error
	if l.write, err = sql.Open("sqlite", source("cache_size(-16384)", "wal_autocheckpoint(16000)")); err != nil {
		return failed(err)
	}
	l.write.SetMaxOpenConns(1)
	if l.read, err = sql.Open("sqlite", source("cache_size(-4096)", "query_only(1)")); err != nil {
		return errors.Join(failed(err), l.closePools())
	}
	const readers = 4
	l.read.SetMaxOpenConns(readers)
	l.read.SetMaxIdleConns(readers)
	if err := l.check(ctx); err != nil {
		return errors.Join(err, l.closePools())
	}
	return nil
}

// check makes the tables of an empty file, and refuses a file that is not ours.
func (l *Lite) check(ctx context.Context) error {
	var tables int
	if err := l.write.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return failed(err)
	}
	if tables == 0 {
		if _, err := l.write.ExecContext(ctx, liteSchema); err != nil {
			return failed(err)
		}
		_, err := l.write.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('mark', ?)`, l.mark)
		return failed(err)
	}
	var mark string
	if err := l.write.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'mark'`).Scan(&mark); err != nil {
		return failed(err)
	}
	if mark != l.mark {
		return errs.New(errs.Conflict, "search.mark", "The search index is of another history or format.")
	}
	_, err := l.write.ExecContext(ctx, `PRAGMA quick_check(1)`)
	return failed(err)
}

func (l *Lite) closePools() error {
	var err error
	for _, pool := range []*sql.DB{l.read, l.write} {
		if pool != nil {
			err = errors.Join(err, pool.Close())
		}
	}
	return err
}

// Close closes the file.
func (l *Lite) Close(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closePools()
}

// Reset implements search.Index: the file is made anew.
func (l *Lite) Reset(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.closePools() // what is in it is given up
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(l.file + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errs.Wrap(err, errs.Unavailable, "search.reset", "The search index cannot be made anew: its file cannot be removed.")
		}
	}
	return l.open(ctx)
}

// Lead implements search.Index: a file has one node.
func (l *Lite) Lead(context.Context) (bool, error) { return true, nil }

// failed turns an error of SQLite into one of ours.
func failed(err error) error {
	const corrupt, notDB = 11, 26
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		if code := e.Code() & 0xff; code == corrupt || code == notDB {
			return errs.Wrap(err, errs.Unavailable, search.Corrupt, "The search index is damaged and is made anew.")
		}
	}
	return errs.Wrap(err, errs.Unavailable, "search.failed", "The search index does not answer. Try again in a moment.")
}

// Position implements search.Index.
func (l *Lite) Position(ctx context.Context, workspace identity.WorkspaceID) (search.Position, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var p search.Position
	var feed int64
	err := l.read.QueryRowContext(ctx, `SELECT feed, scan, ready FROM space WHERE workspace_id = ?`, string(workspace)).Scan(&feed, &p.Scan, &p.Ready)
	if errors.Is(err, sql.ErrNoRows) {
		return search.Position{}, nil
	}
	p.Feed = uint64(feed) //nolint:gosec // written as uint64
	return p, failed(err)
}

// Apply implements search.Index.
func (l *Lite) Apply(ctx context.Context, workspace identity.WorkspaceID, b search.Batch) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return failed(err)
	}
	s := &step{tx: tx, talks: map[string]int64{}, prepared: map[string]*sql.Stmt{}}
	defer s.close()
	if err = s.space(ctx, workspace, b.Position); err == nil {
		err = s.apply(ctx, b)
	}
	if err != nil {
		_ = tx.Rollback() // err says more
		return failed(err)
	}
	return failed(tx.Commit())
}

// Forget implements search.Index. The words of messages stay, without the ids of
// what they stood in and under numbers that nothing else gets, until the next
// Reset: FTS5 takes none away whose words nobody knows any more.
func (l *Lite) Forget(ctx context.Context, workspace identity.WorkspaceID) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return failed(err)
	}
	for _, query := range []string{
		`UPDATE talk SET conversation_id = '-' || n WHERE space IN (SELECT n FROM space WHERE workspace_id = ?)`,
		`DELETE FROM thing_term WHERE rowid IN (SELECT t.n FROM thing t JOIN space s ON s.n = t.space WHERE s.workspace_id = ?)`,
		`DELETE FROM thing WHERE space IN (SELECT n FROM space WHERE workspace_id = ?)`,
		`UPDATE space SET workspace_id = '-' || n, feed = 0, scan = '', ready = 0 WHERE workspace_id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, query, string(workspace)); err != nil {
			_ = tx.Rollback() // err says more
			return failed(err)
		}
	}
	return failed(tx.Commit())
}

// step is an Apply under way.
type step struct {
	tx    *sql.Tx
	n     int64 // of the workspace
	talks map[string]int64

	prepared map[string]*sql.Stmt
}

// stmt returns a statement of the transaction, prepared once.
func (s *step) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := s.prepared[query]; st != nil {
		return st, nil
	}
	st, err := s.tx.PrepareContext(ctx, query)
	if err == nil {
		s.prepared[query] = st
	}
	return st, err
}

func (s *step) close() {
	for _, st := range s.prepared {
		_ = st.Close() // of a transaction that has ended
	}
}

// one reads the one number that a query returns; sql.ErrNoRows when none.
func (s *step) one(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := s.stmt(ctx, query) //nolint:sqlclosecheck // see close
	if err != nil {
		return 0, err
	}
	var n int64
	return n, st.QueryRowContext(ctx, args...).Scan(&n)
}

// exec runs a statement and returns how many rows it touched.
func (s *step) exec(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := s.stmt(ctx, query) //nolint:sqlclosecheck // see close
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (s *step) space(ctx context.Context, workspace identity.WorkspaceID, p search.Position) error {
	return s.tx.QueryRowContext(ctx, `INSERT INTO space (workspace_id, feed, scan, ready) VALUES (?, ?, ?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET feed = excluded.feed, scan = excluded.scan, ready = excluded.ready RETURNING n`,
		string(workspace), int64(p.Feed), p.Scan, p.Ready).Scan(&s.n) //nolint:gosec // far below 2^63
}

func (s *step) apply(ctx context.Context, b search.Batch) error {
	// FTS5 takes ascending row numbers best.
	docs := slices.Clone(b.Put)
	slices.SortStableFunc(docs, func(a, b search.Document) int { return a.At.Compare(b.At) })
	for _, k := range b.Remove {
		if err := s.remove(ctx, k); err != nil {
			return err
		}
	}
	for _, d := range docs {
		if d.Kind != search.Message {
			if err := s.thing(ctx, d); err != nil {
				return err
			}
			continue
		}
		n, err := s.message(ctx, d)
		if err != nil {
			return err
		}
		if n == 0 { // it is there
			continue
		}
		if _, err := s.exec(ctx, `INSERT INTO message_term (rowid, t) VALUES (?, ?)`, n, s.terms(d.Terms)); err != nil {
			return err
		}
	}
	return nil
}

// terms are the terms as they are stored.
func (s *step) terms(terms []string) string {
	var b strings.Builder
	for _, t := range terms {
		b.WriteString(prefixed(s.n, t))
		b.WriteByte(' ')
	}
	return b.String()
}

// prefixed is a term with the number of its workspace. The dot is no ASCII, so
// that it does not part them, and no letter, so that no term has one.
func prefixed(space int64, term string) string {
	return strconv.FormatInt(space, 36) + "·" + term
}

// slots are how many messages of one millisecond have a number of that
// millisecond; more go to the next.
const slots = 16

// message gives a message its row; 0 when it has one and its words. One that says
// something else since is found by its new words as well: those before stay, as
// remove says.
func (s *step) message(ctx context.Context, d search.Document) (int64, error) {
	talk, err := s.talk(ctx, d.ID)
	if err != nil {
		return 0, err
	}
	known, err := s.one(ctx, `SELECT n FROM message WHERE talk = ? AND seq = ?`, talk, int64(d.Seq)) //nolint:gosec // far below 2^63
	switch {
	case err == nil && d.Again:
		return known, nil
	case !errors.Is(err, sql.ErrNoRows):
		return 0, err
	}
	for n := max(d.At.Sub(era()).Milliseconds(), 1) * slots; ; n++ {
		got, err := s.exec(ctx, `INSERT INTO message (n, talk, seq) VALUES (?, ?, ?) ON CONFLICT (n) DO NOTHING`, n, talk, int64(d.Seq)) //nolint:gosec // as above
		if err != nil || got > 0 {
			return n, err
		}
	}
}

// era is before all messages.
func era() time.Time { return time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC) }

func (s *step) talk(ctx context.Context, id string) (int64, error) {
	if n, ok := s.talks[id]; ok {
		return n, nil
	}
	n, err := s.one(ctx, `SELECT n FROM talk WHERE space = ? AND conversation_id = ?`, s.n, id)
	if errors.Is(err, sql.ErrNoRows) {
		n, err = s.one(ctx, `INSERT INTO talk (space, conversation_id) VALUES (?, ?) RETURNING n`, s.n, id)
	}
	s.talks[id] = n
	return n, err
}

func (s *step) thing(ctx context.Context, d search.Document) error {
	n, err := s.one(ctx, `SELECT n FROM thing WHERE space = ? AND kind = ? AND id = ?`, s.n, string(d.Kind), d.ID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		n, err = s.one(ctx, `INSERT INTO thing (space, kind, id) VALUES (?, ?, ?) RETURNING n`, s.n, string(d.Kind), d.ID)
	case err == nil:
		_, err = s.exec(ctx, `DELETE FROM thing_term WHERE rowid = ?`, n)
	}
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO thing_term (rowid, t) VALUES (?, ?)`, n, s.terms(kinded(d.Kind, d.Terms)))
	return err
}

// kinded are terms with their kind: contacts and conversations share a table.
func kinded(k search.Kind, terms []string) []string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = string(k) + "·" + t
	}
	return out
}

func (s *step) remove(ctx context.Context, k search.Key) error {
	if k.Kind == search.Message {
		return nil // FTS5 takes none away whose words nobody knows any more; what is found and gone is not shown
	}
	n, err := s.one(ctx, `DELETE FROM thing WHERE space = ? AND kind = ? AND id = ? RETURNING n`, s.n, string(k.Kind), k.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = s.exec(ctx, `DELETE FROM thing_term WHERE rowid = ?`, n)
	}
	return err
}

// Find implements search.Index.
func (l *Lite) Find(ctx context.Context, workspace identity.WorkspaceID, q search.Lookup) ([]search.Hit, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var space int64
	err := l.read.QueryRowContext(ctx, `SELECT n FROM space WHERE workspace_id = ?`, string(workspace)).Scan(&space)
	if errors.Is(err, sql.ErrNoRows) || len(q.Needs) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	query := `SELECT k.conversation_id, m.seq, m.n FROM (SELECT rowid FROM message_term WHERE message_term MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) f
CROSS JOIN message m ON m.n = f.rowid CROSS JOIN talk k ON k.n = m.talk ORDER BY m.n DESC`
	if q.Kind != search.Message {
		query = `SELECT t.id, 0, t.n FROM (SELECT rowid FROM thing_term WHERE thing_term MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) f
CROSS JOIN thing t ON t.n = f.rowid ORDER BY t.n DESC`
	}
	before := int64(1) << 62
	if q.After != nil {
		before = q.After.Order
	}
	terms, err := l.match(ctx, space, q)
	if err != nil || terms == "" {
		return nil, err
	}
	rows, err := l.read.QueryContext(ctx, query, terms, before, q.Limit)
	if err != nil {
		return nil, failed(err)
	}
	out, err := hits(rows)
	return out, failed(err)
}

// hits reads the rows of a lookup (id, seq, order) and closes them.
func hits(rows *sql.Rows) ([]search.Hit, error) {
	defer func() { _ = rows.Close() }()
	var out []search.Hit
	for rows.Next() {
		var h search.Hit
		var seq int64
		if err := rows.Scan(&h.ID, &seq, &h.Order); err != nil {
			return nil, err //nolint:wrapcheck // each database says what failed in its own way
		}
		h.Seq = uint64(seq) //nolint:gosec // written as uint64
		out = append(out, h)
	}
	return out, rows.Err() //nolint:wrapcheck // as above
}

// match is the query of FTS5 for a lookup; "" when nothing can be found.
func (l *Lite) match(ctx context.Context, space int64, q search.Lookup) (string, error) {
	parts := make([]string, len(q.Needs))
	for i, n := range q.Needs {
		term, things := n.Term, q.Kind != search.Message
		if things {
			term = kinded(q.Kind, []string{term})[0]
		}
		term = prefixed(space, term)
		parts[i] = quoted(term)
		if !n.Prefix {
			continue
		}
		alike, err := l.words(ctx, things, term)
		if err != nil || len(alike) == 0 {
			return "", err
		}
		parts[i] = `(` + strings.Join(alike, ` OR `) + `)`
		if len(alike) > manyWords {
			parts[i] = quoted(term) + ` *`
		}
	}
	return strings.Join(parts, ` AND `), nil
}

// quoted is a term in the words of FTS5. Terms are letters and digits, never
// its quotes.
func quoted(term string) string { return `"` + strings.ReplaceAll(term, `"`, ``) + `"` }

// manyWords is how many words that begin alike are asked for one by one. FTS5
// returns those as it goes, and would first gather all documents of a
// beginning otherwise.
const manyWords = 64

// words lists the terms that begin with one, at most one more than manyWords.
func (l *Lite) words(ctx context.Context, things bool, term string) ([]string, error) {
	query := `SELECT term FROM message_word WHERE term >= ? AND term < ? LIMIT ?`
	if things {
		query = `SELECT term FROM thing_word WHERE term >= ? AND term < ? LIMIT ?`
	}
	rows, err := l.read.QueryContext(ctx, query, term, term+"\U0010ffff", manyWords+1)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, failed(err)
		}
		out = append(out, quoted(word))
	}
	return out, failed(rows.Err())
}
