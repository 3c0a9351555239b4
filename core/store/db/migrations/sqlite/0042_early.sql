-- What far sides said of messages of ours before they answered the attempt. Its twin is ../postgres/0042_early.sql.

-- about is a delivery ("delivery:...") or the far side's id ("target:...").
CREATE TABLE early_status (
  workspace_id  TEXT NOT NULL,
  inbox_id      TEXT NOT NULL,
  about         TEXT NOT NULL,
  state         TEXT NOT NULL,
  code          TEXT NOT NULL,
  at            INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, about, state)
) STRICT, WITHOUT ROWID;
