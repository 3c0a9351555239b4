-- Accounts that are paused, since their far side rejected their credentials. Its twin is ../sqlite/0039_paused.sql.

-- resumed_at is when an account was paused last until; 0 = it never was.
ALTER TABLE account_condition ADD COLUMN resumed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX account_condition_paused ON account_condition (instance_id) WHERE state = 'credentials';
