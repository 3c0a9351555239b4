package pushtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/push"
)

// Service is a push service that is strict: what RFC 8030, 8188, 8291 and 8292
// ask for is asked for, with the answers that those of browsers give. It is the
// browsers behind it, too, and reads what they are told.
//
// Concurrency: safe for concurrent use.
type Service struct {
	URL string

	server   *httptest.Server
	mu       sync.Mutex
	browsers map[string]*Browser // by path
	keys     map[string]string   // which the audience signs with, by endpoint
}

// Browser is one with a subscription.
type Browser struct {
	Endpoint, Key, Auth string // as a browser gives them

	private *ecdh.PrivateKey
	secret  []byte
	mu      sync.Mutex
	got     []Message
	answers []Answer
	refused []string
}

// Message is what a browser was told.
type Message struct {
	Letter push.Letter
	Header http.Header
	Size   int // bytes, encrypted
}

// Answer is said instead of taking a message.
type Answer struct {
	Status     int
	RetryAfter string
}

const maxBody = 4096 // what RFC 8030, section 7.2 has every service take

// NewService starts a service on this machine.
func NewService(tb testing.TB) *Service {
	tb.Helper()
	s := NewQuiet()
	s.server = httptest.NewServer(s)
	s.URL = s.server.URL
	tb.Cleanup(s.server.Close)
	return s
}

// NewQuiet returns a service that listens nowhere: what Answer is asked.
func NewQuiet() *Service {
	return &Service{URL: "https://push.example", browsers: make(map[string]*Browser), keys: make(map[string]string)}
}

// Answer is what the service says to a request.
func (s *Service) Answer(r *http.Request) (status int, retryAfter time.Duration) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	n, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if err != nil { // it did not say
		n = 0
	}
	return w.Code, time.Duration(n) * time.Second
}

// Subscribe makes a browser that subscribes with the key of an installation.
func (s *Service) Subscribe(tb testing.TB, key string) *Browser {
	tb.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	secret := make([]byte, 16)
	_, _ = rand.Read(secret) // never fails: see crypto/rand
	path := "/send/" + rand.Text()
	b := &Browser{
		Endpoint: s.URL + path, Key: encode(private.PublicKey().Bytes()), Auth: encode(secret),
		private: private, secret: secret,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browsers[path], s.keys[path] = b, key
	return b
}

// Draft is the browser's subscription.
func (b *Browser) Draft() push.Draft {
	return push.Draft{Endpoint: b.Endpoint, Key: b.Key, Auth: b.Auth}
}

// Subscription is the browser's, of a session.
func (b *Browser) Subscription(tb testing.TB, a identity.AccountID, s identity.SessionID) push.Subscription {
	tb.Helper()
	return push.Subscription{Session: s, Account: a, Endpoint: b.Endpoint, Key: b.private.PublicKey().Bytes(), Auth: b.secret, Say: push.SayAll, Since: time.Unix(1_700_000_000, 0).UTC()}
}

// Say has the next messages be answered so, one each.
func (b *Browser) Say(answers ...Answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers = append(b.answers, answers...)
}

// Left counts what Say was given and nobody has heard yet.
func (b *Browser) Left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.answers)
}

// Got returns what the browser was told so far.
func (b *Browser) Got() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Message(nil), b.got...)
}

// Refused returns why messages broke a rule; none should.
func (b *Browser) Refused() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.refused...)
}

