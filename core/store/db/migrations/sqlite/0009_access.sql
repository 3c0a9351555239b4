-- access. Its twin is ../postgres/0009_access.sql.

-- Roles that a workspace made. permissions are separated by spaces; reach is
-- all, team or own. member.role and invitation.role are the role_id, or the
-- name of a role that every workspace has.
CREATE TABLE role (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  role_id      TEXT NOT NULL,
  name         TEXT NOT NULL,
  description  TEXT NOT NULL,
  permissions  TEXT NOT NULL,
  reach        TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, role_id),
  UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

-- The member who made a contact by hand or by an import; '' = it came by itself.
ALTER TABLE contact ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
CREATE INDEX contact_creator ON contact (workspace_id, created_by) WHERE created_by <> '';
