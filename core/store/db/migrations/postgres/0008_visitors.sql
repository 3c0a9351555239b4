-- visitors. Its twin is ../sqlite/0008_visitors.sql.

-- What a site signs its visitors' identity with: sealed, see core/seal.
CREATE TABLE identity_secret (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  kid          TEXT COLLATE "C" NOT NULL,
  sealed       TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, kid),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);

-- Identity tokens that were used, until they expire: none is used by somebody else.
CREATE TABLE identity_token (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  token_hash   TEXT COLLATE "C" NOT NULL,
  visitor_id   TEXT COLLATE "C" NOT NULL,
  presented_by TEXT COLLATE "C" NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, token_hash),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);
CREATE INDEX identity_token_expiry ON identity_token (expires_at);

-- subject: who the site vouched for, '' = anonymous.
ALTER TABLE visitor_session ADD COLUMN subject TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN email TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN phone TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN consent_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE visitor_session ADD COLUMN previous_hash TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN renewal TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE visitor_session ADD COLUMN previous_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX visitor_session_expiry ON visitor_session (expires_at);

-- The last rating that was asked for, and the last that was given.
ALTER TABLE conversation ADD COLUMN rating_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN rating_asked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rating_asked_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rating_score BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rating_comment TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN rating_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN rated_id TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE rating (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  rating_id       TEXT COLLATE "C" NOT NULL UNIQUE,
  conversation_id TEXT COLLATE "C" NOT NULL,
  inbox_id        TEXT COLLATE "C" NOT NULL,
  contact_id      TEXT COLLATE "C" NOT NULL,
  member_id       TEXT COLLATE "C" NOT NULL,
  team_id         TEXT COLLATE "C" NOT NULL,
  asked_at        BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  given_at        BIGINT NOT NULL,
  score           BIGINT NOT NULL,
  comment         TEXT COLLATE "C" NOT NULL,
  via             TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, rating_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);
CREATE INDEX rating_given ON rating (workspace_id, given_at, rating_id) WHERE given_at > 0;

-- Whether and how customers are asked for a rating: '' = not at all.
ALTER TABLE workspace ADD COLUMN rating_ask TEXT COLLATE "C" NOT NULL DEFAULT '';
