-- license: what vendors of paid plugins have sold to the installation. Its twin is
-- ../postgres/0030_license.sql. Plugins are the installation's, and no workspace's.

-- A token that a vendor signed, sealed: who has it can use it. digest is the
-- SHA-256 of the token, so that the same one is kept once.
CREATE TABLE plugin_license (
  license_id TEXT PRIMARY KEY,
  product    TEXT NOT NULL,
  digest     TEXT NOT NULL UNIQUE,
  sealed     TEXT NOT NULL,
  added_by   TEXT NOT NULL,
  added_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When the trial of a plugin without a license began: with its first inbox or
-- connection. It begins once.
CREATE TABLE plugin_trial (
  plugin_id TEXT PRIMARY KEY,
  began_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest time that any server has seen: one row. A clock that is turned
-- back makes no license longer.
CREATE TABLE plugin_license_clock (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  seen_at INTEGER NOT NULL
) STRICT;
