-- Webhook requests are kept for a time after they are processed, with what became of them. Its twin is ../sqlite/0045_requests.sql.

-- The raw request never changes: attempts and the next of them move to its
-- outcome, which is small, so that lists and marks read and write no bodies.
CREATE TABLE webhook_outcome (
  workspace_id  TEXT COLLATE "C" NOT NULL,
  request_id    TEXT COLLATE "C" NOT NULL,
  inbox_id      TEXT COLLATE "C" NOT NULL,
  state         TEXT NOT NULL,
  method        TEXT NOT NULL,
  size          BIGINT NOT NULL,
  received_at   BIGINT NOT NULL,
  waits_since   BIGINT NOT NULL,
  attempts      BIGINT NOT NULL,
  next_at       BIGINT NOT NULL,
  ended_at      BIGINT NOT NULL,
  took_us       BIGINT NOT NULL,
  code          TEXT NOT NULL,
  detail        TEXT NOT NULL,
  accepted      BIGINT NOT NULL,
  duplicates    BIGINT NOT NULL,
  refused       BIGINT NOT NULL,
  senders       TEXT NOT NULL,
  PRIMARY KEY (workspace_id, request_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);
CREATE INDEX webhook_outcome_inbox ON webhook_outcome (workspace_id, inbox_id, received_at, request_id);
CREATE INDEX webhook_outcome_waiting ON webhook_outcome (workspace_id, inbox_id) WHERE state = 'waiting';
CREATE INDEX webhook_outcome_due ON webhook_outcome (next_at) WHERE state = 'waiting';

INSERT INTO webhook_outcome (workspace_id, request_id, inbox_id, state, method, size, received_at, waits_since, attempts, next_at,
ended_at, took_us, code, detail, accepted, duplicates, refused, senders)
SELECT workspace_id, request_id, inbox_id, 'waiting', method, LENGTH(body), received_at, received_at, attempts, next_at,
0, 0, '', '', 0, 0, 0, '' FROM webhook_request;

DROP INDEX webhook_request_due;
DROP INDEX webhook_request_inbox;
ALTER TABLE webhook_request DROP COLUMN attempts;
ALTER TABLE webhook_request DROP COLUMN next_at;
