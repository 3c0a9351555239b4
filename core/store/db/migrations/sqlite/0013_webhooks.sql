-- webhooks. Its twin is ../postgres/0013_webhooks.sql.

-- Where events are sent. Secrets are sealed, see core/seal; lists are JSON.
CREATE TABLE webhook (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  webhook_id    TEXT NOT NULL,
  url           TEXT NOT NULL,
  description   TEXT NOT NULL,
  events        TEXT NOT NULL,
  filter        TEXT NOT NULL,
  inboxes       TEXT NOT NULL,
  active        INTEGER NOT NULL,
  secrets       TEXT NOT NULL,
  health        TEXT NOT NULL,
  failing_since INTEGER NOT NULL,
  last_success  INTEGER NOT NULL,
  from_feed     INTEGER NOT NULL,
  created_by    TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, webhook_id)
) STRICT, WITHOUT ROWID;

-- What must be sent, one row for each endpoint and event. subject keeps order:
-- a row leaves when no earlier one of its subject is pending. claimed_until:
-- somebody is sending it.
CREATE TABLE webhook_delivery (
  workspace_id  TEXT NOT NULL,
  delivery_id   TEXT NOT NULL,
  webhook_id    TEXT NOT NULL,
  event_id      TEXT NOT NULL,
  type          TEXT NOT NULL,
  feed_seq      INTEGER NOT NULL,
  subject       TEXT NOT NULL,
  body          TEXT NOT NULL,
  at            INTEGER NOT NULL,
  state         TEXT NOT NULL,
  attempts      INTEGER NOT NULL,
  next_at       INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL,
  status        INTEGER NOT NULL,
  code          TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  pending_at    INTEGER NOT NULL,
  settled_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id),
  UNIQUE (workspace_id, webhook_id, event_id),
  FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhook (workspace_id, webhook_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX webhook_delivery_list ON webhook_delivery (workspace_id, webhook_id, feed_seq);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (workspace_id, webhook_id, feed_seq) WHERE state = 'pending';
CREATE INDEX webhook_delivery_turn ON webhook_delivery (workspace_id, webhook_id, subject, feed_seq) WHERE state = 'pending';
CREATE INDEX webhook_delivery_old ON webhook_delivery (state, settled_at) WHERE state <> 'pending';
CREATE INDEX webhook_delivery_subject ON webhook_delivery (workspace_id, subject);

-- Requests and what came of them, numbered by their time; the newest are kept.
CREATE TABLE webhook_attempt (
  workspace_id TEXT NOT NULL,
  delivery_id  TEXT NOT NULL,
  at           INTEGER NOT NULL,
  took         INTEGER NOT NULL,
  kids         TEXT NOT NULL,
  status       INTEGER NOT NULL,
  headers      TEXT NOT NULL,
  body         TEXT NOT NULL,
  cut          INTEGER NOT NULL,
  code         TEXT NOT NULL,
  detail       TEXT NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id, at),
  FOREIGN KEY (workspace_id, delivery_id) REFERENCES webhook_delivery (workspace_id, delivery_id) ON DELETE CASCADE
) STRICT;

-- How far the feed was looked at. Workspaces that are older begin at their head.
CREATE TABLE webhook_cursor (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace,
  feed_seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO webhook_cursor (workspace_id, feed_seq) SELECT workspace_id, feed_seq FROM workspace;
