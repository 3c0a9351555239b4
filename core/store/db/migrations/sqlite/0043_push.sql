-- Browsers that are told when no window is open. Its twin is ../postgres/0043_push.sql.

-- sealed: where to and its secrets, see core/push. code: why the last push was
-- not taken. paced: the rate's theoretical arrival time.
CREATE TABLE push_subscription (
  session_id    TEXT PRIMARY KEY REFERENCES session ON DELETE CASCADE,
  account_id    TEXT NOT NULL REFERENCES account,
  endpoint_hash TEXT NOT NULL UNIQUE,
  sealed        TEXT NOT NULL,
  say           TEXT NOT NULL,
  since         INTEGER NOT NULL,
  sent_at       INTEGER NOT NULL,
  code          TEXT NOT NULL,
  failures      INTEGER NOT NULL,
  rest_until    INTEGER NOT NULL,
  paced         INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_subscription_account ON push_subscription (account_id);

-- What they are to be told: goes with the notification and with the subscription.
CREATE TABLE push_waiting (
  workspace_id    TEXT NOT NULL,
  member_id       TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  session_id      TEXT NOT NULL REFERENCES push_subscription ON DELETE CASCADE,
  at              INTEGER NOT NULL, -- of the notification
  due_at          INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, member_id, notification_id, session_id),
  FOREIGN KEY (workspace_id, member_id, notification_id) REFERENCES notification (workspace_id, member_id, notification_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX push_waiting_session ON push_waiting (session_id, due_at);
