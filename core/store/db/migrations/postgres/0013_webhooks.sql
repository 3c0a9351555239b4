-- webhooks. Its twin is ../sqlite/0013_webhooks.sql.

-- Where events are sent. Secrets are sealed, see core/seal; lists are JSON.
CREATE TABLE webhook (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  webhook_id    TEXT COLLATE "C" NOT NULL,
  url           TEXT COLLATE "C" NOT NULL,
  description   TEXT COLLATE "C" NOT NULL,
  events        TEXT COLLATE "C" NOT NULL,
  filter        TEXT COLLATE "C" NOT NULL,
  inboxes       TEXT COLLATE "C" NOT NULL,
  active        BIGINT NOT NULL,
  secrets       TEXT COLLATE "C" NOT NULL,
  health        TEXT COLLATE "C" NOT NULL,
  failing_since BIGINT NOT NULL,
  last_success  BIGINT NOT NULL,
  from_feed     BIGINT NOT NULL,
  created_by    TEXT COLLATE "C" NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, webhook_id)
);

-- What must be sent, one row for each endpoint and event. subject keeps order:
-- a row leaves when no earlier one of its subject is pending. claimed_until:
-- somebody is sending it.
CREATE TABLE webhook_delivery (
  workspace_id  TEXT COLLATE "C" NOT NULL,
  delivery_id   TEXT COLLATE "C" NOT NULL,
  webhook_id    TEXT COLLATE "C" NOT NULL,
  event_id      TEXT COLLATE "C" NOT NULL,
  type          TEXT COLLATE "C" NOT NULL,
  feed_seq      BIGINT NOT NULL,
  subject       TEXT COLLATE "C" NOT NULL,
  body          TEXT COLLATE "C" NOT NULL,
  at            BIGINT NOT NULL,
  state         TEXT COLLATE "C" NOT NULL,
  attempts      BIGINT NOT NULL,
  next_at       BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  status        BIGINT NOT NULL,
  code          TEXT COLLATE "C" NOT NULL,
  created_at    BIGINT NOT NULL,
  pending_at    BIGINT NOT NULL,
  settled_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id),
  UNIQUE (workspace_id, webhook_id, event_id),
  FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhook (workspace_id, webhook_id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_list ON webhook_delivery (workspace_id, webhook_id, feed_seq);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (workspace_id, webhook_id, feed_seq) WHERE state = 'pending';
CREATE INDEX webhook_delivery_turn ON webhook_delivery (workspace_id, webhook_id, subject, feed_seq) WHERE state = 'pending';
CREATE INDEX webhook_delivery_old ON webhook_delivery (state, settled_at) WHERE state <> 'pending';
CREATE INDEX webhook_delivery_subject ON webhook_delivery (workspace_id, subject);

-- Requests and what came of them, numbered by their time; the newest are kept.
CREATE TABLE webhook_attempt (
  workspace_id TEXT COLLATE "C" NOT NULL,
  delivery_id  TEXT COLLATE "C" NOT NULL,
  at           BIGINT NOT NULL,
  took         BIGINT NOT NULL,
  kids         TEXT COLLATE "C" NOT NULL,
  status       BIGINT NOT NULL,
  headers      TEXT COLLATE "C" NOT NULL,
  body         TEXT COLLATE "C" NOT NULL,
  cut          BIGINT NOT NULL,
  code         TEXT COLLATE "C" NOT NULL,
  detail       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id, at),
  FOREIGN KEY (workspace_id, delivery_id) REFERENCES webhook_delivery (workspace_id, delivery_id) ON DELETE CASCADE
);

-- How far the feed was looked at. Workspaces that are older begin at their head.
CREATE TABLE webhook_cursor (
  workspace_id TEXT COLLATE "C" PRIMARY KEY REFERENCES workspace,
  feed_seq     BIGINT NOT NULL
);
INSERT INTO webhook_cursor (workspace_id, feed_seq) SELECT workspace_id, feed_seq FROM workspace;
