-- Which node gives out the work of a workspace. Its twin is ../sqlite/0054_terms.sql.

-- A node that says nothing until then is taken for dead.
CREATE TABLE dispatch_node (
  node        TEXT COLLATE "C" NOT NULL,
  alive_until BIGINT NOT NULL,
  PRIMARY KEY (node)
);

-- term grows with each change of the node.
CREATE TABLE dispatch_term (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspace,
  node         TEXT COLLATE "C" NOT NULL,
  term         BIGINT NOT NULL,
  PRIMARY KEY (workspace_id)
);
