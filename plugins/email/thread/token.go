// Package thread says to which conversation a mail belongs, by evidence that
// a stranger cannot make up: tokens of our own first, then ids of messages
// that are known. The subject is no evidence.
package thread

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
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
	ErrBadRef   = errors.New("thread: a reference is not 1 to 40 letters, digits or underscores")
	ErrTooLong  = errors.New("thread: the mailbox's address has no room for a token")
)

const (
	prefix   = "pb"
	macSize  = 10 // bytes: 80 bits, which can only be tried by sending a mail each
	maxRef   = 40
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

// MessageID returns the id, without brackets, of a message of ours in a
// conversation. The same references give the same id, so that a message that
// is sent again is recognised. Domain is that of the sender's address.
func (k *Keys) MessageID(conversation, message, domain string) (string, error) {
	c, ok := ref(conversation)
	m, fine := ref(message)
	if !ok || !fine {
		return "", ErrBadRef
	}
	domain = strings.ToLower(strings.TrimSpace(domain))
	if !address.Valid("x@" + domain) {
		domain = "localhost"
	}
	return strings.Join([]string{prefix, c, m, mac(k.secrets[0], forID, c, m)}, ".") + "@" + domain, nil
}

// PlusAddress returns the mailbox's address with the conversation's token. It
// is the evidence that survives programs which drop every header of threads;
// servers that refuse plus-addresses do without it.
func (k *Keys) PlusAddress(conversation, mailbox string) (string, error) {
	c, ok := ref(conversation)
	if !ok {
		return "", ErrBadRef
	}
	at := strings.LastIndexByte(mailbox, '@')
	if at <= 0 {
		return "", address.ErrInvalid
	}
	local := mailbox[:at] + "+" + strings.Join([]string{prefix, c, mac(k.secrets[0], forPlus, c, "")}, "-")
	if len(local) > maxLocal {
		return "", ErrTooLong
	}
	return local + mailbox[at:], nil
}

// token is what a text claims to be.
type token struct {
	purpose, conversation, message, mac string
}

// readID reads a message id. Not ok: it does not look like one of ours.
func readID(id string) (token, bool) {
	local, _, _ := strings.Cut(strings.ToLower(id), "@")
	p := strings.Split(local, ".")
	if len(p) != 4 || p[0] != prefix {
		return token{}, false
	}
	return token{forID, p[1], p[2], p[3]}, true
}

// readPlus reads an address.
func readPlus(email string) (token, bool) {
	_, tag := address.Split(strings.ToLower(email))
	p := strings.Split(tag, "-")
	if len(p) != 3 || p[0] != prefix {
		return token{}, false
	}
	return token{purpose: forPlus, conversation: p[1], mac: p[2]}, true
}

// genuine checks in a time that does not depend on what is wrong.
func (k *Keys) genuine(t token) bool {
	ok := false
	for _, secret := range k.secrets {
		if hmac.Equal([]byte(mac(secret, t.purpose, t.conversation, t.message)), []byte(t.mac)) {
			ok = true
		}
	}
	return ok
}

func mac(secret []byte, purpose, conversation, message string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("patchbay mail " + purpose + "\n" + conversation + "\n" + message))
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:macSize]))
}

// ref is a reference in lower case: the case of an address does not survive.
func ref(s string) (string, bool) {
	s = strings.ToLower(s)
	bad := strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' })
	return s, s != "" && len(s) <= maxRef && !bad
}
