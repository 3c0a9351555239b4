-- Business hours and holidays. Its twin is ../postgres/0048_calendars.sql.

-- hours is JSON: the week, and the dates that differ from it.
CREATE TABLE calendar (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  calendar_id  TEXT NOT NULL,
  name         TEXT NOT NULL,
  time_zone    TEXT NOT NULL,
  hours        TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, calendar_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX calendar_name ON calendar (workspace_id, name);