// ServeHTTP is the push resource of each browser.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b, key := s.browsers[r.URL.Path], s.keys[r.URL.Path]
	s.mu.Unlock()
	if b == nil {
		http.Error(w, "no such subscription", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		http.Error(w, "cut off", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.answers) > 0 {
		a := b.answers[0]
		b.answers = b.answers[1:]
		if a.RetryAfter != "" {
			w.Header().Set("Retry-After", a.RetryAfter)
		}
		w.WriteHeader(a.Status)
		return
	}
	status, err := b.take(r, s.URL, key, body)
	if err != nil {
		b.refused = append(b.refused, err.Error())
		http.Error(w, err.Error(), status)
		return
	}
	w.Header().Set("Location", s.URL+"/message/"+rand.Text())
	w.WriteHeader(http.StatusCreated)
}

// take checks a message and reads it. b.mu is held.
func (b *Browser) take(r *http.Request, origin, key string, body []byte) (int, error) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, errors.New("not a POST")
	}
	if len(body) > maxBody {
		return http.StatusRequestEntityTooLarge, errors.New("too large")
	}
	if n, err := strconv.Atoi(r.Header.Get("TTL")); err != nil || n < 0 {
		return http.StatusBadRequest, errors.New("no TTL")
	}
	if u := r.Header.Get("Urgency"); u != "" && u != "very-low" && u != "low" && u != "normal" && u != "high" {
		return http.StatusBadRequest, errors.New("no such Urgency")
	}
	if t := r.Header.Get("Topic"); t != "" && !regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`).MatchString(t) {
		return http.StatusBadRequest, errors.New("no Topic")
	}
	if r.Header.Get("Content-Encoding") != "aes128gcm" {
		return http.StatusUnsupportedMediaType, errors.New("not aes128gcm")
	}
	if err := verify(r.Header.Get("Authorization"), origin, key, time.Now()); err != nil {
		return http.StatusForbidden, err
	}
	plain, err := Decrypt(body, b.private, b.secret)
	if err != nil { // the service cannot see it; its browser drops it
		return http.StatusBadRequest, err
	}
	m := Message{Header: r.Header.Clone(), Size: len(body)}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(&m.Letter); err != nil {
		return http.StatusBadRequest, fmt.Errorf("read the letter: %w", err)
	}
	b.got = append(b.got, m)
	return http.StatusCreated, nil
}

// verify checks who sends (RFC 8292).
func verify(header, origin, want string, now time.Time) error {
	words := regexp.MustCompile(`^vapid t=([^,\s]+), ?k=([A-Za-z0-9_-]+)$`).FindStringSubmatch(header)
	if words == nil {
		return errors.New("no vapid authorization")
	}
	if words[2] != want {
		return errors.New("another key than the one of the subscription")
	}
	parts := strings.Split(words[1], ".")
	if len(parts) != 3 {
		return errors.New("no token")
	}
	var head struct{ Typ, Alg string }
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	for i, to := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, to)
		}
		if err != nil {
			return fmt.Errorf("read the token: %w", err)
		}
	}
	if head.Alg != "ES256" || head.Typ != "JWT" {
		return errors.New("not ES256")
	}
	if claims.Aud != origin {
		return fmt.Errorf("the audience is %s, not %s", claims.Aud, origin)
	}
	if exp := time.Unix(claims.Exp, 0); !exp.After(now) || exp.After(now.Add(24*time.Hour)) {
		return errors.New("it expires too late, or has")
	}
	if u, err := url.Parse(claims.Sub); err != nil || u.Scheme != "https" && u.Scheme != "mailto" || u.Hostname() == "localhost" {
		return errors.New("the subject is nobody to ask")
	}
	point, err := base64.RawURLEncoding.DecodeString(words[2])
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return errors.New("no signature")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return errors.New("the signature is another's")
	}
	return nil
}

// Decrypt reads a message as a browser does (RFC 8291, section 4; RFC 8188).
func Decrypt(body []byte, private *ecdh.PrivateKey, auth []byte) ([]byte, error) {
	const head = 16 + 4 + 1
	if len(body) < head || len(body) < head+int(body[20]) {
		return nil, errors.New("the head is cut off")
	}
	salt, size, sender, record := body[:16], binary.BigEndian.Uint32(body[16:20]), body[head:head+int(body[20])], body[head+int(body[20]):]
	if size < 18 || len(record) > int(size) {
		return nil, errors.New("the record is larger than it says")
	}
	theirs, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, fmt.Errorf("read the sender's key: %w", err)
	}
	shared, err := private.ECDH(theirs)
	if err != nil {
		return nil, fmt.Errorf("agree on a key: %w", err)
	}
	info := append(append([]byte("WebPush: info\x00"), private.PublicKey().Bytes()...), sender...)
	material, err := hkdf.Key(sha256.New, shared, auth, string(info), 32)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	padded, err := gcm.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	padded = bytes.TrimRight(padded, "\x00")
	if len(padded) == 0 || padded[len(padded)-1] != 2 {
		return nil, errors.New("the last record does not end as one")
	}
	return padded[:len(padded)-1], nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
