-- template: industry templates in use. Its twin is
-- ../postgres/0028_template.sql.

-- A template in use in a workspace. state: applying, applied, incomplete.
-- until: while it is being applied nobody else applies it before; 0 otherwise.
-- member_id: who applied it last, '' = an API key.
CREATE TABLE template_install (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  plugin       TEXT NOT NULL,
  template     TEXT NOT NULL,
  version      TEXT NOT NULL,
  locale       TEXT NOT NULL,
  answers      TEXT NOT NULL,
  state        TEXT NOT NULL,
  member_id    TEXT NOT NULL,
  applied_at   INTEGER NOT NULL,
  until        INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, plugin, template)
) STRICT;

-- What a template made, or found. object_id: '' = it was about to be made.
-- wrote: what the template said last, base: what the workspace had after that,
-- '' = nothing. owned: the template made it.
CREATE TABLE template_object (
  workspace_id TEXT NOT NULL,
  plugin       TEXT NOT NULL,
  template     TEXT NOT NULL,
  kind         TEXT NOT NULL,
  object_key   TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  wrote        TEXT NOT NULL,
  base         TEXT NOT NULL,
  owned        INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, plugin, template, kind, object_key),
  FOREIGN KEY (workspace_id, plugin, template) REFERENCES template_install (workspace_id, plugin, template) ON DELETE CASCADE
) STRICT;
