-- sandbox: workspaces to try things out in. Its twin is
-- ../sqlite/0022_sandbox.sql.

-- parent_id: the workspace whose sandbox this one is, '' = none. used_at: when
-- somebody last entered a sandbox, to the hour. ended_at: when a sandbox was
-- deleted, 0 = it was not; its row stays for its audit log, and nothing else may
-- be written to it.
ALTER TABLE workspace ADD COLUMN parent_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE workspace ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;

-- The sandboxes of a workspace, each by the workspace that it is. state:
-- filling, ready, ending (it is closed and being emptied), ended (told of for a
-- while). member_id made it. due_at: when the work that the state names is to be
-- taken up (again), 0 = there is none.
CREATE TABLE sandbox (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  sandbox_id   TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES workspace (workspace_id),
  member_id    TEXT COLLATE "C" NOT NULL,
  state        TEXT COLLATE "C" NOT NULL,
  idle         BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  filled_at    BIGINT NOT NULL,
  ended_at     BIGINT NOT NULL,
  due_at       BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, sandbox_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
);
CREATE INDEX sandbox_due ON sandbox (due_at) WHERE due_at > 0;
