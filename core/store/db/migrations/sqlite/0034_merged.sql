-- Texts that leave as one where a channel takes few. Its twin is ../postgres/0034_merged.sql.

-- The seq of the last message that leaves with this delivery; 0 = none does.
-- Those between have the state merged until it is settled.
ALTER TABLE delivery ADD COLUMN merged_to INTEGER NOT NULL DEFAULT 0;
