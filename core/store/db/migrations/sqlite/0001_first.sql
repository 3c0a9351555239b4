-- The first schema. Its twin is ../postgres/0001_first.sql; a test compares them.
--
-- Times are microseconds since 1970 (UTC) in an INTEGER, 0 = none: the same in
-- both databases, compared and indexed as a number, and read back exactly as
-- written whatever the server's time zone. Sequences are INTEGER too.
--
-- Everything but accounts and their sessions belongs to a workspace, whose id
-- is the first column of every key and of every reference. Only identifiers
-- that are looked up before the workspace is known (an inbox, a visitor
-- session, a token) are unique by themselves as well.
--
-- Small rows with a natural key are WITHOUT ROWID (one tree instead of two);
-- rows that hold text of any length are not.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Identity.

CREATE TABLE account (
  account_id    TEXT PRIMARY KEY,
  email         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  locale        TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  session_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account,
  token_hash TEXT NOT NULL UNIQUE,
  user_agent TEXT NOT NULL,
  address    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE sign_in_link (
  token_hash TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_link_account ON sign_in_link (account_id);

CREATE TABLE setup_token (
  slot       INTEGER PRIMARY KEY CHECK (slot = 1),
  token_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workspace (
  workspace_id TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  locale       TEXT NOT NULL,
  feed_seq     INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  member_id    TEXT NOT NULL,
  account_id   TEXT NOT NULL REFERENCES account,
  name         TEXT NOT NULL,
  role         TEXT NOT NULL,
  capacity     INTEGER NOT NULL,
  suspended    INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, member_id),
  UNIQUE (workspace_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_account ON member (account_id);

CREATE TABLE invitation (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  invitation_id TEXT NOT NULL,
  email         TEXT NOT NULL,
  role          TEXT NOT NULL,
  invited_by    TEXT NOT NULL,
  token_hash    TEXT NOT NULL UNIQUE,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  accepted_at   INTEGER NOT NULL,
  revoked_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, invitation_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX invitation_pending ON invitation (workspace_id, email) WHERE accepted_at = 0 AND revoked_at = 0;

-- Channels.

CREATE TABLE inbox (
  workspace_id    TEXT NOT NULL REFERENCES workspace,
  inbox_id        TEXT NOT NULL UNIQUE,
  name            TEXT NOT NULL,
  plugin          TEXT NOT NULL,
  live            INTEGER NOT NULL,
  config          TEXT NOT NULL,
  config_revision INTEGER NOT NULL,
  hook_hash       TEXT NOT NULL UNIQUE,
  enabled         INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_plugin ON inbox (plugin);

CREATE TABLE inbox_policy (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  answer       TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
) STRICT;

CREATE TABLE webhook_request (
  workspace_id TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  method       TEXT NOT NULL,
  path         TEXT NOT NULL,
  query        TEXT NOT NULL,
  headers      TEXT NOT NULL,
  body         BLOB NOT NULL,
  remote       TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  attempts     INTEGER NOT NULL,
  next_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, request_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
) STRICT;
CREATE INDEX webhook_request_inbox ON webhook_request (workspace_id, inbox_id);
CREATE INDEX webhook_request_due ON webhook_request (next_at);

-- Customers.

CREATE TABLE contact (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  contact_id   TEXT NOT NULL,
  name         TEXT NOT NULL,
  email        TEXT NOT NULL,
  phone        TEXT NOT NULL,
  note         TEXT NOT NULL,
  attributes   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_newest ON contact (workspace_id, created_at, contact_id);

CREATE TABLE contact_identity (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  external_id  TEXT NOT NULL,
  contact_id   TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, external_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_identity_contact ON contact_identity (workspace_id, contact_id);

CREATE TABLE visitor_session (
  workspace_id TEXT NOT NULL,
  visitor_id   TEXT NOT NULL UNIQUE,
  inbox_id     TEXT NOT NULL,
  token_hash   TEXT NOT NULL,
  name         TEXT NOT NULL,
  locale       TEXT NOT NULL,
  attributes   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, visitor_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
) STRICT;

-- Conversations.

CREATE TABLE conversation (
  workspace_id     TEXT NOT NULL,
  conversation_id  TEXT NOT NULL,
  inbox_id         TEXT NOT NULL,
  contact_id       TEXT NOT NULL,
  recipient        TEXT NOT NULL,
  state            TEXT NOT NULL,
  responder        TEXT NOT NULL,
  assignee_id      TEXT,
  snoozed_until    INTEGER NOT NULL,
  waiting_since    INTEGER NOT NULL,
  queued_at        INTEGER NOT NULL,
  last_seq         INTEGER NOT NULL,
  last_public_seq  INTEGER NOT NULL,
  last_inbound_seq INTEGER NOT NULL,
  last_text        TEXT NOT NULL,
  last_sender      TEXT NOT NULL,
  last_kind        TEXT NOT NULL,
  last_at          INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id),
  UNIQUE (workspace_id, inbox_id, recipient),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id),
  FOREIGN KEY (workspace_id, assignee_id) REFERENCES member (workspace_id, member_id)
) STRICT, WITHOUT ROWID;
-- Lists are read from this index alone, filters by assignee and inbox included.
CREATE INDEX conversation_recent ON conversation (workspace_id, state, updated_at, conversation_id, assignee_id, inbox_id);
CREATE INDEX conversation_contact ON conversation (workspace_id, contact_id);
CREATE INDEX conversation_queue ON conversation (workspace_id, queued_at, conversation_id) WHERE queued_at > 0;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE snoozed_until > 0;

-- What somebody wrote: its text is here and nowhere else.
CREATE TABLE message (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  message_id      TEXT NOT NULL,
  client_id       TEXT NOT NULL,
  kind            TEXT NOT NULL,
  sender_kind     TEXT NOT NULL,
  sender_id       TEXT NOT NULL,
  sender_name     TEXT NOT NULL,
  text            TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  delivery        TEXT NOT NULL,
  delivery_error  TEXT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX message_client ON message (workspace_id, conversation_id, sender_id, client_id) WHERE client_id <> '';

-- One row per change: seq is gapless for members, public_seq for the customer.
CREATE TABLE conversation_change (
  workspace_id    TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  public_seq      INTEGER,
  change_id       TEXT NOT NULL,
  type            TEXT NOT NULL,
  at              INTEGER NOT NULL,
  actor_kind      TEXT NOT NULL,
  actor_id        TEXT NOT NULL,
  actor_name      TEXT NOT NULL,
  message_seq     INTEGER,
  data            TEXT,
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, conversation_id, message_seq) REFERENCES message (workspace_id, conversation_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_read (
  workspace_id    TEXT NOT NULL,
  member_id       TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, member_id, conversation_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- What happened, in commit order. A conversation's event carries no data: its
-- change does (subject, seq).
CREATE TABLE event_outbox (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  feed_seq     INTEGER NOT NULL,
  event_id     TEXT NOT NULL,
  type         TEXT NOT NULL,
  subject      TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  public_seq   INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  data         TEXT,
  PRIMARY KEY (workspace_id, feed_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound_dedup (
  workspace_id    TEXT NOT NULL,
  inbox_id        TEXT NOT NULL,
  kind            TEXT NOT NULL,
  external_id     TEXT NOT NULL,
  hash            TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, kind, external_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- What must leave.
CREATE TABLE delivery (
  workspace_id    TEXT NOT NULL,
  delivery_id     TEXT NOT NULL,
  inbox_id        TEXT NOT NULL,
  plugin          TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq             INTEGER NOT NULL,
  recipient       TEXT NOT NULL,
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  next_at         INTEGER NOT NULL,
  last_code       TEXT NOT NULL,
  last_detail     TEXT NOT NULL,
  provider_id     TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id),
  UNIQUE (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_oldest ON delivery (plugin, created_at, delivery_id) WHERE state = 'pending';
CREATE INDEX delivery_due ON delivery (plugin, next_at) WHERE state = 'pending';
CREATE INDEX delivery_turn ON delivery (workspace_id, conversation_id, seq) WHERE state = 'pending';

-- Dispatch: what an agent has and may take.
CREATE TABLE agent_state (
  workspace_id TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  status       TEXT NOT NULL,
  online       INTEGER NOT NULL,
  used         INTEGER NOT NULL,
  idle_since   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, member_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
) STRICT, WITHOUT ROWID;
