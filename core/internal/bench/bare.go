package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// bare is the loop that everything is compared with: it writes the rows of a
// message, and nothing else, in groups through one connection. No look-up, no
// check, no savepoint: it is the most that this driver and this schema give.
type bare struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	jobs  chan bareJob

	workspace, inbox string
	rows             []bareRow
	feed, made       int64
	sent             atomic.Int64
}

// bareRow is a conversation, as far as the loop must know it.
type bareRow struct {
	id, contact string
	seq, public int64
}

// bareJob is a message to write.
type bareJob struct {
	client  string
	visitor bool
	done    chan error
}

const bareGroup = 256 // messages of one commit, as in core/store/db

// The statements: what core/store writes for a message of a customer, and for
// an answer, which is the same without the memory of the far side's id.
const (
	bareMessage = `INSERT INTO message (workspace_id, conversation_id, seq, message_id, client_id, kind,
sender_kind, sender_id, sender_name, text, created_at, delivery, delivery_error)
VALUES (?, ?, ?, ?, ?, 'text', ?, ?, '', ?, ?, '', '')`
	bareChange = `INSERT INTO conversation_change (workspace_id, conversation_id, seq, public_seq, change_id, type, at,
actor_kind, actor_id, actor_name, message_seq, data)
VALUES (?, ?, ?, ?, ?, 'message.created', ?, ?, ?, '', ?, NULL)`
	bareEvent = `INSERT INTO event_outbox (workspace_id, feed_seq, event_id, type, subject, seq, public_seq, at, data)
VALUES (?, ?, ?, 'message.created', ?, ?, ?, ?, NULL)`
	bareDedup = `INSERT INTO inbound_dedup (workspace_id, inbox_id, kind, external_id, hash, conversation_id, seq)
VALUES (?, ?, 'visitor', ?, ?, ?, ?)`
	bareUpdate = `UPDATE conversation SET waiting_since = ?, last_seq = ?, last_public_seq = ?, last_inbound_seq = ?,
last_text = ?, last_sender = ?, last_kind = 'text', last_at = ?, updated_at = ?
WHERE workspace_id = ? AND conversation_id = ?`
	bareFeed = `UPDATE workspace SET feed_seq = ? WHERE workspace_id = ?`
)

// openBare opens the loop on a database that openOffice has filled.
func openBare(ctx context.Context, file string) (*bare, error) {
	pragmas := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)",
		"cache_size(-16384)", "wal_autocheckpoint(4000)",
	}
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open the bare database: %w", err)
	}
	b := &bare{db: db, stmts: map[string]*sql.Stmt{}, jobs: make(chan bareJob, 4096)}
	if b.conn, err = db.Conn(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, q := range []string{`BEGIN IMMEDIATE`, `COMMIT`, `ROLLBACK`, bareMessage, bareChange, bareEvent, bareDedup, bareUpdate, bareFeed} {
		if b.stmts[q], err = b.conn.PrepareContext(ctx, q); err != nil { //nolint:sqlclosecheck // they live as long as the connection
			return nil, errors.Join(fmt.Errorf("prepare %s: %w", q, err), db.Close())
		}
	}
	if err := b.read(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go b.loop(context.WithoutCancel(ctx))
	return b, nil
}

func (b *bare) read(ctx context.Context) error {
	if err := b.conn.QueryRowContext(ctx, `SELECT workspace_id, feed_seq FROM workspace`).Scan(&b.workspace, &b.feed); err != nil {
		return fmt.Errorf("read the workspace: %w", err)
	}
	rows, err := b.conn.QueryContext(ctx, `SELECT conversation_id, inbox_id, contact_id, last_seq, last_public_seq FROM conversation`)
	if err != nil {
		return fmt.Errorf("read the conversations: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var r bareRow
		if err := rows.Scan(&r.id, &b.inbox, &r.contact, &r.seq, &r.public); err != nil {
			return fmt.Errorf("read a conversation: %w", err)
		}
		b.rows = append(b.rows, r)
	}
	return rows.Err() //nolint:wrapcheck // of a query just made
}

// loop takes what waits, writes it, commits, and answers.
func (b *bare) loop(ctx context.Context) {
	for j := range b.jobs {
		group := []bareJob{j}
		for more := true; more && len(group) < bareGroup; {
			select {
			case next, ok := <-b.jobs:
				if more = ok; ok {
					group = append(group, next)
				}
			default:
				more = false
			}
		}
		err := b.commit(ctx, group)
		for _, j := range group {
			j.done <- err
		}
	}
}

func (b *bare) commit(ctx context.Context, group []bareJob) error {
	if err := b.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	for _, j := range group {
		if err := b.write(ctx, j); err != nil {
			return errors.Join(err, b.exec(ctx, `ROLLBACK`))
		}
	}
	if err := b.exec(ctx, bareFeed, b.feed, b.workspace); err != nil {
		return errors.Join(err, b.exec(ctx, `ROLLBACK`))
	}
	return b.exec(ctx, `COMMIT`)
}

func (b *bare) exec(ctx context.Context, query string, args ...any) error {
	_, err := b.stmts[query].ExecContext(ctx, args...)
	return err //nolint:wrapcheck // the driver's own error
}

// bareHash stands for the hash of a content.
const bareHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func (b *bare) write(ctx context.Context, j bareJob) error {
	r := &b.rows[rand.IntN(len(b.rows))]
	r.seq++
	r.public++
	b.feed++
	at, kind, sender := time.Now().UnixMicro(), "agent", "mem_00000000000000000000000001"
	if j.visitor {
		kind, sender = "contact", r.contact
	}
	change := b.id("chg_")
	errs := []error{
		b.exec(ctx, bareMessage, b.workspace, r.id, r.seq, b.id("msg_"), j.client, kind, sender, text, at),
		b.exec(ctx, bareChange, b.workspace, r.id, r.seq, r.public, change, at, kind, sender, r.seq),
		b.exec(ctx, bareEvent, b.workspace, b.feed, change, r.id, r.seq, r.public, at),
		b.exec(ctx, bareUpdate, at, r.seq, r.public, r.seq, text, kind, at, at, b.workspace, r.id),
	}
	if j.visitor {
		errs = append(errs, b.exec(ctx, bareDedup, b.workspace, b.inbox, "vis_00000000000000000000000001/"+j.client, bareHash, r.id, r.seq))
	}
	return errors.Join(errs...)
}

// id makes an id as long as ours, growing as ours do.
func (b *bare) id(prefix string) string {
	b.made++
	digits := strconv.FormatInt(b.made, 10)
	return prefix + "01KB00000000000000000000000"[:26-len(digits)] + digits
}

func (b *bare) do(visitor bool) func(ctx context.Context, worker int) error {
	return func(ctx context.Context, _ int) error {
		j := bareJob{client: clientID(b.sent.Add(1) + 1e9), visitor: visitor, done: make(chan error, 1)}
		select {
		case b.jobs <- j:
			return <-j.done
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // of our own context
		}
	}
}

func (b *bare) close() {
	close(b.jobs)
	_ = b.conn.Close()
	_ = b.db.Close() // thrown away
}
