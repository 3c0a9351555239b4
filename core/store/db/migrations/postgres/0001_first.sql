-- The first schema. Its twin is ../sqlite/0001_first.sql, which explains it; a
-- test compares them.
--
-- Every text is COLLATE "C": keys and cursors order by bytes, as in SQLite,
-- whatever the locale of the server, and indexes on them stay cheap.

CREATE TABLE meta (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
);

-- Identity.

CREATE TABLE account (
  account_id    TEXT COLLATE "C" PRIMARY KEY,
  email         TEXT COLLATE "C" NOT NULL UNIQUE,
  name          TEXT COLLATE "C" NOT NULL,
  locale        TEXT COLLATE "C" NOT NULL,
  password_hash TEXT COLLATE "C" NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL
);

CREATE TABLE session (
  session_id TEXT COLLATE "C" PRIMARY KEY,
  account_id TEXT COLLATE "C" NOT NULL REFERENCES account,
  token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
  user_agent TEXT COLLATE "C" NOT NULL,
  address    TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE sign_in_link (
  token_hash TEXT COLLATE "C" PRIMARY KEY,
  account_id TEXT COLLATE "C" NOT NULL REFERENCES account,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_link_account ON sign_in_link (account_id);

CREATE TABLE setup_token (
  slot       BIGINT PRIMARY KEY CHECK (slot = 1),
  token_hash TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE workspace (
  workspace_id TEXT COLLATE "C" PRIMARY KEY,
  name         TEXT COLLATE "C" NOT NULL,
  locale       TEXT COLLATE "C" NOT NULL,
  feed_seq     BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);

CREATE TABLE member (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  member_id    TEXT COLLATE "C" NOT NULL,
  account_id   TEXT COLLATE "C" NOT NULL REFERENCES account,
  name         TEXT COLLATE "C" NOT NULL,
  role         TEXT COLLATE "C" NOT NULL,
  capacity     BIGINT NOT NULL,
  suspended    BOOLEAN NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id),
  UNIQUE (workspace_id, account_id)
);
CREATE INDEX member_account ON member (account_id);

CREATE TABLE invitation (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  invitation_id TEXT COLLATE "C" NOT NULL,
  email         TEXT COLLATE "C" NOT NULL,
  role          TEXT COLLATE "C" NOT NULL,
  invited_by    TEXT COLLATE "C" NOT NULL,
  token_hash    TEXT COLLATE "C" NOT NULL UNIQUE,
  created_at    BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  accepted_at   BIGINT NOT NULL,
  revoked_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, invitation_id)
);
CREATE UNIQUE INDEX invitation_pending ON invitation (workspace_id, email) WHERE accepted_at = 0 AND revoked_at = 0;

-- Channels.

CREATE TABLE inbox (
  workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  inbox_id        TEXT COLLATE "C" NOT NULL UNIQUE,
  name            TEXT COLLATE "C" NOT NULL,
  plugin          TEXT COLLATE "C" NOT NULL,
  live            BOOLEAN NOT NULL,
  config          TEXT COLLATE "C" NOT NULL,
  config_revision BIGINT NOT NULL,
  hook_hash       TEXT COLLATE "C" NOT NULL UNIQUE,
  enabled         BOOLEAN NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id)
);
CREATE INDEX inbox_plugin ON inbox (plugin);

CREATE TABLE inbox_policy (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  answer       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);

CREATE TABLE webhook_request (
  workspace_id TEXT COLLATE "C" NOT NULL,
  request_id   TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  method       TEXT COLLATE "C" NOT NULL,
  path         TEXT COLLATE "C" NOT NULL,
  query        TEXT COLLATE "C" NOT NULL,
  headers      TEXT COLLATE "C" NOT NULL,
  body         BYTEA NOT NULL,
  remote       TEXT COLLATE "C" NOT NULL,
  received_at  BIGINT NOT NULL,
  attempts     BIGINT NOT NULL,
  next_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, request_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);
CREATE INDEX webhook_request_inbox ON webhook_request (workspace_id, inbox_id);
CREATE INDEX webhook_request_due ON webhook_request (next_at);

-- Customers.

CREATE TABLE contact (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  contact_id   TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  email        TEXT COLLATE "C" NOT NULL,
  phone        TEXT COLLATE "C" NOT NULL,
  note         TEXT COLLATE "C" NOT NULL,
  attributes   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, contact_id)
);
CREATE INDEX contact_newest ON contact (workspace_id, created_at, contact_id);

CREATE TABLE contact_identity (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  external_id  TEXT COLLATE "C" NOT NULL,
  contact_id   TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, external_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id)
);
CREATE INDEX contact_identity_contact ON contact_identity (workspace_id, contact_id);

CREATE TABLE visitor_session (
  workspace_id TEXT COLLATE "C" NOT NULL,
  visitor_id   TEXT COLLATE "C" NOT NULL UNIQUE,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  token_hash   TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  locale       TEXT COLLATE "C" NOT NULL,
  attributes   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, visitor_id),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);

-- Conversations.

