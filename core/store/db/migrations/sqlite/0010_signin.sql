-- signing in. Its twin is ../postgres/0010_signin.sql.

-- What a workspace asks of those who sign in to it; no row = the defaults.
CREATE TABLE sign_in_policy (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace,
  two_factor   TEXT NOT NULL,
  password     TEXT NOT NULL,
  idle_seconds INTEGER NOT NULL,
  life_seconds INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The second factor of an account: sealed, see core/seal. No code of last_step
-- or of an earlier step works; confirmed_at 0 = enrolment under way.
CREATE TABLE second_factor (
  account_id   TEXT PRIMARY KEY REFERENCES account,
  sealed       TEXT NOT NULL,
  last_step    INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  confirmed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_code (
  account_id TEXT NOT NULL REFERENCES account,
  code_hash  TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Sign-ins whose first step is done.
CREATE TABLE sign_in_challenge (
  token_hash   TEXT PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES account,
  workspace_id TEXT NOT NULL,
  provider_id  TEXT NOT NULL,
  attempts     INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_challenge_account ON sign_in_challenge (account_id);

CREATE TABLE password_reset (
  token_hash TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_reset_account ON password_reset (account_id);

-- OpenID Connect. The secret is sealed; domains are separated by spaces.
CREATE TABLE sign_in_provider (
  workspace_id  TEXT NOT NULL REFERENCES workspace,
  provider_id   TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  issuer        TEXT NOT NULL,
  client_id     TEXT NOT NULL,
  sealed        TEXT NOT NULL,
  domains       TEXT NOT NULL,
  default_role  TEXT NOT NULL,
  second_factor INTEGER NOT NULL,
  listed        INTEGER NOT NULL,
  enabled       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, provider_id)
) STRICT, WITHOUT ROWID;

-- Who an issuer's subject is here.
CREATE TABLE sign_in_identity (
  workspace_id TEXT NOT NULL,
  provider_id  TEXT NOT NULL,
  issuer       TEXT NOT NULL,
  subject      TEXT NOT NULL,
  account_id   TEXT NOT NULL REFERENCES account,
  email        TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, issuer, subject),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES sign_in_provider (workspace_id, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_identity_provider ON sign_in_identity (workspace_id, provider_id);
CREATE INDEX sign_in_identity_account ON sign_in_identity (account_id);

-- Sign-ins that a provider has not answered yet.
CREATE TABLE sign_in_flow (
  workspace_id    TEXT NOT NULL,
  provider_id     TEXT NOT NULL,
  state_hash      TEXT NOT NULL,
  browser_hash    TEXT NOT NULL,
  nonce           TEXT NOT NULL,
  sealed          TEXT NOT NULL,
  account_id      TEXT NOT NULL,
  invitation_hash TEXT NOT NULL,
  return_to       TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, provider_id, state_hash),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES sign_in_provider (workspace_id, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_flow_expiry ON sign_in_flow (expires_at);

-- workspace_id: the one workspace that a session opens, '' = all of its account.
ALTER TABLE session ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN provider_id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0;
