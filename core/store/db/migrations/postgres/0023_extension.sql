-- extension: connections, what workspaces let plugins do, and tokens got by
-- signing in at far sides. Its twin is ../sqlite/0023_extension.sql.

-- The secrets of instances are a JSON object of sealed values by JSON pointer
-- into the configuration, which does not have them.
ALTER TABLE inbox ADD COLUMN secrets TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- A connection is an instance of a plugin that is no channel.
CREATE TABLE plugin_connection (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  connection_id TEXT COLLATE "C" NOT NULL UNIQUE,
  plugin        TEXT COLLATE "C" NOT NULL,
  name          TEXT COLLATE "C" NOT NULL,
  config        TEXT COLLATE "C" NOT NULL,
  secrets       TEXT COLLATE "C" NOT NULL,
  revision      BIGINT NOT NULL,
  enabled       BOOLEAN NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, connection_id)
);
CREATE INDEX plugin_connection_plugin ON plugin_connection (plugin);

-- What a workspace lets a plugin do: a row for each scope, with who agreed, when
-- and to which version of the plugin. revision grows with each change.
CREATE TABLE plugin_consent (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  plugin       TEXT COLLATE "C" NOT NULL,
  revision     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, plugin)
);
CREATE TABLE plugin_grant (
  workspace_id TEXT COLLATE "C" NOT NULL,
  plugin       TEXT COLLATE "C" NOT NULL,
  scope        TEXT COLLATE "C" NOT NULL,
  version      TEXT COLLATE "C" NOT NULL,
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  granted_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, plugin, scope),
  FOREIGN KEY (workspace_id, plugin) REFERENCES plugin_consent (workspace_id, plugin)
);

-- Inboxes there are go on: with what plugins could ask for until now.
INSERT INTO plugin_consent (workspace_id, plugin, revision) SELECT DISTINCT workspace_id, plugin, 1 FROM inbox;
INSERT INTO plugin_grant (workspace_id, plugin, scope, version, actor_kind, actor_id, actor_name, granted_at)
SELECT workspace_id, plugin, 'messages:ingest', '', 'system', '', '', 0 FROM plugin_consent;
INSERT INTO plugin_grant (workspace_id, plugin, scope, version, actor_kind, actor_id, actor_name, granted_at)
SELECT workspace_id, plugin, 'health:report', '', 'system', '', '', 0 FROM plugin_consent;

-- What signing in at a far side gave a field of an instance. sealed holds the
-- tokens, '' = they were lost or refused. state: ok, expired (somebody must sign
-- in again). claimed_until: a node is getting a new token until then.
CREATE TABLE plugin_token (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  instance_id   TEXT COLLATE "C" NOT NULL,
  pointer       TEXT COLLATE "C" NOT NULL,
  sealed        TEXT COLLATE "C" NOT NULL,
  state         TEXT COLLATE "C" NOT NULL,
  revision      BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  member_id     TEXT COLLATE "C" NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, pointer)
);

-- Sign-ins at far sides that have not been answered yet. sealed holds the
-- verifier of PKCE; session_id is that of the member who began.
CREATE TABLE plugin_sign_in (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  state_hash   TEXT COLLATE "C" NOT NULL UNIQUE,
  instance_id  TEXT COLLATE "C" NOT NULL,
  pointer      TEXT COLLATE "C" NOT NULL,
  sealed       TEXT COLLATE "C" NOT NULL,
  member_id    TEXT COLLATE "C" NOT NULL,
  session_id   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, state_hash)
);
CREATE INDEX plugin_sign_in_instance ON plugin_sign_in (workspace_id, instance_id);
CREATE INDEX plugin_sign_in_expiry ON plugin_sign_in (expires_at);
