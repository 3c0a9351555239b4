-- plugin_state. Its twin is ../postgres/0024_plugin_state.sql.
--
-- What instances of plugins (inboxes and connections) keep in the core. An
-- instance_id is the id of either, so no reference names a table; what is left
-- of an instance that is gone is swept.

-- How much an instance has, so that its limits cost no counting.
CREATE TABLE plugin_quota (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  instance_id  TEXT NOT NULL,
  entries      INTEGER NOT NULL,
  claims       INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin_state (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  instance_id  TEXT NOT NULL,
  entry_key    TEXT NOT NULL,
  value        BLOB NOT NULL,
  version      INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, entry_key)
) STRICT;

CREATE INDEX plugin_state_expiry ON plugin_state (expires_at) WHERE expires_at > 0;

-- A claim is open (done = 0) until expires_at, then somebody else's; a result
-- is remembered until then.
CREATE TABLE plugin_claim (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  instance_id  TEXT NOT NULL,
  claim_key    TEXT NOT NULL,
  token        TEXT NOT NULL,
  done         INTEGER NOT NULL,
  lapsed       INTEGER NOT NULL,
  result       BLOB NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, claim_key)
) STRICT;

CREATE INDEX plugin_claim_expiry ON plugin_claim (expires_at);

-- holder is a process; '' = nobody's.
CREATE TABLE plugin_lease (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  instance_id  TEXT NOT NULL,
  name         TEXT NOT NULL,
  holder       TEXT NOT NULL,
  fencing      INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX plugin_lease_holder ON plugin_lease (holder) WHERE holder <> '';

-- due_at is when a run is nominally due, next_at when it is tried; both belong
-- to the run run_id. lease is the runner's, until lease_until.
CREATE TABLE plugin_schedule (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  instance_id  TEXT NOT NULL,
  schedule_key TEXT NOT NULL,
  plugin       TEXT NOT NULL,
  due_at       INTEGER NOT NULL,
  next_at      INTEGER NOT NULL,
  every_us     INTEGER NOT NULL,
  payload      BLOB NOT NULL,
  run_id       TEXT NOT NULL,
  attempts     INTEGER NOT NULL,
  lease        TEXT NOT NULL,
  lease_until  INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, schedule_key)
) STRICT;

CREATE INDEX plugin_schedule_next ON plugin_schedule (plugin, next_at);

-- The database of an instance on PostgreSQL: a schema and a role of the same
-- name. password is sealed.
CREATE TABLE plugin_database (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  instance_id  TEXT NOT NULL,
  plugin       TEXT NOT NULL,
  name         TEXT NOT NULL UNIQUE,
  password     TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
) STRICT;
