-- Tickets are given out. Its twin is ../postgres/0061_tickets_given_out.sql.

-- What a ticket takes of its assignee's capacity: 0 = nothing.
ALTER TABLE ticket ADD COLUMN weight INTEGER NOT NULL DEFAULT 0;
-- When it came to be open, or without an assignee, the last time; 0 = when it was made.
ALTER TABLE ticket ADD COLUMN waiting_since INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ticket_waiting ON ticket (workspace_id, team_id) WHERE assignee_id IS NULL AND merged_into = '' AND status IN ('new', 'open');
CREATE INDEX ticket_held ON ticket (workspace_id, assignee_id) WHERE weight > 0;
