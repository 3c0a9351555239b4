-- Queues and skills. Its twin is ../postgres/0049_queues.sql.

-- plan is JSON. A deleted queue is remembered until no conversation refers to it.
CREATE TABLE queue (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  queue_id     TEXT NOT NULL,
  name         TEXT NOT NULL,
  description  TEXT NOT NULL,
  team_id      TEXT NOT NULL, -- '' = everybody
  plan         TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  deleted_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, queue_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX queue_name ON queue (workspace_id, name) WHERE deleted_at = 0;
CREATE INDEX queue_deleted ON queue (deleted_at) WHERE deleted_at > 0;

-- An inbox has at most one queue.
CREATE TABLE queue_inbox (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  queue_id     TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, queue_id) REFERENCES queue (workspace_id, queue_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_inbox_queue ON queue_inbox (workspace_id, queue_id);

CREATE TABLE skill (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  skill_id     TEXT NOT NULL,
  name         TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, skill_id),
  UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

-- level is 1 to 5.
CREATE TABLE member_skill (
  workspace_id TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  skill_id     TEXT NOT NULL,
  level        INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, member_id, skill_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id),
  FOREIGN KEY (workspace_id, skill_id) REFERENCES skill (workspace_id, skill_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_skill_skill ON member_skill (workspace_id, skill_id);
