// Package db is what the stores of every noun stand on: one database (SQLite
// in a file, or PostgreSQL), its numbered migrations, a pool of connections
// for reading, and one writer that commits in groups.
//
// # What a commit means
//
// When DB.Do returns nil, what the job wrote has reached the disk: SQLite runs
// in WAL mode with synchronous=FULL, PostgreSQL with synchronous_commit=on.
// Open checks that this is so and refuses to start otherwise, unless
// Config.Unsafe says that losing data is fine.
//
// # Concurrency
//
// Every write of a node goes through the writer, a single goroutine that owns
// one connection. It takes the jobs that wait, runs each on the same
// transaction, and commits them together: many jobs, one fsync. A job that
// fails, or panics, is rolled back alone: to its savepoint, or (PostgreSQL) by
// running the group again with savepoints. A job's answer leaves only after
// the commit; when the commit fails, all its jobs fail with errs.Unavailable
// and the writer goes on with the next. A job may therefore run more than once,
// and never sees its caller's cancellation once it has begun.
//
// Before anything else a job locks the row of its workspace, which also holds
// the number of the last event: numbers of the feed are therefore given in
// commit order, without a gap, on any number of nodes. Jobs of a group are
// ordered by workspace on PostgreSQL, so that two nodes lock in one order.
//
// Readers use connections of their own and never wait for the writer.
//
// # Lifecycle
//
// Open migrates, starts the writer and the goroutine that reports commits.
// Close lets jobs already taken in finish, refuses new ones with
// errs.Unavailable, and (SQLite) folds the write-ahead log into the file.
package db
