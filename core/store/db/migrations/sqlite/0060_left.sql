-- What a queue does when a customer left. Its twin is ../postgres/0060_left.sql.

-- When that is due for a wait that was left; 0 = nothing is, or not known yet.
ALTER TABLE attendance ADD COLUMN act_at INTEGER NOT NULL DEFAULT 0;
