-- How a workspace gives out its work. Its twin is ../postgres/0052_policies.sql.

-- plan is JSON: what somebody works on.
CREATE TABLE dispatch_policy (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  plan         TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id)
) STRICT, WITHOUT ROWID;

-- What was published; the one with the largest number is in force.
CREATE TABLE dispatch_policy_revision (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  number       INTEGER NOT NULL,
  plan         TEXT NOT NULL,
  note         TEXT NOT NULL,
  restores     INTEGER NOT NULL, -- 0 = it was the draft
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, number)
) STRICT, WITHOUT ROWID;
