-- Conversations in queues. Its twin is ../postgres/0051_queued.sql.

ALTER TABLE conversation ADD COLUMN queue_id TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_in_queue ON conversation (workspace_id, queue_id) WHERE queue_id <> '';

-- Who answered the customer last; '' = nobody yet, or not since this is known.
ALTER TABLE conversation ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';

-- Items of each channel that a member may be given at once, as a JSON object;
-- '' = as many as their capacity allows.
ALTER TABLE member ADD COLUMN limits TEXT NOT NULL DEFAULT '';
