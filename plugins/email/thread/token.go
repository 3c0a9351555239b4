// Package thread finds out which mail of ours a mail answers, by a token that a
// stranger cannot make up, and which other mails it names. Which conversation
// that is, the host says. The subject is no evidence.
package thread

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"regexp"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/address"
)

// Keys sign and check the tokens of one mailbox. The first key signs, all are
// accepted: that is how a key is replaced. A token of another mailbox, whose
// keys are others, is refused.
type Keys struct{ secrets [][]byte }

// Errors of New and of making tokens.
var (
	ErrShortKey = errors.New("thread: a key has fewer than 32 bytes")
	ErrBadID    = errors.New("thread: not a delivery's id, such as dlv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N")
	ErrTooLong  = errors.New("thread: the mailbox's address has no room for a token")
)

const (
	prefix   = "pb"
	macSize  = 10 // bytes: 80 bits, which can only be tried by sending a mail each
	maxID    = 40
	maxLocal = 64
	forID    = "message-id"
	forPlus  = "plus-address"
)

// New takes keys of 32 bytes or more, random and secret to the mailbox.
func New(keys ...[]byte) (*Keys, error) {
	for _, k := range keys {
		if len(k) < 32 {
			return nil, ErrShortKey
		}
	}
	if len(keys) == 0 {
		return nil, ErrShortKey
	}
	return &Keys{secrets: keys}, nil
}

// MessageID returns the id, without brackets, of the mail that carries a
// delivery. The same delivery gives the same id, so that a mail that is sent
// again is recognised. Domain is that of the sender's address.
func (k *Keys) MessageID(delivery, domain string) (string, error) {
	d, ok := wire(delivery)
	if !ok {
		return "", ErrBadID
	}
	domain = strings.ToLower(strings.TrimSpace(domain))
	if !address.Valid("x@" + domain) {
		domain = "localhost"
	}
	return strings.Join([]string{prefix, d, mac(k.secrets[0], forID, d)}, ".") + "@" + domain, nil
}

// PlusAddress returns the mailbox's address with the delivery's token. It is
// the evidence that survives programs which drop every header of threads;
// servers that refuse plus-addresses do without it.
func (k *Keys) PlusAddress(delivery, mailbox string) (string, error) {
	d, ok := wire(delivery)
	if !ok {
		return "", ErrBadID
	}
	at := strings.LastIndexByte(mailbox, '@')
	if at <= 0 {
		return "", address.ErrInvalid
	}
	local := mailbox[:at] + "+" + strings.Join([]string{prefix, d, mac(k.secrets[0], forPlus, d)}, "-")
	if len(local) > maxLocal {
		return "", ErrTooLong
	}
	return local + mailbox[at:], nil
}

// token is what a text claims to be. The delivery is as it is written there, in
// lower case.
type token struct{ purpose, delivery, mac string }

// readID reads a message id. Not ok: it does not look like one of ours.
func readID(id string) (token, bool) {
	local, _, _ := strings.Cut(strings.ToLower(id), "@")
	p := strings.Split(local, ".")
	if len(p) != 3 || p[0] != prefix {
		return token{}, false
	}
	return token{forID, p[1], p[2]}, true
}

// readPlus reads an address.
func readPlus(email string) (token, bool) {
	_, tag := address.Split(strings.ToLower(email))
	p := strings.Split(tag, "-")
	if len(p) != 3 || p[0] != prefix {
		return token{}, false
	}
	return token{forPlus, p[1], p[2]}, true
}

// genuine checks in a time that does not depend on what is wrong.
func (k *Keys) genuine(t token) bool {
	ok := false
	for _, secret := range k.secrets {
		if hmac.Equal([]byte(mac(secret, t.purpose, t.delivery)), []byte(t.mac)) {
			ok = true
		}
	}
	return ok
}

func mac(secret []byte, purpose, delivery string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("patchbay mail " + purpose + "\n" + delivery))
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:macSize]))
}

var id = regexp.MustCompile(`^[a-z]+_[0-9A-Z]+$`)

// wire is an id in lower case: the case of an address does not survive.
func wire(delivery string) (string, bool) {
	return strings.ToLower(delivery), len(delivery) <= maxID && id.MatchString(delivery)
}

// unwire undoes wire: what follows the underscore is in capitals.
func unwire(s string) string {
	kind, rest, _ := strings.Cut(s, "_")
	return kind + "_" + strings.ToUpper(rest)
}
