-- template: industry templates in use. Its twin is
-- ../sqlite/0028_template.sql.

-- A template in use in a workspace. state: applying, applied, incomplete.
-- until: while it is being applied nobody else applies it before; 0 otherwise.
-- member_id: who applied it last, '' = an API key.
CREATE TABLE template_install (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  plugin       TEXT COLLATE "C" NOT NULL,
  template     TEXT COLLATE "C" NOT NULL,
  version      TEXT COLLATE "C" NOT NULL,
  locale       TEXT COLLATE "C" NOT NULL,
  answers      TEXT COLLATE "C" NOT NULL,
  state        TEXT COLLATE "C" NOT NULL,
  member_id    TEXT COLLATE "C" NOT NULL,
  applied_at   BIGINT NOT NULL,
  until        BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, plugin, template)
);

-- What a template made, or found. object_id: '' = it was about to be made.
-- wrote: what the template said last, base: what the workspace had after that,
-- '' = nothing. owned: the template made it.
CREATE TABLE template_object (
  workspace_id TEXT COLLATE "C" NOT NULL,
  plugin       TEXT COLLATE "C" NOT NULL,
  template     TEXT COLLATE "C" NOT NULL,
  kind         TEXT COLLATE "C" NOT NULL,
  object_key   TEXT COLLATE "C" NOT NULL,
  object_id    TEXT COLLATE "C" NOT NULL,
  wrote        TEXT COLLATE "C" NOT NULL,
  base         TEXT COLLATE "C" NOT NULL,
  owned        BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, plugin, template, kind, object_key),
  FOREIGN KEY (workspace_id, plugin, template) REFERENCES template_install (workspace_id, plugin, template) ON DELETE CASCADE
);
