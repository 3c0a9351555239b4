-- webhooks. Its twin is ../postgres/0017_webhooks.sql.

-- How many months the rows of a chain are kept; 0 = for ever.
ALTER TABLE audit_head ADD COLUMN keep_months INTEGER NOT NULL DEFAULT 0;
