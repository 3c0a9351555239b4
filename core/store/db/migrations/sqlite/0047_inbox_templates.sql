-- Templates that far sides have prepared. Its twin is ../postgres/0047_inbox_templates.sql.

-- listed_at is when the templates were listed, asked_at when the far side was
-- asked last; with code and detail why that failed. refused is JSON: what was
-- left out.
CREATE TABLE inbox_template_list (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  listed_at    INTEGER NOT NULL,
  asked_at     INTEGER NOT NULL,
  code         TEXT NOT NULL,
  detail       TEXT NOT NULL,
  refused      TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id)
);

-- place is where it stands in the far side's list, from 0; body is JSON.
CREATE TABLE inbox_template (
  workspace_id TEXT NOT NULL,
  inbox_id     TEXT NOT NULL,
  place        INTEGER NOT NULL,
  template_id  TEXT NOT NULL,
  language     TEXT NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, template_id, language)
);
