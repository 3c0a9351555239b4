-- Contacts that are groups of a channel, and no persons. Its twin is ../sqlite/0046_groups.sql.

ALTER TABLE contact ADD COLUMN is_group BOOLEAN NOT NULL DEFAULT FALSE;
