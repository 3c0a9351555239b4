-- Teams, presence and notifications. Its twin is ../postgres/0007_teams.sql.

-- A deleted team is remembered until no conversation refers to it.
CREATE TABLE team (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  team_id      TEXT NOT NULL,
  name         TEXT NOT NULL,
  description  TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  deleted_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, team_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX team_name ON team (workspace_id, name) WHERE deleted_at = 0;
CREATE INDEX team_deleted ON team (deleted_at) WHERE deleted_at > 0;

CREATE TABLE team_member (
  workspace_id TEXT NOT NULL,
  team_id      TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  PRIMARY KEY (workspace_id, team_id, member_id),
  FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, team_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX team_member_member ON team_member (workspace_id, member_id);

-- An inbox belongs to at most one team.
CREATE TABLE team_inbox (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  team_id      TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, team_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX team_inbox_team ON team_inbox (workspace_id, team_id);

-- Presence: why a member is away, since when they are what they are, and until
-- when they are given no work after what they finished.
ALTER TABLE agent_state ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_state ADD COLUMN status_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state ADD COLUMN wrap_up_until INTEGER NOT NULL DEFAULT 0;

-- Settings of a workspace, one column each.
ALTER TABLE workspace ADD COLUMN wrap_up_seconds INTEGER NOT NULL DEFAULT 0;
