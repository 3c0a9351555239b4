-- Work that is offered before it is assigned. Its twin is ../sqlite/0050_offers.sql.

-- '' = to nobody; offer_until is when it has rung for long enough.
ALTER TABLE conversation ADD COLUMN offered_to TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN offer_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX conversation_offered ON conversation (workspace_id, offered_to) WHERE offered_to <> '';

-- Offers in a row that the member did not answer.
ALTER TABLE agent_state ADD COLUMN missed BIGINT NOT NULL DEFAULT 0;

-- offer_mode is assign or offer.
ALTER TABLE workspace ADD COLUMN offer_mode TEXT COLLATE "C" NOT NULL DEFAULT 'assign';
ALTER TABLE workspace ADD COLUMN offer_ring_seconds BIGINT NOT NULL DEFAULT 20;
ALTER TABLE workspace ADD COLUMN offer_misses BIGINT NOT NULL DEFAULT 2;
