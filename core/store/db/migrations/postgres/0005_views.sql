-- Saved views, and the indexes that lists in another order are read from. Its
-- twin is ../sqlite/0005_views.sql.

-- owner is the member of a personal view, the team of a team's, and empty for
-- the workspace's. filter is JSON in its normal form, columns a JSON list.
CREATE TABLE saved_view (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  view_id      TEXT COLLATE "C" NOT NULL,
  scope        TEXT COLLATE "C" NOT NULL,
  owner        TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  icon         TEXT COLLATE "C" NOT NULL,
  filter       TEXT COLLATE "C" NOT NULL,
  sort         TEXT COLLATE "C" NOT NULL,
  columns      TEXT COLLATE "C" NOT NULL,
  position     BIGINT NOT NULL,
  created_by   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, view_id)
);
CREATE INDEX saved_view_owner ON saved_view (workspace_id, owner);

-- By age: written when a conversation begins and when its state changes.
CREATE INDEX conversation_age ON conversation (workspace_id, state, created_at, conversation_id);
-- Who waits longest. Only those who wait are in it.
CREATE INDEX conversation_waiting ON conversation (workspace_id, waiting_since, conversation_id) WHERE waiting_since > 0;
-- What somebody has: where a list of theirs begins when it is short.
CREATE INDEX conversation_assignee ON conversation (workspace_id, assignee_id, state) WHERE assignee_id IS NOT NULL;
-- What is urgent. Only what has a priority is in it.
CREATE INDEX conversation_priority ON conversation (workspace_id, priority, updated_at, conversation_id) WHERE priority > 0;

-- Who was mentioned in a note of a conversation: written with the note.
CREATE TABLE conversation_mention (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  member_id       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, member_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
);
CREATE INDEX conversation_mention_of ON conversation_mention (workspace_id, member_id, conversation_id);
