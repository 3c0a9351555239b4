-- extension: connections, what workspaces let plugins do, and tokens got by
-- signing in at far sides. Its twin is ../postgres/0023_extension.sql.

-- The secrets of instances are a JSON object of sealed values by JSON pointer
-- into the configuration, which does not have them.
ALTER TABLE inbox ADD COLUMN secrets TEXT NOT NULL DEFAULT '{}';

-- A connection is an instance of a plugin that is no channel.
CREATE TABLE plugin_connection (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  connection_id TEXT NOT NULL UNIQUE,
  plugin        TEXT NOT NULL,
  name          TEXT NOT NULL,
  config        TEXT NOT NULL,
  secrets       TEXT NOT NULL,
  revision      INTEGER NOT NULL,
  enabled       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id)
) STRICT;
CREATE INDEX plugin_connection_plugin ON plugin_connection (plugin);

-- What a workspace lets a plugin do: a row for each scope, with who agreed, when
-- and to which version of the plugin. revision grows with each change.
CREATE TABLE plugin_consent (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  plugin       TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, plugin)
) STRICT, WITHOUT ROWID;
CREATE TABLE plugin_grant (
  workspace_id TEXT NOT NULL,
  plugin       TEXT NOT NULL,
  scope        TEXT NOT NULL,
  version      TEXT NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  granted_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, plugin, scope),
  FOREIGN KEY (workspace_id, plugin) REFERENCES plugin_consent (workspace_id, plugin)
) STRICT, WITHOUT ROWID;

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
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  instance_id   TEXT NOT NULL,
  pointer       TEXT NOT NULL,
  sealed        TEXT NOT NULL,
  state         TEXT NOT NULL,
  revision      INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL,
  member_id     TEXT NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, pointer)
) STRICT;

-- Sign-ins at far sides that have not been answered yet. sealed holds the
-- verifier of PKCE; session_id is that of the member who began.
CREATE TABLE plugin_sign_in (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  state_hash   TEXT NOT NULL UNIQUE,
  instance_id  TEXT NOT NULL,
  pointer      TEXT NOT NULL,
  sealed       TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  session_id   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, state_hash)
) STRICT;
CREATE INDEX plugin_sign_in_instance ON plugin_sign_in (workspace_id, instance_id);
CREATE INDEX plugin_sign_in_expiry ON plugin_sign_in (expires_at);
