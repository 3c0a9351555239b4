-- How accounts, inboxes and connections, have fared. Its twin is ../sqlite/0037_condition.sql.

-- turns is JSON: the last changes of the state, the newest first. notice_at is
-- when administrators are to be told of what it is now; 0 = they need not be.
CREATE TABLE account_condition (
  workspace_id   TEXT COLLATE "C" NOT NULL,
  instance_id    TEXT COLLATE "C" NOT NULL,
  state          TEXT COLLATE "C" NOT NULL,
  code           TEXT COLLATE "C" NOT NULL,
  detail         TEXT COLLATE "C" NOT NULL,
  since          BIGINT NOT NULL,
  good_at        BIGINT NOT NULL,
  revision       BIGINT NOT NULL,
  rejections     BIGINT NOT NULL,
  rejected_at    BIGINT NOT NULL,
  told           BOOLEAN NOT NULL,
  notice_at      BIGINT NOT NULL,
  turns          TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
);
CREATE INDEX account_condition_notice ON account_condition (notice_at) WHERE notice_at > 0;
