-- How a workspace gives out its work. Its twin is ../sqlite/0052_policies.sql.

-- plan is JSON: what somebody works on.
CREATE TABLE dispatch_policy (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  plan         TEXT COLLATE "C" NOT NULL,
  revision     BIGINT NOT NULL,
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id)
);

-- What was published; the one with the largest number is in force.
CREATE TABLE dispatch_policy_revision (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  number       BIGINT NOT NULL,
  plan         TEXT COLLATE "C" NOT NULL,
  note         TEXT COLLATE "C" NOT NULL,
  restores     BIGINT NOT NULL, -- 0 = it was the draft
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  at           BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, number)
);
