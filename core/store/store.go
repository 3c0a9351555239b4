// Package store keeps everything durable: it implements the ports of the
// domain over SQLite or PostgreSQL. One folder per noun holds its rows and
// queries; db holds what they stand on: connections, migrations and the writer
// that commits in groups. Rows never leave this tree.
package store

import (
	"context"

	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/events"
)

// Config says which database to open; see db.Config.
type Config = db.Config

// The database systems.
const (
	SQLite   = db.SQLite
	Postgres = db.Postgres
)

// Store is an open database as the domain's ports. It is safe for concurrent
// use.
type Store struct {
	db *db.DB
}

// Open opens the database, checks that its commits are durable, migrates it
// (after a copy of an existing SQLite file) and starts the writer. Errors name
// the cure.
func Open(ctx context.Context, c Config) (*Store, error) {
	d, err := db.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return &Store{db: d}, nil
}

// Conversations returns conversation.Store, Reader, ReadMarks and VisitorStore.
func (s *Store) Conversations() *conversations.Store { return conversations.New(s.db) }

// Events returns event.Log.
func (s *Store) Events() *events.Log { return events.New(s.db) }

// Epoch identifies this history of the database; see db.DB.Epoch.
func (s *Store) Epoch(ctx context.Context) (string, error) { return s.db.Epoch(ctx) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// CheckIntegrity verifies the database; see db.DB.CheckIntegrity.
func (s *Store) CheckIntegrity(ctx context.Context) error { return s.db.CheckIntegrity(ctx) }

// Close finishes the jobs taken in and closes the database.
func (s *Store) Close(ctx context.Context) error { return s.db.Close(ctx) }
