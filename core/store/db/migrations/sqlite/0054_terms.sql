-- Which node gives out the work of a workspace. Its twin is ../postgres/0054_terms.sql.

-- A node that says nothing until then is taken for dead.
CREATE TABLE dispatch_node (
  node        TEXT NOT NULL,
  alive_until INTEGER NOT NULL,
  PRIMARY KEY (node)
) STRICT, WITHOUT ROWID;

-- term grows with each change of the node.
CREATE TABLE dispatch_term (
  workspace_id TEXT NOT NULL REFERENCES workspace,
  node         TEXT NOT NULL,
  term         INTEGER NOT NULL,
  PRIMARY KEY (workspace_id)
) STRICT, WITHOUT ROWID;
