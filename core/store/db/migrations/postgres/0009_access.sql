-- access. Its twin is ../sqlite/0009_access.sql.

-- Roles that a workspace made. permissions are separated by spaces; reach is
-- all, team or own. member.role and invitation.role are the role_id, or the
-- name of a role that every workspace has.
CREATE TABLE role (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  role_id      TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  description  TEXT COLLATE "C" NOT NULL,
  permissions  TEXT COLLATE "C" NOT NULL,
  reach        TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, role_id),
  UNIQUE (workspace_id, name)
);

-- The member who made a contact by hand or by an import; '' = it came by itself.
ALTER TABLE contact ADD COLUMN created_by TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX contact_creator ON contact (workspace_id, created_by) WHERE created_by <> '';