CREATE TABLE conversation (
  workspace_id     TEXT COLLATE "C" NOT NULL,
  conversation_id  TEXT COLLATE "C" NOT NULL,
  inbox_id         TEXT COLLATE "C" NOT NULL,
  contact_id       TEXT COLLATE "C" NOT NULL,
  recipient        TEXT COLLATE "C" NOT NULL,
  state            TEXT COLLATE "C" NOT NULL,
  responder        TEXT COLLATE "C" NOT NULL,
  assignee_id      TEXT COLLATE "C",
  snoozed_until    BIGINT NOT NULL,
  waiting_since    BIGINT NOT NULL,
  queued_at        BIGINT NOT NULL,
  last_seq         BIGINT NOT NULL,
  last_public_seq  BIGINT NOT NULL,
  last_inbound_seq BIGINT NOT NULL,
  last_text        TEXT COLLATE "C" NOT NULL,
  last_sender      TEXT COLLATE "C" NOT NULL,
  last_kind        TEXT COLLATE "C" NOT NULL,
  last_at          BIGINT NOT NULL,
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id),
  UNIQUE (workspace_id, inbox_id, recipient),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id),
  FOREIGN KEY (workspace_id, assignee_id) REFERENCES member (workspace_id, member_id)
);
CREATE INDEX conversation_recent ON conversation (workspace_id, state, updated_at, conversation_id, assignee_id, inbox_id);
CREATE INDEX conversation_contact ON conversation (workspace_id, contact_id);
CREATE INDEX conversation_queue ON conversation (workspace_id, queued_at, conversation_id) WHERE queued_at > 0;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE snoozed_until > 0;

-- What somebody wrote: its text is here and nowhere else.
CREATE TABLE message (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  message_id      TEXT COLLATE "C" NOT NULL,
  client_id       TEXT COLLATE "C" NOT NULL,
  kind            TEXT COLLATE "C" NOT NULL,
  sender_kind     TEXT COLLATE "C" NOT NULL,
  sender_id       TEXT COLLATE "C" NOT NULL,
  sender_name     TEXT COLLATE "C" NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  delivery        TEXT COLLATE "C" NOT NULL,
  delivery_error  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);
CREATE UNIQUE INDEX message_client ON message (workspace_id, conversation_id, sender_id, client_id) WHERE client_id <> '';

-- One row per change: seq is gapless for members, public_seq for the customer.
CREATE TABLE conversation_change (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  public_seq      BIGINT,
  change_id       TEXT COLLATE "C" NOT NULL,
  type            TEXT COLLATE "C" NOT NULL,
  at              BIGINT NOT NULL,
  actor_kind      TEXT COLLATE "C" NOT NULL,
  actor_id        TEXT COLLATE "C" NOT NULL,
  actor_name      TEXT COLLATE "C" NOT NULL,
  message_seq     BIGINT,
  data            TEXT COLLATE "C",
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id),
  FOREIGN KEY (workspace_id, conversation_id, message_seq) REFERENCES message (workspace_id, conversation_id, seq)
);

CREATE TABLE conversation_read (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  member_id       TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id, conversation_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);

-- What happened, in commit order. A conversation's event carries no data: its
-- change does (subject, seq).
CREATE TABLE event_outbox (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  feed_seq     BIGINT NOT NULL,
  event_id     TEXT COLLATE "C" NOT NULL,
  type         TEXT COLLATE "C" NOT NULL,
  subject      TEXT COLLATE "C" NOT NULL,
  seq          BIGINT NOT NULL,
  public_seq   BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  data         TEXT COLLATE "C",
  PRIMARY KEY (workspace_id, feed_seq)
);

CREATE TABLE inbound_dedup (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  inbox_id        TEXT COLLATE "C" NOT NULL,
  kind            TEXT COLLATE "C" NOT NULL,
  external_id     TEXT COLLATE "C" NOT NULL,
  hash            TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, kind, external_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);

-- What must leave.
CREATE TABLE delivery (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  delivery_id     TEXT COLLATE "C" NOT NULL,
  inbox_id        TEXT COLLATE "C" NOT NULL,
  plugin          TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  recipient       TEXT COLLATE "C" NOT NULL,
  state           TEXT COLLATE "C" NOT NULL,
  attempts        BIGINT NOT NULL,
  next_at         BIGINT NOT NULL,
  last_code       TEXT COLLATE "C" NOT NULL,
  last_detail     TEXT COLLATE "C" NOT NULL,
  provider_id     TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id),
  UNIQUE (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
);
CREATE INDEX delivery_oldest ON delivery (plugin, created_at, delivery_id) WHERE state = 'pending';
CREATE INDEX delivery_due ON delivery (plugin, next_at) WHERE state = 'pending';
CREATE INDEX delivery_turn ON delivery (workspace_id, conversation_id, seq) WHERE state = 'pending';

-- Dispatch: what an agent has and may take.
CREATE TABLE agent_state (
  workspace_id TEXT COLLATE "C" NOT NULL,
  member_id    TEXT COLLATE "C" NOT NULL,
  status       TEXT COLLATE "C" NOT NULL,
  online       BOOLEAN NOT NULL,
  used         BIGINT NOT NULL,
  idle_since   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
);
