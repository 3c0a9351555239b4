-- contacts. Its twin is ../sqlite/0006_contacts.sql, which explains it.

ALTER TABLE contact ADD COLUMN organisation_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN external_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN locale TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN merged_into TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN survivor_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX contact_name ON contact (workspace_id, name, contact_id);
CREATE INDEX contact_seen ON contact (workspace_id, last_seen_at, contact_id);
CREATE INDEX contact_email ON contact (workspace_id, email) WHERE email <> '';
CREATE INDEX contact_phone ON contact (workspace_id, phone) WHERE phone <> '';
CREATE INDEX contact_external ON contact (workspace_id, external_id) WHERE external_id <> '';
CREATE INDEX contact_organisation ON contact (workspace_id, organisation_id) WHERE organisation_id <> '';
CREATE INDEX contact_survivor ON contact (workspace_id, survivor_id) WHERE survivor_id <> '';

ALTER TABLE contact_identity ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact_identity ADD COLUMN label TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact_identity ADD COLUMN verified_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contact_identity ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE organisation (
  workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  organisation_id TEXT COLLATE "C" NOT NULL,
  name            TEXT COLLATE "C" NOT NULL,
  note            TEXT COLLATE "C" NOT NULL,
  attributes      TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, organisation_id)
);
CREATE INDEX organisation_name ON organisation (workspace_id, name, organisation_id);

-- A domain belongs to one organisation.
CREATE TABLE organisation_domain (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  domain          TEXT COLLATE "C" NOT NULL,
  organisation_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, domain),
  FOREIGN KEY (workspace_id, organisation_id) REFERENCES organisation (workspace_id, organisation_id)
);
CREATE INDEX organisation_domain_of ON organisation_domain (workspace_id, organisation_id);

CREATE TABLE contact_note (
  workspace_id TEXT COLLATE "C" NOT NULL,
  note_id      TEXT COLLATE "C" NOT NULL,
  contact_id   TEXT COLLATE "C" NOT NULL,
  text         TEXT COLLATE "C" NOT NULL,
  author_kind  TEXT COLLATE "C" NOT NULL,
  author_id    TEXT COLLATE "C" NOT NULL,
  author_name  TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, note_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id)
);
CREATE INDEX contact_note_newest ON contact_note (workspace_id, contact_id, created_at, note_id);

-- filled is what the target had not and got from the source: an undo takes it back.
CREATE TABLE contact_merge (
  workspace_id TEXT COLLATE "C" NOT NULL,
  merge_id     TEXT COLLATE "C" NOT NULL,
  source_id    TEXT COLLATE "C" NOT NULL,
  target_id    TEXT COLLATE "C" NOT NULL,
  filled       TEXT COLLATE "C" NOT NULL,
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  at           BIGINT NOT NULL,
  undone_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, merge_id),
  FOREIGN KEY (workspace_id, source_id) REFERENCES contact (workspace_id, contact_id),
  FOREIGN KEY (workspace_id, target_id) REFERENCES contact (workspace_id, contact_id)
);
CREATE INDEX contact_merge_source ON contact_merge (workspace_id, source_id);
CREATE INDEX contact_merge_target ON contact_merge (workspace_id, target_id);

-- What a visitor looked at, by identity: most visitors never become a contact.
-- A visitor sees one page at an instant, so a report that comes twice is one row.
CREATE TABLE page_view (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  external_id  TEXT COLLATE "C" NOT NULL,
  at           BIGINT NOT NULL,
  url          TEXT COLLATE "C" NOT NULL,
  title        TEXT COLLATE "C" NOT NULL,
  referrer     TEXT COLLATE "C" NOT NULL,
  duration     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, external_id, at),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
);
CREATE INDEX page_view_age ON page_view (at);

CREATE TABLE contact_import (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  import_id    TEXT COLLATE "C" NOT NULL,
  state        TEXT COLLATE "C" NOT NULL,
  encoding     TEXT COLLATE "C" NOT NULL,
  delimiter    TEXT COLLATE "C" NOT NULL,
  columns      TEXT COLLATE "C" NOT NULL,
  mapping      TEXT COLLATE "C" NOT NULL,
  match_by     TEXT COLLATE "C" NOT NULL,
  on_match     TEXT COLLATE "C" NOT NULL,
  total        BIGINT NOT NULL,
  position     BIGINT NOT NULL,
  created      BIGINT NOT NULL,
  updated      BIGINT NOT NULL,
  skipped      BIGINT NOT NULL,
  failed       BIGINT NOT NULL,
  detail       TEXT COLLATE "C" NOT NULL,
  actor_kind   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, import_id)
);
CREATE INDEX contact_import_newest ON contact_import (workspace_id, created_at, import_id);
CREATE INDEX contact_import_busy ON contact_import (state, workspace_id, import_id) WHERE state IN ('checking', 'running');

-- The file, in UTF-8, in parts of at most 256 KiB, until the import is done.
CREATE TABLE contact_import_part (
  workspace_id TEXT COLLATE "C" NOT NULL,
  import_id    TEXT COLLATE "C" NOT NULL,
  part         BIGINT NOT NULL,
  data         BYTEA NOT NULL,
  PRIMARY KEY (workspace_id, import_id, part),
  FOREIGN KEY (workspace_id, import_id) REFERENCES contact_import (workspace_id, import_id)
);

CREATE TABLE contact_import_error (
  workspace_id TEXT COLLATE "C" NOT NULL,
  import_id    TEXT COLLATE "C" NOT NULL,
  line         BIGINT NOT NULL,
  place        BIGINT NOT NULL,
  title        TEXT COLLATE "C" NOT NULL,
  value        TEXT COLLATE "C" NOT NULL,
  code         TEXT COLLATE "C" NOT NULL,
  detail       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, import_id, line, place),
  FOREIGN KEY (workspace_id, import_id) REFERENCES contact_import (workspace_id, import_id)
);
