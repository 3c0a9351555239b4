-- Messages that are edited and taken back. Its twin is ../postgres/0036_revised.sql.

-- What a message said before a change replaced it: text and extras as in message.
CREATE TABLE message_version (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  change_seq      INTEGER NOT NULL,
  at              INTEGER NOT NULL,
  text            TEXT NOT NULL,
  extras          TEXT,
  PRIMARY KEY (workspace_id, conversation_id, seq, change_seq),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
) STRICT;

-- Whether the last message was taken back.
ALTER TABLE conversation ADD COLUMN last_recalled INTEGER NOT NULL DEFAULT 0;
