package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/patchbay-im/patchbay/core/errs"
)

// ageHead is how an encrypted backup begins.
const ageHead = "age-encryption.org/"

// Keys open an encrypted backup. The zero value opens plain ones only.
type Keys struct{ identities []age.Identity }

// Lock encrypts a backup. The zero value leaves it plain.
type Lock struct {
	recipients []age.Recipient
	passphrase string
}

// Encrypts reports whether the lock does anything.
func (l Lock) Encrypts() bool { return len(l.recipients) > 0 || l.passphrase != "" }

// Locked returns a lock for the given public keys (age1...), those in files,
// one a line, and, instead of both, the passphrase in a file.
func Locked(recipients, files []string, passphraseFile string) (Lock, error) {
	var l Lock
	texts := []string{strings.Join(recipients, "\n")}
	for _, name := range files {
		text, err := os.ReadFile(name) //nolint:gosec // the operator names it
		if err != nil {
			return l, fmt.Errorf("read the recipients: %w", err)
		}
		texts = append(texts, string(text))
	}
	if text := strings.Join(texts, "\n"); strings.TrimSpace(text) != "" {
		var err error
		if l.recipients, err = age.ParseRecipients(strings.NewReader(text)); err != nil {
			return l, errs.Wrap(err, errs.Invalid, "backup.recipient",
				"A recipient is not the public key of age: it begins with age1. `patchbay backup keygen` makes one. Details: "+err.Error())
		}
	}
	if len(files) > 0 && len(l.recipients) == 0 {
		return l, errs.New(errs.Invalid, "backup.recipient", "The file of recipients names none.")
	}
	if passphraseFile == "" {
		return l, nil
	}
	if len(l.recipients) > 0 {
		return l, errs.New(errs.Invalid, "backup.recipient", "A backup is encrypted for recipients or with a passphrase, not both.")
	}
	var err error
	l.passphrase, err = passphrase(passphraseFile)
	return l, err
}

func passphrase(file string) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	const least = 12
	out := strings.TrimRight(string(text), "\r\n")
	if len(out) < least {
		return "", errs.New(errs.Invalid, "backup.passphrase", "The passphrase has fewer than 12 characters.")
	}
	return out, nil
}

// seal returns a writer that encrypts, and the keys that open what it writes
// once more: to recipients a key of this run is added, which nobody keeps, so
// that the backup can be read back where no secret key is.
func (l Lock) seal(w io.Writer) (io.WriteCloser, Keys, error) {
	switch {
	case l.passphrase != "":
		r, err := age.NewScryptRecipient(l.passphrase)
		if err != nil {
			return nil, Keys{}, err
		}
		id, err := age.NewScryptIdentity(l.passphrase)
		if err != nil {
			return nil, Keys{}, err
		}
		out, err := age.Encrypt(w, r)
		return out, Keys{[]age.Identity{id}}, err
	case len(l.recipients) > 0:
		own, id, err := l.passing()
		if err != nil {
			return nil, Keys{}, err
		}
		out, err := age.Encrypt(w, append(slices.Clone(l.recipients), own)...)
		return out, Keys{[]age.Identity{id}}, err
	default:
		return plain{w}, Keys{}, nil
	}
}

// passing makes the key of a run, of the kind of the others: age mixes no
// post-quantum keys with older ones.
func (l Lock) passing() (age.Recipient, age.Identity, error) {
	if _, ok := l.recipients[0].(*age.HybridRecipient); ok {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, nil, err
		}
		return id.Recipient(), id, nil
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, nil, err
	}
	return id.Recipient(), id, nil
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// Unlocked returns the keys of identities, each a key (AGE-SECRET-KEY-...) or
// the name of a file of them, and of the passphrase in a file.
func Unlocked(identities []string, passphraseFile string) (Keys, error) {
	var k Keys
	for _, given := range identities {
		text := []byte(given)
		if !strings.HasPrefix(given, "AGE-SECRET-KEY-") {
			var err error
			if text, err = os.ReadFile(given); err != nil { //nolint:gosec // the operator names it
				return k, fmt.Errorf("read the identity: %w", err)
			}
		}
		all, err := age.ParseIdentities(bytes.NewReader(text))
		if err != nil {
			// The cause may hold a part of the key.
			return k, errs.New(errs.Invalid, "backup.identity", "An identity is not a secret key of age: it begins with AGE-SECRET-KEY-.")
		}
		k.identities = append(k.identities, all...)
	}
	if passphraseFile == "" {
		return k, nil
	}
	text, err := passphrase(passphraseFile)
	if err != nil {
		return k, err
	}
	id, err := age.NewScryptIdentity(text)
	if err != nil {
		return k, err
	}
	k.identities = append(k.identities, id)
	return k, nil
}

// open returns what is inside the encryption, if there is any.
func (k Keys) open(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, _ := b.Peek(len(ageHead)) // a short file is told by what reads it
	if string(head) != ageHead {
		return b, nil
	}
	if len(k.identities) == 0 {
		return nil, errs.New(errs.Invalid, "backup.needs_key", "The backup is encrypted. Give its key with --identity, or its passphrase with --passphrase-file.")
	}
	out, err := age.Decrypt(b, k.identities...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, errs.Wrap(err, errs.Invalid, "backup.wrong_key", "None of the given keys opens this backup.")
	}
	if err != nil {
		return nil, damaged("its encrypted beginning cannot be read", err)
	}
	return out, nil
}

// NewKey makes a key pair: the secret one, and the public one for --recipient.
func NewKey() (identity, recipient string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", err
	}
	return id.String(), id.Recipient().String(), nil
}
