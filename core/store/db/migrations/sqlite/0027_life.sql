-- life: what is wanted of plugins, and what became of them. Its twin is
-- ../postgres/0027_life.sql. Plugins are the installation's, and no workspace's.

-- What administrators want of a plugin, on every node. active and previous name
-- copies by their content; pinned is a version; refused the content of a version
-- that was left because it failed. active_since: 0 = never.
CREATE TABLE plugin_life (
  plugin_id        TEXT PRIMARY KEY,
  enabled          INTEGER NOT NULL,
  active           TEXT NOT NULL,
  active_version   TEXT NOT NULL,
  previous         TEXT NOT NULL,
  previous_version TEXT NOT NULL,
  pinned           TEXT NOT NULL,
  refused          TEXT NOT NULL,
  active_since     INTEGER NOT NULL,
  revision         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The node that runs a plugin which runs on one node only, until held_until.
-- fence grows each time that another node gets it.
CREATE TABLE plugin_place (
  plugin_id  TEXT PRIMARY KEY,
  node       TEXT NOT NULL,
  fence      INTEGER NOT NULL,
  held_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last steps in the life of a plugin's processes. lines is a JSON list of
-- what it wrote last; retry_at: 0 = none is planned.
CREATE TABLE plugin_step (
  plugin_id TEXT NOT NULL,
  number    INTEGER NOT NULL,
  node      TEXT NOT NULL,
  at        INTEGER NOT NULL,
  version   TEXT NOT NULL,
  state     TEXT NOT NULL,
  reason    TEXT NOT NULL,
  ending    TEXT NOT NULL,
  lines     TEXT NOT NULL,
  retry_at  INTEGER NOT NULL,
  PRIMARY KEY (plugin_id, number)
) STRICT, WITHOUT ROWID;
