-- What an inbox answers by itself. Its twin is ../sqlite/0035_acknowledgement.sql.

-- What is answered, as JSON; '' = nothing.
ALTER TABLE inbox ADD COLUMN acknowledgement TEXT NOT NULL DEFAULT '';

-- When the inbox last answered somebody by itself; 0 = never.
ALTER TABLE contact_identity ADD COLUMN acknowledged_at BIGINT NOT NULL DEFAULT 0;
