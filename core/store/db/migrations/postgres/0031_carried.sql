-- What channels carry beside text. Its twin is ../sqlite/0031_carried.sql.

-- The HTML of few messages, as the far side wrote it.
CREATE TABLE message_html (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  html            TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
);
