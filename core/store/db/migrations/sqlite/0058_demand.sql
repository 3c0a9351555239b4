-- What a routing rule asks of who is given a conversation. Its twin is ../postgres/0058_demand.sql.

-- JSON: skills with levels, a value; '' = nothing beside what its queue asks for.
ALTER TABLE conversation ADD COLUMN demand TEXT NOT NULL DEFAULT '';
