-- Hooks are told what they missed, bots greet. Its twin is ../postgres/0029_talk.sql.

-- What a connection was not told and does not know of yet: the events of the
-- feed after gap_after, up to gap_until; gap_reason '' = there are none.
ALTER TABLE plugin_cursor ADD COLUMN gap_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plugin_cursor ADD COLUMN gap_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plugin_cursor ADD COLUMN gap_reason TEXT NOT NULL DEFAULT '';

-- Whether the bot is to be told that the conversation began. 0: it was, or it
-- began with people.
ALTER TABLE bot_talk ADD COLUMN opens INTEGER NOT NULL DEFAULT 0;
