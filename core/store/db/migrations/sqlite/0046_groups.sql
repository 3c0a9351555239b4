-- Contacts that are groups of a channel, and no persons. Its twin is ../postgres/0046_groups.sql.

ALTER TABLE contact ADD COLUMN is_group INTEGER NOT NULL DEFAULT 0;
