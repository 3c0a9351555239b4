-- panels: copies of records that connectors brought, and uses of tools. Its twin
-- is ../postgres/0026_panels.sql.

-- A copy of a far side's record about a contact. fields is a JSON object.
-- updated_at is the far side's word, 0 = not known; seen_at when it was read last.
CREATE TABLE plugin_record (
  workspace_id  TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  object        TEXT NOT NULL,
  record_id     TEXT NOT NULL,
  contact_id    TEXT NOT NULL,
  title         TEXT NOT NULL,
  url           TEXT NOT NULL,
  fields        TEXT NOT NULL,
  updated_at    INTEGER NOT NULL,
  seen_at       INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, object, record_id),
  FOREIGN KEY (workspace_id, connection_id) REFERENCES plugin_connection (workspace_id, connection_id) ON DELETE CASCADE,
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id)
) STRICT;
CREATE INDEX plugin_record_contact ON plugin_record (workspace_id, contact_id);

-- How far the pull of a kind of record has come. pulled_at: when it last came to
-- its end, 0 = never. failure: a code, '' = none. lease_until: a node pulls until
-- then.
CREATE TABLE plugin_pull (
  workspace_id  TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  object        TEXT NOT NULL,
  position      BLOB NOT NULL,
  pulled_at     INTEGER NOT NULL,
  failure       TEXT NOT NULL,
  lease_until   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, object),
  FOREIGN KEY (workspace_id, connection_id) REFERENCES plugin_connection (workspace_id, connection_id) ON DELETE CASCADE
) STRICT;

-- A use of a tool, by the key of whoever asked. state: pending (somebody must
-- agree), running, done, failed, denied, expired. lease_until: nobody else tries
-- until then. expires_at: a pending one is decided by then or never; else it is
-- forgotten then. decided_by is a member, '' = nobody decided.
CREATE TABLE tool_call (
  workspace_id    TEXT NOT NULL REFERENCES workspace,
  call_id         TEXT NOT NULL,
  caller_kind     TEXT NOT NULL,
  caller_id       TEXT NOT NULL,
  caller_name     TEXT NOT NULL,
  caller_plugin   TEXT NOT NULL,
  request_key     TEXT NOT NULL,
  connection_id   TEXT NOT NULL,
  plugin          TEXT NOT NULL,
  tool            TEXT NOT NULL,
  args            TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  ticket_id       TEXT NOT NULL,
  contact_id      TEXT NOT NULL,
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  outcome         TEXT NOT NULL,
  code            TEXT NOT NULL,
  detail          TEXT NOT NULL,
  output          TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  lease_until     INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  decided_by      TEXT NOT NULL,
  decided_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, call_id),
  UNIQUE (workspace_id, caller_kind, caller_id, request_key)
) STRICT;
CREATE INDEX tool_call_pending ON tool_call (workspace_id, created_at) WHERE state = 'pending';
CREATE INDEX tool_call_lease ON tool_call (lease_until) WHERE state = 'running';
CREATE INDEX tool_call_expiry ON tool_call (expires_at);
CREATE INDEX tool_call_conversation ON tool_call (workspace_id, conversation_id) WHERE conversation_id <> '';
