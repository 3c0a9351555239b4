-- What was brought to inboxes later than it came. Its twin is ../postgres/0044_backfill.sql.

-- fresh, known and refused count what was brought; found is what the far side
-- had. refusals is JSON: why items were refused. holder is who is at work on it,
-- '' = nobody has begun; after held_until it is given up.
CREATE TABLE inbox_backfill (
  workspace_id   TEXT NOT NULL,
  backfill_id    TEXT NOT NULL,
  inbox_id       TEXT NOT NULL,
  since          INTEGER NOT NULL,
  state          TEXT NOT NULL,
  actor_kind     TEXT NOT NULL,
  actor_id       TEXT NOT NULL,
  actor_name     TEXT NOT NULL,
  started_at     INTEGER NOT NULL,
  finished_at    INTEGER NOT NULL,
  found          INTEGER NOT NULL,
  fresh          INTEGER NOT NULL,
  known          INTEGER NOT NULL,
  refused        INTEGER NOT NULL,
  refusals       TEXT NOT NULL,
  code           TEXT NOT NULL,
  detail         TEXT NOT NULL,
  holder         TEXT NOT NULL,
  held_until     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, backfill_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_backfill_inbox ON inbox_backfill (workspace_id, inbox_id, started_at);
CREATE UNIQUE INDEX inbox_backfill_one ON inbox_backfill (workspace_id, inbox_id) WHERE state = 'running';
