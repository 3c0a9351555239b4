package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	saltSize   = 16
	recordSize = 4096 // at least the whole: there is one record
	pointSize  = 65   // of a point of P-256, uncompressed
	padTo      = 256  // bytes: how long the text is, is not told exactly
)

// Encrypt returns a message as a push service takes it: one record of
// aes128gcm (RFC 8188), under a key that the browser alone can make (RFC 8291).
func Encrypt(plain, browser, auth []byte) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: see crypto/rand
	pad := padTo - (len(plain)+1)%padTo
	return seal(append(append(make([]byte, 0, len(plain)+1+pad), plain...), append([]byte{2}, make([]byte, pad)...)...), browser, auth, own, salt)
}

// seal encrypts a padded record for a browser. RFC 8291, section 3.4.
func seal(record, browser, auth []byte, own *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	theirs, err := ecdh.P256().NewPublicKey(browser)
	if err != nil {
		return nil, fmt.Errorf("read the key of the browser: %w", err)
	}
	shared, err := own.ECDH(theirs)
	if err != nil {
		return nil, fmt.Errorf("agree on a key: %w", err)
	}
	ours := own.PublicKey().Bytes()
	both := "WebPush: info\x00" + string(browser) + string(ours)
	material, err := hkdf.Key(sha256.New, shared, auth, both, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, fmt.Errorf("derive a nonce: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	head := append(binary.BigEndian.AppendUint32(append([]byte{}, salt...), recordSize), pointSize)
	return gcm.Seal(append(head, ours...), nonce, record, nil), nil
}
