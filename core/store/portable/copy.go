package portable

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"

	"github.com/patchbay-im/patchbay/core/store/db"
)

// LiteHead is how every SQLite file begins: https://sqlite.org/fileformat.html.
const LiteHead = "SQLite format 3\x00"

// CopyLite copies somebody else's SQLite file, in use or not, to a name where
// nothing is: whole transactions, its write-ahead log included.
func CopyLite(ctx context.Context, from, to string) error {
	file, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{"_pragma": {"busy_timeout(10000)"}, "mode": {"rw"}}.Encode()}
	pool, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(db.Failed(err), pool.Close())
}
