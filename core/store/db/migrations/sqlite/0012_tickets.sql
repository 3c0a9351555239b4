-- Tickets. Its twin is ../postgres/0012_tickets.sql.

-- The last number given to a ticket of the workspace, and after how many days
-- solved tickets close by themselves (0 = never).
ALTER TABLE workspace ADD COLUMN last_ticket INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN ticket_close_days INTEGER NOT NULL DEFAULT 7;

-- fields is a JSON list of definitions. A workspace without a type has one
-- nevertheless: see core/store/tickets.
CREATE TABLE ticket_type (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  type_id      TEXT NOT NULL,
  name         TEXT NOT NULL,
  description  TEXT NOT NULL,
  fields       TEXT NOT NULL,
  is_default   INTEGER NOT NULL,
  archived_at  INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, type_id)
) STRICT;

-- contact_id is who stands for contact_origin, the contact it was made for: an
-- undone merge gives back what was theirs. labels and followers hold ids with a
-- space between them; ticket_label and ticket_follower hold the same for
-- looking up. priority is a rank: 1 low, 2 normal, 3 high, 4 urgent. fields is
-- a JSON object. overdue_at is the due date whose passing was recorded.
-- source_id is the message that it was made of by itself.
-- link_epoch: customers' links given out under another number are void.
CREATE TABLE ticket (
  workspace_id    TEXT NOT NULL REFERENCES workspace,
  ticket_id       TEXT NOT NULL UNIQUE,
  number          INTEGER NOT NULL,
  type_id         TEXT NOT NULL,
  title           TEXT NOT NULL,
  title_key       TEXT NOT NULL,
  description     TEXT NOT NULL,
  status          TEXT NOT NULL,
  priority        INTEGER NOT NULL,
  contact_id      TEXT,
  contact_origin  TEXT NOT NULL,
  conversation_id TEXT,
  inbox_id        TEXT NOT NULL,
  source_id       TEXT NOT NULL,
  assignee_id     TEXT,
  team_id         TEXT NOT NULL,
  followers       TEXT NOT NULL,
  due_at          INTEGER NOT NULL,
  overdue_at      INTEGER NOT NULL,
  fields          TEXT NOT NULL,
  labels          TEXT NOT NULL,
  merged_into     TEXT NOT NULL,
  merge_undo      TEXT NOT NULL,
  created_kind    TEXT NOT NULL,
  created_by      TEXT NOT NULL,
  created_name    TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  solved_at       INTEGER NOT NULL,
  closed_at       INTEGER NOT NULL,
  rating_score    INTEGER NOT NULL,
  rating_comment  TEXT NOT NULL,
  rating_at       INTEGER NOT NULL,
  link_epoch      INTEGER NOT NULL,
  last_seq        INTEGER NOT NULL,
  last_public_seq INTEGER NOT NULL,
  comments        INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, ticket_id),
  UNIQUE (workspace_id, number),
  FOREIGN KEY (workspace_id, type_id) REFERENCES ticket_type (workspace_id, type_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, assignee_id) REFERENCES member (workspace_id, member_id)
) STRICT;
CREATE INDEX ticket_recent ON ticket (workspace_id, status, updated_at, ticket_id, assignee_id, team_id, merged_into);
CREATE INDEX ticket_created ON ticket (workspace_id, status, created_at, ticket_id);
CREATE INDEX ticket_due ON ticket (workspace_id, status, due_at, ticket_id);
CREATE INDEX ticket_priority ON ticket (workspace_id, status, priority, updated_at, ticket_id);
CREATE INDEX ticket_type_of ON ticket (workspace_id, type_id);
CREATE INDEX ticket_contact ON ticket (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX ticket_contact_origin ON ticket (workspace_id, contact_origin) WHERE contact_origin <> '';
CREATE INDEX ticket_conversation ON ticket (workspace_id, conversation_id) WHERE conversation_id IS NOT NULL;
CREATE UNIQUE INDEX ticket_source ON ticket (workspace_id, source_id) WHERE source_id <> '';
CREATE INDEX ticket_assignee ON ticket (workspace_id, assignee_id, status) WHERE assignee_id IS NOT NULL;
CREATE INDEX ticket_team ON ticket (workspace_id, team_id) WHERE team_id <> '';
CREATE INDEX ticket_merged ON ticket (workspace_id, merged_into) WHERE merged_into <> '';
CREATE INDEX ticket_overdue ON ticket (due_at) WHERE due_at > 0 AND due_at <> overdue_at AND status IN ('new', 'open', 'pending');
CREATE INDEX ticket_solved ON ticket (solved_at) WHERE status = 'solved';

CREATE TABLE ticket_comment (
  workspace_id TEXT NOT NULL,
  ticket_id    TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  comment_id   TEXT NOT NULL,
  client_id    TEXT NOT NULL,
  public       INTEGER NOT NULL,
  author_kind  TEXT NOT NULL,
  author_id    TEXT NOT NULL,
  author_name  TEXT NOT NULL,
  text         TEXT NOT NULL,
  mentions     TEXT NOT NULL,
  files        INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, ticket_id, seq),
  FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket (workspace_id, ticket_id)
) STRICT;
CREATE UNIQUE INDEX ticket_comment_client ON ticket_comment (workspace_id, ticket_id, author_id, client_id);

CREATE TABLE ticket_change (
  workspace_id TEXT NOT NULL,
  ticket_id    TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  public_seq   INTEGER,
  change_id    TEXT NOT NULL,
  type         TEXT NOT NULL,
  at           INTEGER NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  data         TEXT,
  PRIMARY KEY (workspace_id, ticket_id, seq),
  FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket (workspace_id, ticket_id)
) STRICT;

-- Both ends of a link have a row.
CREATE TABLE ticket_link (
  workspace_id TEXT NOT NULL,
  ticket_id    TEXT NOT NULL,
  link_id      TEXT NOT NULL,
  kind         TEXT NOT NULL,
  other_id     TEXT NOT NULL,
  PRIMARY KEY (workspace_id, ticket_id, link_id),
  FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket (workspace_id, ticket_id),
  FOREIGN KEY (workspace_id, other_id) REFERENCES ticket (workspace_id, ticket_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_link_other ON ticket_link (workspace_id, other_id);

CREATE TABLE ticket_label (
  workspace_id TEXT NOT NULL,
  ticket_id    TEXT NOT NULL,
  label_id     TEXT NOT NULL,
  PRIMARY KEY (workspace_id, ticket_id, label_id),
  FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket (workspace_id, ticket_id),
  FOREIGN KEY (workspace_id, label_id) REFERENCES label (workspace_id, label_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_label_of ON ticket_label (workspace_id, label_id, ticket_id);

CREATE TABLE ticket_follower (
  workspace_id TEXT NOT NULL,
  ticket_id    TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  PRIMARY KEY (workspace_id, ticket_id, member_id),
  FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket (workspace_id, ticket_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_follower_of ON ticket_follower (workspace_id, member_id, ticket_id);
