-- What a queue does when a customer left. Its twin is ../sqlite/0060_left.sql.

-- When that is due for a wait that was left; 0 = nothing is, or not known yet.
ALTER TABLE attendance ADD COLUMN act_at BIGINT NOT NULL DEFAULT 0;
