-- Whispers. Its twin is ../postgres/0056_whispers.sql.

-- What a supervisor told whoever had a conversation. seq: of the conversation's
-- last change then.
CREATE TABLE whisper (
  workspace_id    TEXT NOT NULL,
  whisper_id      TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  client_id       TEXT NOT NULL,
  from_id         TEXT NOT NULL,
  from_name       TEXT NOT NULL,
  to_id           TEXT NOT NULL,
  to_name         TEXT NOT NULL,
  text            TEXT NOT NULL,
  at              INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, whisper_id),
  UNIQUE (workspace_id, conversation_id, from_id, client_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT;
CREATE INDEX whisper_in ON whisper (workspace_id, conversation_id, at, whisper_id);
