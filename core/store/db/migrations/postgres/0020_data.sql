-- data: retention, exports, and what erasing asks of the tables. Its twin is
-- ../sqlite/0020_data.sql.

-- How long a workspace keeps what: rules is a JSON object of days by kind; a
-- kind that is not in it is kept as long as the product does. run_at is when
-- the rules were last carried out to the end; 0 = never.
CREATE TABLE retention_policy (
  workspace_id TEXT COLLATE "C" PRIMARY KEY REFERENCES workspace,
  rules        TEXT COLLATE "C" NOT NULL,
  updated_at   BIGINT NOT NULL,
  updated_id   TEXT COLLATE "C" NOT NULL,
  updated_name TEXT COLLATE "C" NOT NULL,
  run_at       BIGINT NOT NULL
);

-- What was deleted and stands in no audit record yet: one record for each run.
CREATE TABLE retention_tally (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  kind         TEXT COLLATE "C" NOT NULL,
  days         BIGINT NOT NULL,
  deleted      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, kind, days)
);

-- Files whose rows are gone, or say so, and that are still to be removed.
CREATE TABLE retention_file (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  attachment_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, attachment_id)
);

-- When the bytes of a file went, the row of which stays; 0 = they are there.
ALTER TABLE attachment ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX attachment_kept ON attachment (workspace_id, created_at) WHERE state = 'taken' AND removed_at = 0;

-- Why a contact was erased, as one of a few words; '' = not said.
ALTER TABLE erasure ADD COLUMN reason TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Exports. contact_id '' = of the whole workspace. counts is a JSON object of
-- lines by noun; code and detail say what an export failed of. file_at is when
-- the file was made, 0 = there is none (any more).
CREATE TABLE export_job (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  export_id    TEXT COLLATE "C" NOT NULL,
  contact_id   TEXT COLLATE "C" NOT NULL,
  files        BIGINT NOT NULL,
  state        TEXT COLLATE "C" NOT NULL,
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  started_at   BIGINT NOT NULL,
  finished_at  BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  done         BIGINT NOT NULL,
  total        BIGINT NOT NULL,
  size         BIGINT NOT NULL,
  sha256       TEXT COLLATE "C" NOT NULL,
  counts       TEXT COLLATE "C" NOT NULL,
  code         TEXT COLLATE "C" NOT NULL,
  detail       TEXT COLLATE "C" NOT NULL,
  file_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, export_id)
);
CREATE UNIQUE INDEX export_job_one ON export_job (workspace_id) WHERE state IN ('queued', 'running');
CREATE INDEX export_job_busy ON export_job (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX export_job_file ON export_job (expires_at) WHERE file_at > 0;

-- Deleting a conversation asks these tables for what belongs to it.
CREATE INDEX inbound_dedup_conversation ON inbound_dedup (workspace_id, conversation_id);
CREATE INDEX rating_conversation ON rating (workspace_id, conversation_id);
CREATE INDEX draft_conversation ON draft (workspace_id, conversation_id);
CREATE INDEX notification_conversation ON notification (workspace_id, conversation_id);
