-- api. Its twin is ../sqlite/0014_api.sql.

-- Keys of programs. A key is looked up by its id before the workspace is known;
-- of its secret only the hash is kept. scopes are permissions, a space between.
CREATE TABLE api_key (
  workspace_id TEXT COLLATE "C" NOT NULL,
  key_id       TEXT COLLATE "C" NOT NULL UNIQUE,
  member_id    TEXT COLLATE "C" NOT NULL,
  name         TEXT NOT NULL,
  scopes       TEXT NOT NULL,
  secret_hash  TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  revoked_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  last_address TEXT NOT NULL,
  PRIMARY KEY (workspace_id, key_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id)
);

-- Answers to requests that carried an Idempotency-Key, for a day. status 0 =
-- the request is, or was when the server went down, under way.
CREATE TABLE idempotency (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  actor_id     TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  request_hash TEXT NOT NULL,
  status       BIGINT NOT NULL,
  media_type   TEXT NOT NULL,
  body         TEXT NOT NULL,
  begun_at     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, actor_id, name)
);
CREATE INDEX idempotency_begun ON idempotency (begun_at);
