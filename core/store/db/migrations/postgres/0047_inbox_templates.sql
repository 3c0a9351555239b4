-- Templates that far sides have prepared. Its twin is ../sqlite/0047_inbox_templates.sql.

-- listed_at is when the templates were listed, asked_at when the far side was
-- asked last; with code and detail why that failed. refused is JSON: what was
-- left out.
CREATE TABLE inbox_template_list (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  revision     BIGINT NOT NULL,
  listed_at    BIGINT NOT NULL,
  asked_at     BIGINT NOT NULL,
  code         TEXT COLLATE "C" NOT NULL,
  detail       TEXT COLLATE "C" NOT NULL,
  refused      TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id)
);

-- place is where it stands in the far side's list, from 0; body is JSON.
CREATE TABLE inbox_template (
  workspace_id TEXT COLLATE "C" NOT NULL,
  inbox_id     TEXT COLLATE "C" NOT NULL,
  place        BIGINT NOT NULL,
  template_id  TEXT COLLATE "C" NOT NULL,
  language     TEXT COLLATE "C" NOT NULL,
  body         TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, template_id, language)
);
