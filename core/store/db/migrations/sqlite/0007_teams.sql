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
ALTER TABLE workspace ADD COLUMN unattended_seconds INTEGER NOT NULL DEFAULT 60;

-- What each member is told, once for each source.
CREATE TABLE notification (
  workspace_id    TEXT NOT NULL,
  member_id       TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  kind            TEXT NOT NULL,
  source          TEXT NOT NULL,
  feed_seq        INTEGER NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL, -- of the message; 0 = about none
  text            TEXT NOT NULL,
  actor_kind      TEXT NOT NULL,
  actor_id        TEXT NOT NULL,
  actor_name      TEXT NOT NULL,
  at              INTEGER NOT NULL,
  read_at         INTEGER NOT NULL,
  about           TEXT NOT NULL DEFAULT '', -- JSON; '' = all there is to say stands in the columns
  PRIMARY KEY (workspace_id, member_id, notification_id),
  UNIQUE (workspace_id, member_id, source),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notification_unread ON notification (workspace_id, member_id, notification_id) WHERE read_at = 0;

-- How far the feed was looked at. What was there before notifications were is
-- nobody's news.
CREATE TABLE notification_cursor (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace,
  feed_seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO notification_cursor (workspace_id, feed_seq) SELECT workspace_id, feed_seq FROM workspace;

CREATE TABLE notification_preference (
  workspace_id TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  rules        TEXT NOT NULL,
  PRIMARY KEY (workspace_id, member_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
) STRICT;
