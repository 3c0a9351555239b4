-- Alerts of supervisors. Its twin is ../sqlite/0057_alerts.sql.

-- When supervisors are alerted. No row: the default.
CREATE TABLE alert_rules (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace PRIMARY KEY,
  rules        TEXT COLLATE "C" NOT NULL,
  revision     BIGINT NOT NULL
);

-- Conditions that hold. queue_id: '' is what is in no queue. passed: the limit,
-- in seconds, members or conversations. ack_*: who takes care of it; 0 = nobody.
CREATE TABLE alert (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  alert_id     TEXT COLLATE "C" NOT NULL,
  rule         TEXT COLLATE "C" NOT NULL,
  queue_id     TEXT COLLATE "C" NOT NULL,
  member_id    TEXT COLLATE "C" NOT NULL,
  passed       BIGINT NOT NULL,
  since        BIGINT NOT NULL,
  raised_at    BIGINT NOT NULL,
  ack_kind     TEXT COLLATE "C" NOT NULL,
  ack_id       TEXT COLLATE "C" NOT NULL,
  ack_name     TEXT COLLATE "C" NOT NULL,
  ack_at       BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, alert_id),
  UNIQUE (workspace_id, rule, queue_id, member_id)
);
