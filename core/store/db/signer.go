package db

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/patchbay-im/patchbay/core/media"
)

// mediaKey is the row of meta that holds the secret of media tickets: in the
// database, so that every node makes and accepts the same ones.
const mediaKey = "media_key"

// signing makes the secret of a new database and reads it.
func (d *DB) signing(ctx context.Context, c Config) error {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: see crypto/rand
	var text string
	err := d.Do(ctx, "", func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, mediaKey, hex.EncodeToString(secret))
		if err != nil {
			return err
		}
		return tx.Row(ctx, `SELECT value FROM meta WHERE name = ?`, []any{mediaKey}, &text)
	})
	if err != nil {
		return err
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return err
	}
	// Jobs that read it come through the writer's queue, after this.
	d.signer = media.NewSigner(key, c.Now)
	d.writer.signer = d.signer
	return nil
}

// Signer implements Querier.
func (d *DB) Signer() media.Signer { return d.signer }

// Signer implements Querier.
func (t *Tx) Signer() media.Signer { return t.group.w.signer }
