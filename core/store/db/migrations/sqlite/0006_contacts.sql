-- contacts. Its twin is ../postgres/0006_contacts.sql.
--
-- A merge moves nothing but a pointer: merged_into is the contact that this one
-- was merged into, survivor_id the one at the end of the chain; both '' for a
-- contact that stands for itself. Identities, notes and page views stay with the
-- contact they came to, so that an undo takes exactly those back. Only
-- conversation.contact_id follows the survivor: lists and filters read it.

ALTER TABLE contact ADD COLUMN organisation_id TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN locale TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN survivor_id TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contact_name ON contact (workspace_id, name, contact_id);
CREATE INDEX contact_seen ON contact (workspace_id, last_seen_at, contact_id);
CREATE INDEX contact_email ON contact (workspace_id, email) WHERE email <> '';
CREATE INDEX contact_phone ON contact (workspace_id, phone) WHERE phone <> '';
CREATE INDEX contact_external ON contact (workspace_id, external_id) WHERE external_id <> '';
CREATE INDEX contact_organisation ON contact (workspace_id, organisation_id) WHERE organisation_id <> '';
CREATE INDEX contact_survivor ON contact (workspace_id, survivor_id) WHERE survivor_id <> '';

ALTER TABLE contact_identity ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE contact_identity ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE contact_identity ADD COLUMN verified_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact_identity ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE organisation (
  workspace_id    TEXT NOT NULL REFERENCES workspace,
  organisation_id TEXT NOT NULL,
  name            TEXT NOT NULL,
  note            TEXT NOT NULL,
  attributes      TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, organisation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX organisation_name ON organisation (workspace_id, name, organisation_id);

-- A domain belongs to one organisation.
CREATE TABLE organisation_domain (
  workspace_id    TEXT NOT NULL,
  domain          TEXT NOT NULL,
  organisation_id TEXT NOT NULL,
  PRIMARY KEY (workspace_id, domain),
  FOREIGN KEY (workspace_id, organisation_id) REFERENCES organisation (workspace_id, organisation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX organisation_domain_of ON organisation_domain (workspace_id, organisation_id);

CREATE TABLE contact_note (
  workspace_id TEXT NOT NULL,
  note_id      TEXT NOT NULL,
  contact_id   TEXT NOT NULL,
  text         TEXT NOT NULL,
  author_kind  TEXT NOT NULL,
  author_id    TEXT NOT NULL,
  author_name  TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, note_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_note_newest ON contact_note (workspace_id, contact_id, created_at, note_id);

-- filled is what the target had not and got from the source: an undo takes it back.
CREATE TABLE contact_merge (
  workspace_id TEXT NOT NULL,
  merge_id     TEXT NOT NULL,
  source_id    TEXT NOT NULL,
  target_id    TEXT NOT NULL,
  filled       TEXT NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  at           INTEGER NOT NULL,
  undone_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, merge_id),
  FOREIGN KEY (workspace_id, source_id) REFERENCES contact (workspace_id, contact_id),
  FOREIGN KEY (workspace_id, target_id) REFERENCES contact (workspace_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_merge_source ON contact_merge (workspace_id, source_id);
CREATE INDEX contact_merge_target ON contact_merge (workspace_id, target_id);

-- What a visitor looked at, by identity: most visitors never become a contact.
-- A visitor sees one page at an instant, so a report that comes twice is one row.
CREATE TABLE page_view (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  external_id  TEXT NOT NULL,
  at           INTEGER NOT NULL,
  url          TEXT NOT NULL,
  title        TEXT NOT NULL,
  referrer     TEXT NOT NULL,
  duration     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, external_id, at),
  FOREIGN KEY (workspace_id, inbox_id) REFERENCES inbox (workspace_id, inbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_view_age ON page_view (at);

CREATE TABLE contact_import (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  import_id    TEXT NOT NULL,
  state        TEXT NOT NULL,
  encoding     TEXT NOT NULL,
  delimiter    TEXT NOT NULL,
  columns      TEXT NOT NULL,
  mapping      TEXT NOT NULL,
  match_by     TEXT NOT NULL,
  on_match     TEXT NOT NULL,
  total        INTEGER NOT NULL,
  position     INTEGER NOT NULL,
  created      INTEGER NOT NULL,
  updated      INTEGER NOT NULL,
  skipped      INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  detail       TEXT NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, import_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_import_newest ON contact_import (workspace_id, created_at, import_id);
CREATE INDEX contact_import_busy ON contact_import (state, workspace_id, import_id) WHERE state IN ('checking', 'running');

-- The file, in UTF-8, in parts of at most 256 KiB, until the import is done.
CREATE TABLE contact_import_part (
  workspace_id TEXT NOT NULL,
  import_id    TEXT NOT NULL,
  part         INTEGER NOT NULL,
  data         BLOB NOT NULL,
  PRIMARY KEY (workspace_id, import_id, part),
  FOREIGN KEY (workspace_id, import_id) REFERENCES contact_import (workspace_id, import_id)
) STRICT;

CREATE TABLE contact_import_error (
  workspace_id TEXT NOT NULL,
  import_id    TEXT NOT NULL,
  line         INTEGER NOT NULL,
  place        INTEGER NOT NULL,
  title        TEXT NOT NULL,
  value        TEXT NOT NULL,
  code         TEXT NOT NULL,
  detail       TEXT NOT NULL,
  PRIMARY KEY (workspace_id, import_id, line, place),
  FOREIGN KEY (workspace_id, import_id) REFERENCES contact_import (workspace_id, import_id)
) STRICT, WITHOUT ROWID;
