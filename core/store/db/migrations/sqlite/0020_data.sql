-- data: retention, exports, and what erasing asks of the tables. Its twin is
-- ../postgres/0020_data.sql.

-- How long a workspace keeps what: rules is a JSON object of days by kind; a
-- kind that is not in it is kept as long as the product does. run_at is when
-- the rules were last carried out to the end; 0 = never.
CREATE TABLE retention_policy (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace,
  rules        TEXT NOT NULL,
  updated_at   INTEGER NOT NULL,
  updated_id   TEXT NOT NULL,
  updated_name TEXT NOT NULL,
  run_at       INTEGER NOT NULL
) STRICT;

-- What was deleted and stands in no audit record yet: one record for each run.
CREATE TABLE retention_tally (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  kind         TEXT NOT NULL,
  days         INTEGER NOT NULL,
  deleted      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, kind, days)
) STRICT, WITHOUT ROWID;

-- Files whose rows are gone, or say so, and that are still to be removed.
CREATE TABLE retention_file (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  attachment_id TEXT NOT NULL,
  PRIMARY KEY (workspace_id, attachment_id)
) STRICT, WITHOUT ROWID;

-- When the bytes of a file went, the row of which stays; 0 = they are there.
ALTER TABLE attachment ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attachment_kept ON attachment (workspace_id, created_at) WHERE state = 'taken' AND removed_at = 0;

-- Why a contact was erased, as one of a few words; '' = not said.
ALTER TABLE erasure ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- Exports. contact_id '' = of the whole workspace. counts is a JSON object of
-- lines by noun; code and detail say what an export failed of. file_at is when
-- the file was made, 0 = there is none (any more).
CREATE TABLE export_job (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  export_id    TEXT NOT NULL,
  contact_id   TEXT NOT NULL,
  files        INTEGER NOT NULL,
  state        TEXT NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  started_at   INTEGER NOT NULL,
  finished_at  INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  done         INTEGER NOT NULL,
  total        INTEGER NOT NULL,
  size         INTEGER NOT NULL,
  sha256       TEXT NOT NULL,
  counts       TEXT NOT NULL,
  code         TEXT NOT NULL,
  detail       TEXT NOT NULL,
  file_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, export_id)
) STRICT;
CREATE UNIQUE INDEX export_job_one ON export_job (workspace_id) WHERE state IN ('queued', 'running');
CREATE INDEX export_job_busy ON export_job (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX export_job_file ON export_job (expires_at) WHERE file_at > 0;

-- Deleting a conversation asks these tables for what belongs to it.
CREATE INDEX inbound_dedup_conversation ON inbound_dedup (workspace_id, conversation_id);
CREATE INDEX rating_conversation ON rating (workspace_id, conversation_id);
CREATE INDEX draft_conversation ON draft (workspace_id, conversation_id);
CREATE INDEX notification_conversation ON notification (workspace_id, conversation_id);
