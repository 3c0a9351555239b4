-- Routing rules. Its twin is ../sqlite/0055_routing.sql.

-- rules is JSON: the list, in its order.
CREATE TABLE routing (
  workspace_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES workspace,
  revision     BIGINT NOT NULL,
  time_zone    TEXT COLLATE "C" NOT NULL,
  rules        TEXT COLLATE "C" NOT NULL,
  updated_at   BIGINT NOT NULL
);

-- What routing rules may still decide, as bits; 0 = nothing.
ALTER TABLE conversation ADD COLUMN unrouted BIGINT NOT NULL DEFAULT 0;
