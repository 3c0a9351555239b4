-- A person may have several conversations in an inbox. Its twin is ../sqlite/0032_threads.sql.

-- What an inbox finds a conversation by: its customer, the far side's thread
-- after a line feed, or, after a carriage return, its own id, where an answer
-- alone goes on with it.
ALTER TABLE conversation RENAME COLUMN recipient TO talk_key;
ALTER TABLE conversation ADD COLUMN recipient TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE conversation SET recipient = talk_key;

-- The addresses on the envelopes of a conversation's messages: they take part.
CREATE TABLE conversation_party (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  address         TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, address),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);

-- What somebody has proven to be theirs, by which identities are joined.
ALTER TABLE contact_identity ADD COLUMN email TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact_identity ADD COLUMN phone TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX contact_identity_email ON contact_identity (workspace_id, email) WHERE email <> '';
CREATE INDEX contact_identity_phone ON contact_identity (workspace_id, phone) WHERE phone <> '';

-- What a channel says of a file that it brought: role is '', 'voice' or
-- 'original'; the message's HTML shows it under content_id.
ALTER TABLE attachment ADD COLUMN role TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE attachment ADD COLUMN content_id TEXT COLLATE "C" NOT NULL DEFAULT '';
