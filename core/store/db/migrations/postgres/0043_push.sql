-- Browsers that are told when no window is open. Its twin is ../sqlite/0043_push.sql.

-- sealed: where to and its secrets, see core/push. code: why the last push was
-- not taken. paced: the rate's theoretical arrival time.
CREATE TABLE push_subscription (
  session_id    TEXT COLLATE "C" PRIMARY KEY REFERENCES session ON DELETE CASCADE,
  account_id    TEXT COLLATE "C" NOT NULL REFERENCES account,
  endpoint_hash TEXT COLLATE "C" NOT NULL UNIQUE,
  sealed        TEXT COLLATE "C" NOT NULL,
  say           TEXT COLLATE "C" NOT NULL,
  since         BIGINT NOT NULL,
  sent_at       BIGINT NOT NULL,
  code          TEXT COLLATE "C" NOT NULL,
  failures      BIGINT NOT NULL,
  rest_until    BIGINT NOT NULL,
  paced         BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL
);
CREATE INDEX push_subscription_account ON push_subscription (account_id);

-- What they are to be told: goes with the notification and with the subscription.
CREATE TABLE push_waiting (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  member_id       TEXT COLLATE "C" NOT NULL,
  notification_id TEXT COLLATE "C" NOT NULL,
  session_id      TEXT COLLATE "C" NOT NULL REFERENCES push_subscription ON DELETE CASCADE,
  at              BIGINT NOT NULL, -- of the notification
  due_at          BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id, notification_id, session_id),
  FOREIGN KEY (workspace_id, member_id, notification_id) REFERENCES notification (workspace_id, member_id, notification_id) ON DELETE CASCADE
);
CREATE INDEX push_waiting_session ON push_waiting (session_id, due_at);
