-- Edits and recalls that must leave. Its twin is ../sqlite/0041_acts.sql.

-- A delivery has a place of its own in its conversation: the seq of the change
-- that made it. Of a message that is seq; of an act on a message, seq is the
-- message's. act: '' = the message leaves, edit, recall. target is the far
-- side's id of the message, body what an edit has it say.
ALTER TABLE delivery ADD COLUMN place BIGINT;
UPDATE delivery SET place = seq;
ALTER TABLE delivery ALTER COLUMN place SET NOT NULL;
ALTER TABLE delivery ADD COLUMN act TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN target TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN body TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE delivery DROP CONSTRAINT delivery_workspace_id_conversation_id_seq_key;
ALTER TABLE delivery ADD UNIQUE (workspace_id, conversation_id, place);
DROP INDEX delivery_turn;
CREATE INDEX delivery_turn ON delivery (workspace_id, conversation_id, place) WHERE state = 'pending';
CREATE INDEX delivery_message ON delivery (workspace_id, conversation_id, seq);
