-- platform. Its twin is ../sqlite/0018_platform.sql.

-- Requests that a program named by an Idempotency-Key. effect is set in the
-- transaction that made the effect; status is 0 until there is an answer, whose
-- body is sealed ('' = not kept).
CREATE TABLE request_claim (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  principal    TEXT COLLATE "C" NOT NULL,
  request_key  TEXT COLLATE "C" NOT NULL,
  token        TEXT NOT NULL,
  hash         TEXT NOT NULL,
  effect       BIGINT NOT NULL,
  status       BIGINT NOT NULL,
  media_type   TEXT NOT NULL,
  answer       TEXT NOT NULL,
  lease_until  BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, principal, request_key)
);
CREATE INDEX request_claim_expiry ON request_claim (expires_at);
