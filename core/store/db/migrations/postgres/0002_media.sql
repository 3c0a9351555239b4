-- media. Its twin is ../sqlite/0002_media.sql.

-- A file that somebody brought: uploading, ready, or taken by a message. The
-- bytes lie in the media folder of the data directory, under attachment_id.
-- received is how many of them are on disk for certain. A message's files are
-- found by its conversation and seq; both are empty until it is taken, so they
-- refer to nothing.
CREATE TABLE attachment (
  workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  attachment_id   TEXT COLLATE "C" NOT NULL UNIQUE,
  uploader_kind   TEXT COLLATE "C" NOT NULL,
  uploader_id     TEXT COLLATE "C" NOT NULL,
  state           TEXT COLLATE "C" NOT NULL,
  name            TEXT COLLATE "C" NOT NULL,
  type            TEXT COLLATE "C" NOT NULL,
  kind            TEXT COLLATE "C" NOT NULL,
  size            BIGINT NOT NULL,
  received        BIGINT NOT NULL,
  sha256          TEXT COLLATE "C" NOT NULL,
  width           BIGINT NOT NULL,
  height          BIGINT NOT NULL,
  duration_ms     BIGINT NOT NULL,
  preview         TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  message_seq     BIGINT NOT NULL,
  position        BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, attachment_id)
);
CREATE INDEX attachment_message ON attachment (workspace_id, conversation_id, message_seq, position) WHERE state = 'taken';
CREATE INDEX attachment_expiry ON attachment (expires_at) WHERE state <> 'taken';
