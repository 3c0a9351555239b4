-- Whispers. Its twin is ../sqlite/0056_whispers.sql.

-- What a supervisor told whoever had a conversation. seq: of the conversation's
-- last change then.
CREATE TABLE whisper (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  whisper_id      TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  client_id       TEXT COLLATE "C" NOT NULL,
  from_id         TEXT COLLATE "C" NOT NULL,
  from_name       TEXT COLLATE "C" NOT NULL,
  to_id           TEXT COLLATE "C" NOT NULL,
  to_name         TEXT COLLATE "C" NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  at              BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, whisper_id),
  UNIQUE (workspace_id, conversation_id, from_id, client_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);
CREATE INDEX whisper_in ON whisper (workspace_id, conversation_id, at, whisper_id);
