-- Bots, analyzers and hooks. Its twin is ../postgres/0025_talk.sql.

-- The connection of the bot that answers an inbox's customers first, '' = people do.
ALTER TABLE inbox ADD COLUMN bot TEXT NOT NULL DEFAULT '';

CREATE INDEX conversation_bot ON conversation (workspace_id, conversation_id) WHERE responder = 'bot';

-- Where a bot stands in a conversation. handled_seq: the customer's last
-- message that it was asked about. results: of tools, JSON, not told yet; told:
-- those of the turn that is under way. turn_id '' = none is. claim: who works on
-- it, until claim_until should they have died.
CREATE TABLE bot_talk (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  bot             TEXT NOT NULL,
  handled_seq     INTEGER NOT NULL,
  memory          BLOB NOT NULL,
  results         TEXT NOT NULL,
  turn_id         TEXT NOT NULL,
  up_to_seq       INTEGER NOT NULL,
  told            TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  since           INTEGER NOT NULL,
  next_at         INTEGER NOT NULL,
  claim           TEXT NOT NULL,
  claim_until     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT;

-- What analyzers noticed in messages. title and advice: JSON, by locale. start_at
-- and end_at: characters of the message's text, both 0 = all of it. score: in thousandths.
CREATE TABLE finding (
  workspace_id    TEXT NOT NULL,
  finding_id      TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  message_id      TEXT NOT NULL,
  message_seq     INTEGER NOT NULL,
  connection_id   TEXT NOT NULL,
  analyzer        TEXT NOT NULL,
  code            TEXT NOT NULL,
  level           TEXT NOT NULL,
  title           TEXT NOT NULL,
  advice          TEXT NOT NULL,
  start_at        INTEGER NOT NULL,
  end_at          INTEGER NOT NULL,
  score           INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  dismissed_at    INTEGER NOT NULL,
  dismissed_kind  TEXT NOT NULL,
  dismissed_by    TEXT NOT NULL,
  dismissed_name  TEXT NOT NULL,
  PRIMARY KEY (workspace_id, finding_id),
  UNIQUE (workspace_id, conversation_id, message_id, connection_id, code, start_at, end_at),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT;
CREATE INDEX finding_of ON finding (workspace_id, conversation_id, created_at, finding_id);

-- How far a connection was told what happens. use: hook or analyzer. failures:
-- of the event that is next, in a row; detail: the last of them. claim: the node
-- that tells it, until claim_until.
CREATE TABLE plugin_cursor (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  connection_id TEXT NOT NULL,
  use           TEXT NOT NULL,
  feed_seq      INTEGER NOT NULL,
  failures      INTEGER NOT NULL,
  detail        TEXT NOT NULL,
  claim         TEXT NOT NULL,
  claim_until   INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, use)
) STRICT, WITHOUT ROWID;

-- Events that a connection was not told, since it refused them or failed over
-- and over.
CREATE TABLE plugin_skip (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  connection_id TEXT NOT NULL,
  use           TEXT NOT NULL,
  feed_seq      INTEGER NOT NULL,
  event_id      TEXT NOT NULL,
  type          TEXT NOT NULL,
  code          TEXT NOT NULL,
  detail        TEXT NOT NULL,
  at            INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, use, feed_seq)
) STRICT, WITHOUT ROWID;
