-- When the far side takes messages to a customer. Its twin is ../postgres/0033_windows.sql.

-- The windows of a conversation, as JSON; '' = its channel has none.
ALTER TABLE conversation ADD COLUMN windows TEXT NOT NULL DEFAULT '';

-- From when on a delivery is not handed over; 0 = a day after it was made.
ALTER TABLE delivery ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;

-- The far side's ids of a message, and of those before it.
DROP INDEX inbound_dedup_conversation;
CREATE INDEX inbound_dedup_conversation ON inbound_dedup (workspace_id, conversation_id, seq);
