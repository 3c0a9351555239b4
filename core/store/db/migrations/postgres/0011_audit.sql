-- audit. Its twin is ../sqlite/0011_audit.sql.

-- The log of administrative and security actions: a chain of hashes for each
-- workspace, see core/audit. detail is the JSON text that was hashed.
CREATE TABLE audit_row (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  seq          BIGINT NOT NULL,
  audit_id     TEXT COLLATE "C" NOT NULL,
  at           BIGINT NOT NULL,
  action       TEXT COLLATE "C" NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  actor_name   TEXT NOT NULL,
  via          TEXT NOT NULL,
  address      TEXT NOT NULL,
  target_kind  TEXT NOT NULL,
  target_id    TEXT COLLATE "C" NOT NULL,
  target_name  TEXT NOT NULL,
  detail       TEXT NOT NULL,
  previous     TEXT NOT NULL,
  hash         TEXT NOT NULL,
  PRIMARY KEY (workspace_id, seq)
);
CREATE INDEX audit_row_at ON audit_row (workspace_id, at);
CREATE INDEX audit_row_actor ON audit_row (workspace_id, actor_id, seq);
CREATE INDEX audit_row_target ON audit_row (workspace_id, target_id, seq);
CREATE INDEX audit_row_action ON audit_row (workspace_id, action, seq);

-- Where each chain stands. Rows up to base were removed by retention.
CREATE TABLE audit_head (
  workspace_id TEXT COLLATE "C" PRIMARY KEY REFERENCES workspace,
  seq          BIGINT NOT NULL,
  hash         TEXT NOT NULL,
  base         BIGINT NOT NULL,
  base_hash    TEXT NOT NULL
);

-- Append-only, whoever asks: rows never change, and they go only after the base
-- of their chain has passed them. A head never goes back.
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE FUNCTION audit_refuse_above_base() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.seq > COALESCE((SELECT base FROM audit_head WHERE workspace_id = OLD.workspace_id), 0) THEN RAISE EXCEPTION 'the audit log is append-only'; END IF; RETURN OLD; END $$;
CREATE TRIGGER audit_row_changed BEFORE UPDATE ON audit_row FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_row_removed BEFORE DELETE ON audit_row FOR EACH ROW EXECUTE FUNCTION audit_refuse_above_base();
CREATE TRIGGER audit_row_emptied BEFORE TRUNCATE ON audit_row EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_back BEFORE UPDATE ON audit_head FOR EACH ROW WHEN (NEW.workspace_id <> OLD.workspace_id OR NEW.seq < OLD.seq OR NEW.base < OLD.base OR NEW.base > NEW.seq) EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_removed BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_emptied BEFORE TRUNCATE ON audit_head EXECUTE FUNCTION audit_refuse();
