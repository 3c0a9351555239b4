-- life: what is wanted of plugins, and what became of them. Its twin is
-- ../sqlite/0027_life.sql. Plugins are the installation's, and no workspace's.

-- What administrators want of a plugin, on every node. active and previous name
-- copies by their content; pinned is a version; refused the content of a version
-- that was left because it failed. active_since: 0 = never.
CREATE TABLE plugin_life (
  plugin_id        TEXT PRIMARY KEY,
  enabled          BOOLEAN NOT NULL,
  active           TEXT NOT NULL,
  active_version   TEXT NOT NULL,
  previous         TEXT NOT NULL,
  previous_version TEXT NOT NULL,
  pinned           TEXT NOT NULL,
  refused          TEXT NOT NULL,
  active_since     BIGINT NOT NULL,
  revision         BIGINT NOT NULL
);

-- The node that runs a plugin which runs on one node only, until held_until.
-- fence grows each time that another node gets it.
CREATE TABLE plugin_place (
  plugin_id  TEXT PRIMARY KEY,
  node       TEXT NOT NULL,
  fence      BIGINT NOT NULL,
  held_until BIGINT NOT NULL
);

-- The last steps in the life of a plugin's processes. lines is a JSON list of
-- what it wrote last; retry_at: 0 = none is planned.
CREATE TABLE plugin_step (
  plugin_id TEXT NOT NULL,
  number    BIGINT NOT NULL,
  node      TEXT NOT NULL,
  at        BIGINT NOT NULL,
  version   TEXT NOT NULL,
  state     TEXT NOT NULL,
  reason    TEXT NOT NULL,
  ending    TEXT NOT NULL,
  lines     TEXT NOT NULL,
  retry_at  BIGINT NOT NULL,
  PRIMARY KEY (plugin_id, number)
);
