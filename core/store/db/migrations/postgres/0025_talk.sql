-- Bots, analyzers and hooks. Its twin is ../sqlite/0025_talk.sql.

-- The connection of the bot that answers an inbox's customers first, '' = people do.
ALTER TABLE inbox ADD COLUMN bot TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX conversation_bot ON conversation (workspace_id, conversation_id) WHERE responder = 'bot';

-- Where a bot stands in a conversation. handled_seq: the customer's last
-- message that it was asked about. results: of tools, JSON, not told yet; told:
-- those of the turn that is under way. turn_id '' = none is. claim: who works on
-- it, until claim_until should they have died.
CREATE TABLE bot_talk (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  bot             TEXT COLLATE "C" NOT NULL,
  handled_seq     BIGINT NOT NULL,
  memory          BYTEA NOT NULL,
  results         TEXT COLLATE "C" NOT NULL,
  turn_id         TEXT COLLATE "C" NOT NULL,
  up_to_seq       BIGINT NOT NULL,
  told            TEXT COLLATE "C" NOT NULL,
  attempts        BIGINT NOT NULL,
  since           BIGINT NOT NULL,
  next_at         BIGINT NOT NULL,
  claim           TEXT COLLATE "C" NOT NULL,
  claim_until     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);

-- What analyzers noticed in messages. title and advice: JSON, by locale. start_at
-- and end_at: characters of the message's text, both 0 = all of it. score: in thousandths.
CREATE TABLE finding (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  finding_id      TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  message_id      TEXT COLLATE "C" NOT NULL,
  message_seq     BIGINT NOT NULL,
  connection_id   TEXT COLLATE "C" NOT NULL,
  analyzer        TEXT COLLATE "C" NOT NULL,
  code            TEXT COLLATE "C" NOT NULL,
  level           TEXT COLLATE "C" NOT NULL,
  title           TEXT COLLATE "C" NOT NULL,
  advice          TEXT COLLATE "C" NOT NULL,
  start_at        BIGINT NOT NULL,
  end_at          BIGINT NOT NULL,
  score           BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  dismissed_at    BIGINT NOT NULL,
  dismissed_kind  TEXT COLLATE "C" NOT NULL,
  dismissed_by    TEXT COLLATE "C" NOT NULL,
  dismissed_name  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, finding_id),
  UNIQUE (workspace_id, conversation_id, message_id, connection_id, code, start_at, end_at),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);
CREATE INDEX finding_of ON finding (workspace_id, conversation_id, created_at, finding_id);

-- How far a connection was told what happens. use: hook or analyzer. failures:
-- of the event that is next, in a row; detail: the last of them. claim: the node
-- that tells it, until claim_until.
CREATE TABLE plugin_cursor (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  connection_id TEXT COLLATE "C" NOT NULL,
  use           TEXT COLLATE "C" NOT NULL,
  feed_seq      BIGINT NOT NULL,
  failures      BIGINT NOT NULL,
  detail        TEXT COLLATE "C" NOT NULL,
  claim         TEXT COLLATE "C" NOT NULL,
  claim_until   BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, use)
);

-- Events that a connection was not told, since it refused them or failed over
-- and over.
CREATE TABLE plugin_skip (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  connection_id TEXT COLLATE "C" NOT NULL,
  use           TEXT COLLATE "C" NOT NULL,
  feed_seq      BIGINT NOT NULL,
  event_id      TEXT COLLATE "C" NOT NULL,
  type          TEXT COLLATE "C" NOT NULL,
  code          TEXT COLLATE "C" NOT NULL,
  detail        TEXT COLLATE "C" NOT NULL,
  at            BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, use, feed_seq)
);
