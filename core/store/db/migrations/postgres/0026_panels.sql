-- panels: copies of records that connectors brought, and uses of tools. Its twin
-- is ../sqlite/0026_panels.sql.

-- A copy of a far side's record about a contact. fields is a JSON object.
-- updated_at is the far side's word, 0 = not known; seen_at when it was read last.
CREATE TABLE plugin_record (
  workspace_id  TEXT COLLATE "C" NOT NULL,
  connection_id TEXT COLLATE "C" NOT NULL,
  object        TEXT COLLATE "C" NOT NULL,
  record_id     TEXT COLLATE "C" NOT NULL,
  contact_id    TEXT COLLATE "C" NOT NULL,
  title         TEXT COLLATE "C" NOT NULL,
  url           TEXT COLLATE "C" NOT NULL,
  fields        TEXT COLLATE "C" NOT NULL,
  updated_at    BIGINT NOT NULL,
  seen_at       BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, object, record_id),
  FOREIGN KEY (workspace_id, connection_id) REFERENCES plugin_connection (workspace_id, connection_id) ON DELETE CASCADE,
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id)
);
CREATE INDEX plugin_record_contact ON plugin_record (workspace_id, contact_id);

-- How far the pull of a kind of record has come. pulled_at: when it last came to
-- its end, 0 = never. failure: a code, '' = none. lease_until: a node pulls until
-- then.
CREATE TABLE plugin_pull (
  workspace_id  TEXT COLLATE "C" NOT NULL,
  connection_id TEXT COLLATE "C" NOT NULL,
  object        TEXT COLLATE "C" NOT NULL,
  position      BYTEA NOT NULL,
  pulled_at     BIGINT NOT NULL,
  failure       TEXT COLLATE "C" NOT NULL,
  lease_until   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, object),
  FOREIGN KEY (workspace_id, connection_id) REFERENCES plugin_connection (workspace_id, connection_id) ON DELETE CASCADE
);

-- A use of a tool, by the key of whoever asked. state: pending (somebody must
-- agree), running, done, failed, denied, expired. lease_until: nobody else tries
-- until then. expires_at: a pending one is decided by then or never; else it is
-- forgotten then. decided_by is a member, '' = nobody decided.
CREATE TABLE tool_call (
  workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  call_id         TEXT COLLATE "C" NOT NULL,
  caller_kind     TEXT COLLATE "C" NOT NULL,
  caller_id       TEXT COLLATE "C" NOT NULL,
  caller_name     TEXT COLLATE "C" NOT NULL,
  caller_plugin   TEXT COLLATE "C" NOT NULL,
  request_key     TEXT COLLATE "C" NOT NULL,
  connection_id   TEXT COLLATE "C" NOT NULL,
  plugin          TEXT COLLATE "C" NOT NULL,
  tool            TEXT COLLATE "C" NOT NULL,
  args            TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  ticket_id       TEXT COLLATE "C" NOT NULL,
  contact_id      TEXT COLLATE "C" NOT NULL,
  state           TEXT COLLATE "C" NOT NULL,
  attempts        BIGINT NOT NULL,
  outcome         TEXT COLLATE "C" NOT NULL,
  code            TEXT COLLATE "C" NOT NULL,
  detail          TEXT COLLATE "C" NOT NULL,
  output          TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  lease_until     BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  decided_by      TEXT COLLATE "C" NOT NULL,
  decided_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, call_id),
  UNIQUE (workspace_id, caller_kind, caller_id, request_key)
);
CREATE INDEX tool_call_pending ON tool_call (workspace_id, created_at) WHERE state = 'pending';
CREATE INDEX tool_call_lease ON tool_call (lease_until) WHERE state = 'running';
CREATE INDEX tool_call_expiry ON tool_call (expires_at);
CREATE INDEX tool_call_conversation ON tool_call (workspace_id, conversation_id) WHERE conversation_id <> '';
