-- media. Its twin is ../postgres/0002_media.sql.

-- A file that somebody brought: uploading, ready, or taken by a message. The
-- bytes lie in the media folder of the data directory, under attachment_id.
-- received is how many of them are on disk for certain. A message's files are
-- found by its conversation and seq; both are empty until it is taken, so they
-- refer to nothing.
CREATE TABLE attachment (
  workspace_id    TEXT NOT NULL REFERENCES workspace,
  attachment_id   TEXT NOT NULL UNIQUE,
  uploader_kind   TEXT NOT NULL,
  uploader_id     TEXT NOT NULL,
  state           TEXT NOT NULL,
  name            TEXT NOT NULL,
  type            TEXT NOT NULL,
  kind            TEXT NOT NULL,
  size            INTEGER NOT NULL,
  received        INTEGER NOT NULL,
  sha256          TEXT NOT NULL,
  width           INTEGER NOT NULL,
  height          INTEGER NOT NULL,
  duration_ms     INTEGER NOT NULL,
  preview         TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  message_seq     INTEGER NOT NULL,
  position        INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, attachment_id)
) STRICT;
CREATE INDEX attachment_message ON attachment (workspace_id, conversation_id, message_seq, position) WHERE state = 'taken';
CREATE INDEX attachment_expiry ON attachment (expires_at) WHERE state <> 'taken';
