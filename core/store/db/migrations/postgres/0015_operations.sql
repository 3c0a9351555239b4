-- operations: erasure. Its twin is ../sqlite/0015_operations.sql.

-- That a contact was erased: who, when, how much; nothing of the person but the
-- ids, which are random. contacts is a JSON list of the ids that went, counts a
-- JSON object, proof a keyed hash of what identified them. The times are 0
-- until the files are gone, and until nothing is left in free pages and indexes.
CREATE TABLE erasure (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  erasure_id   TEXT COLLATE "C" NOT NULL,
  contact_id   TEXT COLLATE "C" NOT NULL,
  contacts     TEXT COLLATE "C" NOT NULL,
  counts       TEXT COLLATE "C" NOT NULL,
  proof        TEXT COLLATE "C" NOT NULL,
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  at           BIGINT NOT NULL,
  files_at     BIGINT NOT NULL,
  scrubbed_at  BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, erasure_id)
);
CREATE INDEX erasure_newest ON erasure (workspace_id, at, erasure_id);
CREATE INDEX erasure_open ON erasure (at) WHERE scrubbed_at = 0;

-- Files that are still to be removed.
CREATE TABLE erasure_file (
  workspace_id  TEXT COLLATE "C" NOT NULL,
  attachment_id TEXT COLLATE "C" NOT NULL,
  erasure_id    TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, attachment_id),
  FOREIGN KEY (workspace_id, erasure_id) REFERENCES erasure (workspace_id, erasure_id)
);
CREATE INDEX erasure_file_of ON erasure_file (workspace_id, erasure_id);
