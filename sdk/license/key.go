package license

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// pemType is what the block of a private key is called in PEM files.
const pemType = "PRIVATE KEY"

// FormatPrivateKey is a private key as a file has it: PKCS #8 in PEM, which
// OpenSSL reads and writes, too.
func FormatPrivateKey(key ed25519.PrivateKey) ([]byte, error) {
	data, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("license: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: data}), nil
}

// ParsePrivateKey reads what FormatPrivateKey wrote, or
// `openssl genpkey -algorithm ed25519`.
func ParsePrivateKey(file []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(file)
	if block == nil || block.Type != pemType {
		return nil, errors.New("this is no private key in PEM, such as `patchbay plugin license key` writes")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the private key cannot be read: %w", err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is of another kind than Ed25519")
	}
	return private, nil
}
