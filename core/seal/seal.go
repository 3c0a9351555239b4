// Package seal keeps short secrets so that who reads the database alone cannot
// read them: AES-256-GCM under a master key that lies in a file of its own. The
// row's identity is sealed in, so a value cannot be moved to another row.
// docs/adr/0021-visitor-identity.md says why it is no more than that.
//
// Concurrency: a Box is safe for concurrent use.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

const (
	keySize = 32 // bytes: AES-256
	version = "v1"
)

// Box seals and opens under one master key.
type Box struct {
	aead cipher.AEAD
	key  []byte
	id   string // of the key, in what it sealed: another key is told apart from a damaged value
}

// Open reads the master key of a file: 32 bytes in base64. Errors name the cure.
func Open(path string) (*Box, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("the master key %s is not 32 bytes in base64: make one with `openssl rand -base64 32`, or restore it from a backup", path)
	}
	return New(key)
}

// OpenOrCreate is Open of a file of ours, which is made when it is not there,
// readable by this user alone. It refuses a file that everybody may read. One
// that its group may read is closed to it: where a volume is mounted for a
// group, as Kubernetes does (fsGroup), its files are opened to that group.
func OpenOrCreate(path string) (*Box, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(path); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("read the master key: %w", err)
	case info.Mode().Perm()&0o007 != 0:
		return nil, fmt.Errorf("other users may read the master key %s: run chmod 600 on it", path)
	case info.Mode().Perm()&0o070 != 0:
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, fmt.Errorf("a group may read the master key %s: run chmod 600 on it: %w", path, err)
		}
	}
	return Open(path)
}

// create writes a new key. Of two processes that try, one wins and both use
// its key; a crash leaves the whole key or none.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the master key: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the master key: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a file without a use
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: see crypto/rand
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write the master key: %w", err)
	}
	return nil
}

// New returns a Box of a key of 32 bytes.
func New(key []byte) (*Box, error) {
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", keySize, len(key))
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	sum := sha256.Sum256(append([]byte("patchbay master key id\x00"), key...))
	return &Box{aead: aead, key: bytes.Clone(key), id: hex.EncodeToString(sum[:4])}, nil
}

// Seal returns the secret as it may be stored. about names what it belongs to
// and must be given to Open again.
func (b *Box) Seal(secret []byte, about string) string {
	//nolint:gosec // G407: the nonce is no constant: this AEAD draws a new one and puts it before the text
	return strings.Join([]string{version, b.id, base64.RawURLEncoding.EncodeToString(b.aead.Seal(nil, nil, secret, []byte(about)))}, ".")
}

// Open returns a sealed secret. Errors: errs.Internal seal.other_key when it
// was sealed under another master key, seal.damaged when it was changed or
// belongs to something else.
func (b *Box) Open(sealed, about string) ([]byte, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) == 3 && parts[0] == version && parts[1] != b.id {
		return nil, errs.New(errs.Internal, "seal.other_key", "The server's master key is not the one this secret was kept under. Restore the key file, or make a new secret.")
	}
	damaged := errs.New(errs.Internal, "seal.damaged", "A secret in the database is damaged. Make a new one.")
	if len(parts) != 3 || parts[0] != version {
		return nil, damaged
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, damaged
	}
	secret, err := b.aead.Open(nil, nil, raw, []byte(about))
	if err != nil {
		return nil, damaged
	}
	return secret, nil
}

// Derive returns a key of 32 bytes for a purpose, the same each time.
func (b *Box) Derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, b.key, nil, "patchbay/"+purpose, keySize)
	if err != nil { // only when more is asked for than the hash can give
		return nil
	}
	return key
}
