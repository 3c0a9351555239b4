-- Edits and recalls that must leave. Its twin is ../postgres/0041_acts.sql.

-- A delivery has a place of its own in its conversation: the seq of the change
-- that made it. Of a message that is seq; of an act on a message, seq is the
-- message's. act: '' = the message leaves, edit, recall. target is the far
-- side's id of the message, body what an edit has it say.
CREATE TABLE delivery_new (
  workspace_id    TEXT NOT NULL,
  delivery_id     TEXT NOT NULL,
  inbox_id        TEXT NOT NULL,
  plugin          TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  recipient       TEXT NOT NULL,
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  next_at         INTEGER NOT NULL,
  last_code       TEXT NOT NULL,
  last_detail     TEXT NOT NULL,
  provider_id     TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL DEFAULT 0,
  merged_to       INTEGER NOT NULL DEFAULT 0,
  place           INTEGER NOT NULL,
  act             TEXT NOT NULL DEFAULT '',
  target          TEXT NOT NULL DEFAULT '',
  body            TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (workspace_id, delivery_id),
  UNIQUE (workspace_id, conversation_id, place),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_new (workspace_id, delivery_id, inbox_id, plugin, conversation_id, seq, recipient, state, attempts, next_at,
  last_code, last_detail, provider_id, created_at, expires_at, merged_to, place)
SELECT workspace_id, delivery_id, inbox_id, plugin, conversation_id, seq, recipient, state, attempts, next_at,
  last_code, last_detail, provider_id, created_at, expires_at, merged_to, seq FROM delivery;
DROP TABLE delivery;
ALTER TABLE delivery_new RENAME TO delivery;
CREATE INDEX delivery_oldest ON delivery (plugin, created_at, delivery_id) WHERE state = 'pending';
CREATE INDEX delivery_due ON delivery (plugin, next_at) WHERE state = 'pending';
CREATE INDEX delivery_turn ON delivery (workspace_id, conversation_id, place) WHERE state = 'pending';
CREATE INDEX delivery_message ON delivery (workspace_id, conversation_id, seq);
