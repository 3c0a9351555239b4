-- Files that a channel names and that are fetched after their message. Its twin is ../sqlite/0037_fetches.sql.

-- How far the bytes have come: '' = they are here, fetching, failed, gone.
ALTER TABLE attachment ADD COLUMN arrival TEXT NOT NULL DEFAULT '';
ALTER TABLE attachment ADD COLUMN arrival_code TEXT NOT NULL DEFAULT '';
ALTER TABLE attachment ADD COLUMN arrival_detail TEXT NOT NULL DEFAULT '';

-- What the plugin knows the bytes by, how often it was asked, when it is asked
-- next (the end of the lease while it is; 0 = it is not), and until when.
ALTER TABLE attachment ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE attachment ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attachment ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attachment ADD COLUMN give_up_at BIGINT NOT NULL DEFAULT 0;

CREATE INDEX attachment_due ON attachment (due_at) WHERE due_at > 0;
