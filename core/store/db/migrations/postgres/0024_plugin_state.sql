-- plugin_state. Its twin is ../sqlite/0024_plugin_state.sql.
--
-- What instances of plugins (inboxes and connections) keep in the core. An
-- instance_id is the id of either, so no reference names a table; what is left
-- of an instance that is gone is swept.

-- How much an instance has, so that its limits cost no counting.
CREATE TABLE plugin_quota (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id  TEXT COLLATE "C" NOT NULL,
  entries      BIGINT NOT NULL,
  claims       BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
);

CREATE TABLE plugin_state (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id  TEXT COLLATE "C" NOT NULL,
  entry_key    TEXT COLLATE "C" NOT NULL,
  value        BYTEA NOT NULL,
  version      BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, entry_key)
);

CREATE INDEX plugin_state_expiry ON plugin_state (expires_at) WHERE expires_at > 0;

-- A claim is open (done = 0) until expires_at, then somebody else's; a result
-- is remembered until then.
CREATE TABLE plugin_claim (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id  TEXT COLLATE "C" NOT NULL,
  claim_key    TEXT COLLATE "C" NOT NULL,
  token        TEXT COLLATE "C" NOT NULL,
  done         BIGINT NOT NULL,
  lapsed       BIGINT NOT NULL,
  result       BYTEA NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, claim_key)
);

CREATE INDEX plugin_claim_expiry ON plugin_claim (expires_at);

-- holder is a process; '' = nobody's.
CREATE TABLE plugin_lease (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id  TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  holder       TEXT COLLATE "C" NOT NULL,
  fencing      BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, name)
);

CREATE INDEX plugin_lease_holder ON plugin_lease (holder) WHERE holder <> '';

-- due_at is when a run is nominally due, next_at when it is tried; both belong
-- to the run run_id. lease is the runner's, until lease_until.
CREATE TABLE plugin_schedule (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id  TEXT COLLATE "C" NOT NULL,
  schedule_key TEXT COLLATE "C" NOT NULL,
  plugin       TEXT COLLATE "C" NOT NULL,
  due_at       BIGINT NOT NULL,
  next_at      BIGINT NOT NULL,
  every_us     BIGINT NOT NULL,
  payload      BYTEA NOT NULL,
  run_id       TEXT COLLATE "C" NOT NULL,
  attempts     BIGINT NOT NULL,
  lease        TEXT COLLATE "C" NOT NULL,
  lease_until  BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, schedule_key)
);

CREATE INDEX plugin_schedule_next ON plugin_schedule (plugin, next_at);

-- The database of an instance on PostgreSQL: a schema and a role of the same
-- name. password is sealed.
CREATE TABLE plugin_database (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id  TEXT COLLATE "C" NOT NULL,
  plugin       TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL UNIQUE,
  password     TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
);
