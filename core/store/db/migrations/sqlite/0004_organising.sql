-- Labels, custom attributes, canned replies; a number for people to say; teams,
-- participants and merged conversations. Its twin is ../postgres/0004_organising.sql.

-- The last number given to a conversation of the workspace.
ALTER TABLE workspace ADD COLUMN last_number INTEGER NOT NULL DEFAULT 0;

-- labels and participants hold ids with a space between them, as a row shows
-- them; conversation_label and conversation_participant hold the same for
-- looking up. priority is a rank: 0 none, 1 low, 2 normal, 3 high, 4 urgent.
-- attributes is a JSON object. merge_undo is how a merged conversation stood.
ALTER TABLE conversation ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN team_id TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN labels TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN participants TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN attributes TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN merge_undo TEXT NOT NULL DEFAULT '';

-- Conversations that were there are numbered in the order in which they began.
UPDATE conversation SET number = n.number FROM
  (SELECT workspace_id, conversation_id, ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY created_at, conversation_id) AS number FROM conversation) n
  WHERE n.workspace_id = conversation.workspace_id AND n.conversation_id = conversation.conversation_id;
UPDATE workspace SET last_number = (SELECT COUNT(*) FROM conversation c WHERE c.workspace_id = workspace.workspace_id);
CREATE UNIQUE INDEX conversation_number ON conversation (workspace_id, number);

-- Lists are read from this index alone, and what was merged is in none.
DROP INDEX conversation_recent;
CREATE INDEX conversation_recent ON conversation (workspace_id, state, updated_at, conversation_id, assignee_id, inbox_id, team_id, merged_into);
CREATE INDEX conversation_team ON conversation (workspace_id, team_id) WHERE team_id <> '';
CREATE INDEX conversation_merged ON conversation (workspace_id, merged_into) WHERE merged_into <> '';

-- deleted_at: it is on its way out of the conversations that have it.
CREATE TABLE label (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  label_id     TEXT NOT NULL,
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL,
  color        TEXT NOT NULL,
  description  TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  deleted_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, label_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX label_name ON label (workspace_id, name_key) WHERE deleted_at = 0;
CREATE INDEX label_deleted ON label (deleted_at) WHERE deleted_at > 0;

CREATE TABLE conversation_label (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  label_id        TEXT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, label_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, label_id) REFERENCES label (workspace_id, label_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_label_of ON conversation_label (workspace_id, label_id, conversation_id);

CREATE TABLE conversation_participant (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  member_id       TEXT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, member_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_participant_of ON conversation_participant (workspace_id, member_id, conversation_id);

-- Definitions of custom attributes; options is a JSON list.
CREATE TABLE attribute (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  attribute_id TEXT NOT NULL,
  target       TEXT NOT NULL,
  key          TEXT NOT NULL,
  name         TEXT NOT NULL,
  type         TEXT NOT NULL,
  options      TEXT NOT NULL,
  required     INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, attribute_id),
  UNIQUE (workspace_id, target, key)
) STRICT, WITHOUT ROWID;

-- Canned replies. owner is the member of a personal one, the team of a team's,
-- and empty for the workspace's; a shortcut is unique in its scope and owner.
-- title_key and text_key are in lower case, for searches.
CREATE TABLE canned (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  canned_id    TEXT NOT NULL,
  scope        TEXT NOT NULL,
  owner        TEXT NOT NULL,
  shortcut     TEXT NOT NULL,
  title        TEXT NOT NULL,
  text         TEXT NOT NULL,
  title_key    TEXT NOT NULL,
  text_key     TEXT NOT NULL,
  locale       TEXT NOT NULL,
  uses         INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, canned_id),
  UNIQUE (workspace_id, scope, owner, shortcut)
) STRICT;
