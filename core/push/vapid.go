package push

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/lru"
)

// Life of what says who sends (RFC 8292, section 2: a day at most). Apple wants
// it used for a while rather than made for each message.
const (
	tokenLife  = 12 * time.Hour
	tokenUse   = 6 * time.Hour
	knownMost  = 100 // push services
	contactURL = "https://github.com/patchbay-im/patchbay"
)

// Signer is this installation as push services know it.
//
// Concurrency: safe for concurrent use.
type Signer struct {
	key     *ecdsa.PrivateKey
	public  string
	contact string

	mu    sync.Mutex
	known *lru.Map[string, signed]
}

type signed struct {
	header string
	at     time.Time
}

// NewSigner returns the Signer whose key pair is derived: derive returns 32
// bytes for a purpose, the same each time. One master key is one pair. base is
// where people open the console: it is told to push services as whom to ask,
// where it can be reached by https.
func NewSigner(derive func(purpose string) []byte, base string) (*Signer, error) {
	for n := range 8 { // one in 2^32 is no key of the curve
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), derive("web push "+strconv.Itoa(n)))
		if err != nil {
			continue
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			return nil, fmt.Errorf("write the key for pushes: %w", err)
		}
		s := &Signer{key: key, public: encode(point), contact: contactURL, known: lru.New[string, signed](knownMost)}
		if u, err := url.Parse(base); err == nil && u.Scheme == "https" && strings.Contains(u.Hostname(), ".") {
			s.contact = u.Scheme + "://" + u.Host
		}
		return s, nil
	}
	return nil, errors.New("no key for pushes can be derived from the master key")
}

// Public is the key that browsers subscribe with: a point of P-256,
// uncompressed, in base64url.
func (s *Signer) Public() string { return s.public }

// Header returns the value of Authorization for a push service.
func (s *Signer) Header(endpoint string, now time.Time) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", fmt.Errorf("read the endpoint: %w", err)
	}
	audience := u.Scheme + "://" + u.Host
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.known.Get(audience); ok && now.Sub(held.at) < tokenUse && !now.Before(held.at) {
		return held.header, nil
	}
	token, err := s.token(audience, now)
	if err != nil {
		return "", err
	}
	fresh := signed{"vapid t=" + token + ", k=" + s.public, now}
	s.known.Put(audience, fresh)
	return fresh.header, nil
}

// token is a JSON web token, ES256 (RFC 7515, 7518).
func (s *Signer) token(audience string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"aud": audience, "exp": now.Add(tokenLife).Unix(), "sub": s.contact})
	if err != nil {
		return "", fmt.Errorf("write the claims: %w", err)
	}
	text := encode([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	a, b, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	raw := make([]byte, 64)
	a.FillBytes(raw[:32])
	b.FillBytes(raw[32:])
	return text + "." + encode(raw), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
