-- Alerts of supervisors. Its twin is ../postgres/0057_alerts.sql.

-- When supervisors are alerted. No row: the default.
CREATE TABLE alert_rules (
  workspace_id TEXT NOT NULL REFERENCES workspace PRIMARY KEY,
  rules        TEXT NOT NULL,
  revision     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Conditions that hold. queue_id: '' is what is in no queue. passed: the limit,
-- in seconds, members or conversations. ack_*: who takes care of it; 0 = nobody.
CREATE TABLE alert (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  alert_id     TEXT NOT NULL,
  rule         TEXT NOT NULL,
  queue_id     TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  passed       INTEGER NOT NULL,
  since        INTEGER NOT NULL,
  raised_at    INTEGER NOT NULL,
  ack_kind     TEXT NOT NULL,
  ack_id       TEXT NOT NULL,
  ack_name     TEXT NOT NULL,
  ack_at       INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, alert_id),
  UNIQUE (workspace_id, rule, queue_id, member_id)
) STRICT, WITHOUT ROWID;
