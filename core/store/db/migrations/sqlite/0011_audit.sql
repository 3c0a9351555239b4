-- audit. Its twin is ../postgres/0011_audit.sql.

-- The log of administrative and security actions: a chain of hashes for each
-- workspace, see core/audit. detail is the JSON text that was hashed.
CREATE TABLE audit_row (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  seq          INTEGER NOT NULL,
  audit_id     TEXT NOT NULL,
  at           INTEGER NOT NULL,
  action       TEXT NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  via          TEXT NOT NULL,
  address      TEXT NOT NULL,
  target_kind  TEXT NOT NULL,
  target_id    TEXT NOT NULL,
  target_name  TEXT NOT NULL,
  detail       TEXT NOT NULL,
  previous     TEXT NOT NULL,
  hash         TEXT NOT NULL,
  PRIMARY KEY (workspace_id, seq)
) STRICT;
CREATE INDEX audit_row_at ON audit_row (workspace_id, at);
CREATE INDEX audit_row_actor ON audit_row (workspace_id, actor_id, seq);
CREATE INDEX audit_row_target ON audit_row (workspace_id, target_id, seq);
CREATE INDEX audit_row_action ON audit_row (workspace_id, action, seq);

-- Where each chain stands. Rows up to base were removed by retention.
CREATE TABLE audit_head (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace,
  seq          INTEGER NOT NULL,
  hash         TEXT NOT NULL,
  base         INTEGER NOT NULL,
  base_hash    TEXT NOT NULL
) STRICT;

-- Append-only, whoever asks: rows never change, and they go only after the base
-- of their chain has passed them. A head never goes back.
CREATE TRIGGER audit_row_changed BEFORE UPDATE ON audit_row BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_row_removed BEFORE DELETE ON audit_row WHEN OLD.seq > COALESCE((SELECT base FROM audit_head WHERE workspace_id = OLD.workspace_id), 0) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_back BEFORE UPDATE ON audit_head WHEN NEW.workspace_id <> OLD.workspace_id OR NEW.seq < OLD.seq OR NEW.base < OLD.base OR NEW.base > NEW.seq BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_removed BEFORE DELETE ON audit_head BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
