-- Routing rules. Its twin is ../postgres/0055_routing.sql.

-- rules is JSON: the list, in its order.
CREATE TABLE routing (
  workspace_id TEXT NOT NULL PRIMARY KEY REFERENCES workspace,
  revision     INTEGER NOT NULL,
  time_zone    TEXT NOT NULL,
  rules        TEXT NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What routing rules may still decide, as bits; 0 = nothing.
ALTER TABLE conversation ADD COLUMN unrouted INTEGER NOT NULL DEFAULT 0;
