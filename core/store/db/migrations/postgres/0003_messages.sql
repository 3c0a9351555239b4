-- messages. Its twin is ../sqlite/0003_messages.sql.

-- files is how many attachments the message carries: they are looked up only
-- where there are any. extras is what few messages have, as JSON: the quote and
-- the mentions; NULL = none.
ALTER TABLE message ADD COLUMN files BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN extras TEXT COLLATE "C";

-- last_file is the kind of the last message's first attachment. contact_read_seq
-- is the seq of the last message that the customer is known to have seen.
ALTER TABLE conversation ADD COLUMN last_file TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN contact_read_seq BIGINT NOT NULL DEFAULT 0;

-- How far any member has read is asked for by conversation, for its visitor.
CREATE INDEX conversation_read_far ON conversation_read (workspace_id, conversation_id, seq);

-- What a member is writing, in whichever window. An empty one stays for a
-- while, so that rev goes on growing.
CREATE TABLE draft (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  member_id       TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  kind            TEXT COLLATE "C" NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  extras          TEXT COLLATE "C",
  empty           BIGINT NOT NULL,
  rev             BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id, conversation_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, member_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);
CREATE INDEX draft_empty ON draft (updated_at) WHERE empty = 1;

-- Messages that are to be sent later. inbound_seq is the customer's last
-- message when it was written: another one since means that they replied.
CREATE TABLE scheduled (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  scheduled_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  author_id       TEXT COLLATE "C" NOT NULL,
  author_name     TEXT COLLATE "C" NOT NULL,
  client_id       TEXT COLLATE "C" NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  extras          TEXT COLLATE "C",
  state           TEXT COLLATE "C" NOT NULL,
  code            TEXT COLLATE "C" NOT NULL,
  detail          TEXT COLLATE "C" NOT NULL,
  unless_reply    BIGINT NOT NULL,
  inbound_seq     BIGINT NOT NULL,
  send_at         BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, scheduled_id),
  UNIQUE (workspace_id, conversation_id, author_id, client_id),
  FOREIGN KEY (workspace_id, author_id) REFERENCES member (workspace_id, member_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, conversation_id)
);
CREATE INDEX scheduled_due ON scheduled (send_at) WHERE state = 'waiting';
CREATE INDEX scheduled_open ON scheduled (workspace_id, conversation_id, send_at) WHERE state IN ('waiting', 'failed');

-- What happened to a message on its way to the far side, in order: each
-- attempt, and its end. That it was queued is told by its delivery.
CREATE TABLE delivery_step (
  workspace_id    TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  number          BIGINT NOT NULL,
  at              BIGINT NOT NULL,
  state           TEXT COLLATE "C" NOT NULL,
  attempt         BIGINT NOT NULL,
  code            TEXT COLLATE "C" NOT NULL,
  detail          TEXT COLLATE "C" NOT NULL,
  plugin          TEXT COLLATE "C" NOT NULL,
  provider_id     TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq, number),
  FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES message (workspace_id, conversation_id, seq)
);
