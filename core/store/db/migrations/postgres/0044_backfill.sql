-- What was brought to inboxes later than it came. Its twin is ../sqlite/0044_backfill.sql.

-- fresh, known and refused count what was brought; found is what the far side
-- had. refusals is JSON: why items were refused. holder is who is at work on it,
-- '' = nobody has begun; after held_until it is given up.
CREATE TABLE inbox_backfill (
  workspace_id   TEXT COLLATE "C" NOT NULL,
  backfill_id    TEXT COLLATE "C" NOT NULL,
  inbox_id       TEXT COLLATE "C" NOT NULL,
  since          BIGINT NOT NULL,
  state          TEXT COLLATE "C" NOT NULL,
  actor_kind     TEXT COLLATE "C" NOT NULL,
  actor_id       TEXT COLLATE "C" NOT NULL,
  actor_name     TEXT COLLATE "C" NOT NULL,
  started_at     BIGINT NOT NULL,
  finished_at    BIGINT NOT NULL,
  found          BIGINT NOT NULL,
  fresh          BIGINT NOT NULL,
  known          BIGINT NOT NULL,
  refused        BIGINT NOT NULL,
  refusals       TEXT COLLATE "C" NOT NULL,
  code           TEXT COLLATE "C" NOT NULL,
  detail         TEXT COLLATE "C" NOT NULL,
  holder         TEXT COLLATE "C" NOT NULL,
  held_until     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, backfill_id)
);
CREATE INDEX inbox_backfill_inbox ON inbox_backfill (workspace_id, inbox_id, started_at);
CREATE UNIQUE INDEX inbox_backfill_one ON inbox_backfill (workspace_id, inbox_id) WHERE state = 'running';
