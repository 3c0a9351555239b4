-- Rules of inboxes. Its twin is ../sqlite/0040_rules.sql.

-- What becomes of conversations that begin, as JSON; '' = nothing is said.
ALTER TABLE inbox ADD COLUMN rules TEXT NOT NULL DEFAULT '';

-- 1 while a conversation is filed as ignored: it waits for nobody.
ALTER TABLE conversation ADD COLUMN ignored BIGINT NOT NULL DEFAULT 0;
