-- Messages that are edited and taken back. Its twin is ../sqlite/0036_revised.sql.

-- What a message said before a change replaced it: text and extras as in message.
CREATE TABLE message_version (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  change_seq      BIGINT NOT NULL,
  at              BIGINT NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  extras          TEXT COLLATE "C",
  PRIMARY KEY (workspace_id, conversation_id, seq, change_seq),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
);

-- Whether the last message was taken back.
ALTER TABLE conversation ADD COLUMN last_recalled BOOLEAN NOT NULL DEFAULT FALSE;
