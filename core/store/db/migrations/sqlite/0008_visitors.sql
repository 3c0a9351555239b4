-- visitors. Its twin is ../postgres/0008_visitors.sql.

-- What a site signs its visitors' identity with: sealed, see core/seal.
CREATE TABLE identity_secret (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  kid          TEXT NOT NULL,
  sealed       TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, kid),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
) STRICT, WITHOUT ROWID;

-- Identity tokens that were used, until they expire: none is used by somebody else.
CREATE TABLE identity_token (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  token_hash   TEXT NOT NULL,
  visitor_id   TEXT NOT NULL,
  presented_by TEXT NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, token_hash),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_token_expiry ON identity_token (expires_at);

-- subject: who the site vouched for, '' = anonymous.
ALTER TABLE visitor_session ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN consent_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE visitor_session ADD COLUMN previous_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN renewal TEXT NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN previous_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX visitor_session_expiry ON visitor_session (expires_at);

-- The last rating that was asked for, and the last that was given.
ALTER TABLE conversation ADD COLUMN rating_id TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN rating_asked_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rating_asked_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rating_score INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rating_comment TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN rating_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rated_id TEXT NOT NULL DEFAULT '';

CREATE TABLE rating (
  workspace_id    TEXT NOT NULL,
  rating_id       TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL,
  inbox_id        TEXT NOT NULL,
  contact_id      TEXT NOT NULL,
  member_id       TEXT NOT NULL,
  team_id         TEXT NOT NULL,
  asked_at        INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  given_at        INTEGER NOT NULL,
  score           INTEGER NOT NULL,
  comment         TEXT NOT NULL,
  via             TEXT NOT NULL,
  PRIMARY KEY (workspace_id, rating_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX rating_given ON rating (workspace_id, given_at, rating_id) WHERE given_at > 0;

-- Whether and how customers are asked for a rating: '' = not at all.
ALTER TABLE workspace ADD COLUMN rating_ask TEXT NOT NULL DEFAULT '';
