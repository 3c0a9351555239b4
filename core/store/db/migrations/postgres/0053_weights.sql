-- What conversations weigh. Its twin is ../sqlite/0053_weights.sql.

-- Of the capacity of an agent. It is the policy's when the conversation begins
-- or comes to wait, and stays until it comes to wait again.
ALTER TABLE conversation ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
