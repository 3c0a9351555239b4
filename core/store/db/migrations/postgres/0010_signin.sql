-- signing in. Its twin is ../sqlite/0010_signin.sql.

-- What a workspace asks of those who sign in to it; no row = the defaults.
CREATE TABLE sign_in_policy (
  workspace_id TEXT COLLATE "C" PRIMARY KEY REFERENCES workspace,
  two_factor   TEXT COLLATE "C" NOT NULL,
  password     TEXT COLLATE "C" NOT NULL,
  idle_seconds BIGINT NOT NULL,
  life_seconds BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);

-- The second factor of an account: sealed, see core/seal. No code of last_step
-- or of an earlier step works; confirmed_at 0 = enrolment under way.
CREATE TABLE second_factor (
  account_id   TEXT COLLATE "C" PRIMARY KEY REFERENCES account,
  sealed       TEXT COLLATE "C" NOT NULL,
  last_step    BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL
);

CREATE TABLE recovery_code (
  account_id TEXT COLLATE "C" NOT NULL REFERENCES account,
  code_hash  TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, code_hash)
);

-- Sign-ins whose first step is done.
CREATE TABLE sign_in_challenge (
  token_hash   TEXT COLLATE "C" PRIMARY KEY,
  account_id   TEXT COLLATE "C" NOT NULL REFERENCES account,
  workspace_id TEXT COLLATE "C" NOT NULL,
  provider_id  TEXT COLLATE "C" NOT NULL,
  attempts     BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX sign_in_challenge_account ON sign_in_challenge (account_id);

CREATE TABLE password_reset (
  token_hash TEXT COLLATE "C" PRIMARY KEY,
  account_id TEXT COLLATE "C" NOT NULL REFERENCES account,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX password_reset_account ON password_reset (account_id);

-- OpenID Connect. The secret is sealed; domains are separated by spaces.
CREATE TABLE sign_in_provider (
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  provider_id   TEXT COLLATE "C" NOT NULL UNIQUE,
  name          TEXT COLLATE "C" NOT NULL,
  issuer        TEXT COLLATE "C" NOT NULL,
  client_id     TEXT COLLATE "C" NOT NULL,
  sealed        TEXT COLLATE "C" NOT NULL,
  domains       TEXT COLLATE "C" NOT NULL,
  default_role  TEXT COLLATE "C" NOT NULL,
  second_factor BOOLEAN NOT NULL,
  listed        BOOLEAN NOT NULL,
  enabled       BOOLEAN NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, provider_id)
);

-- Who an issuer's subject is here.
CREATE TABLE sign_in_identity (
  workspace_id TEXT COLLATE "C" NOT NULL,
  provider_id  TEXT COLLATE "C" NOT NULL,
  issuer       TEXT COLLATE "C" NOT NULL,
  subject      TEXT COLLATE "C" NOT NULL,
  account_id   TEXT COLLATE "C" NOT NULL REFERENCES account,
  email        TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, issuer, subject),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES sign_in_provider (workspace_id, provider_id)
);
CREATE INDEX sign_in_identity_provider ON sign_in_identity (workspace_id, provider_id);
CREATE INDEX sign_in_identity_account ON sign_in_identity (account_id);

-- Sign-ins that a provider has not answered yet.
CREATE TABLE sign_in_flow (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  provider_id     TEXT COLLATE "C" NOT NULL,
  state_hash      TEXT COLLATE "C" NOT NULL,
  browser_hash    TEXT COLLATE "C" NOT NULL,
  nonce           TEXT COLLATE "C" NOT NULL,
  sealed          TEXT COLLATE "C" NOT NULL,
  account_id      TEXT COLLATE "C" NOT NULL,
  invitation_hash TEXT COLLATE "C" NOT NULL,
  return_to       TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, provider_id, state_hash),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES sign_in_provider (workspace_id, provider_id)
);
CREATE INDEX sign_in_flow_expiry ON sign_in_flow (expires_at);

-- workspace_id: the one workspace that a session opens, '' = all of its account.
ALTER TABLE session ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN workspace_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN provider_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;
