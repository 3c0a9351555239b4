-- Business hours and holidays. Its twin is ../sqlite/0048_calendars.sql.

-- hours is JSON: the week, and the dates that differ from it.
CREATE TABLE calendar (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  calendar_id  TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  time_zone    TEXT COLLATE "C" NOT NULL,
  hours        TEXT COLLATE "C" NOT NULL,
  revision     BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, calendar_id)
);
CREATE UNIQUE INDEX calendar_name ON calendar (workspace_id, name);
