-- Who waits in front of a window. Its twin is ../sqlite/0059_attendance.sql.

-- Until when the customer of a conversation that waits counts as there. queued_at:
-- which wait it is of. abandoned_at: when they were found to have left it; 0 = not.
-- Rows of conversations that wait no more are removed when their time has come.
CREATE TABLE attendance (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  queued_at       BIGINT NOT NULL,
  until           BIGINT NOT NULL,
  abandoned_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id)
);
CREATE INDEX attendance_due ON attendance (until);
