// Package portable carries a whole database out of one system and into
// another: the rows of every table as lines of JSON, the same for SQLite and
// PostgreSQL, so that what one wrote the other takes in.
//
// A line is an array of a row's values, in the order of its columns' names:
// null, text, whole numbers (booleans are 0 and 1), {"b": base64} for bytes.
// Rows come in the order of the primary key by bytes, so two databases with the
// same rows give the same lines, and the hash of the lines is the table's.
//
// What can be made anew is left out: the search index, and uploads that are
// still coming in (the files of a backup have none of their bytes).
//
// Concurrency: a Snapshot and a Loader are used by one goroutine.
package portable
