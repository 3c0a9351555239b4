package db

import (
	"context"
	"io/fs"
)

// OpenFiles is Open with other files of the schema.
func OpenFiles(ctx context.Context, c Config, files fs.FS) (*DB, error) { return open(ctx, c, files) }

// Files are the files of the schema.
func Files() fs.FS { return migrations }
