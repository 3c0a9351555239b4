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
