-- How accounts, inboxes and connections, have fared. Its twin is ../postgres/0037_condition.sql.

-- turns is JSON: the last changes of the state, the newest first. notice_at is
-- when administrators are to be told of what it is now; 0 = they need not be.
CREATE TABLE account_condition (
  workspace_id   TEXT NOT NULL,
  instance_id    TEXT NOT NULL,
  state          TEXT NOT NULL,
  code           TEXT NOT NULL,
  detail         TEXT NOT NULL,
  since          INTEGER NOT NULL,
  good_at        INTEGER NOT NULL,
  revision       INTEGER NOT NULL,
  rejections     INTEGER NOT NULL,
  rejected_at    INTEGER NOT NULL,
  told           INTEGER NOT NULL,
  notice_at      INTEGER NOT NULL,
  turns          TEXT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_condition_notice ON account_condition (notice_at) WHERE notice_at > 0;
