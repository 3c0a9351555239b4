-- What channels carry beside text. Its twin is ../postgres/0031_carried.sql.

-- The HTML of few messages, as the far side wrote it.
CREATE TABLE message_html (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  html            TEXT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
) STRICT;
