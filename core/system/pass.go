package system

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Purpose is what a pass is good for.
type Purpose string

// The purposes.
const (
	ForTrial    Purpose = "trial"    // to try whether the public address leads here
	ForOperator Purpose = "operator" // to ask the running server what only it knows
)

// passLife is how long a pass is good, and how far the clocks of who makes and
// who checks it may differ.
const passLife = 2 * time.Minute

// Passes makes and checks short-lived tokens under a key that is derived from
// the master key: the command line makes them without asking the server.
type Passes struct {
	key []byte
	now func() time.Time
}

// NewPasses returns Passes.
func NewPasses(key []byte, now func() time.Time) *Passes { return &Passes{key, now} }

// Issue returns a new pass: letters, digits, dots, dashes and underscores.
func (p *Passes) Issue(purpose Purpose) string {
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails: see crypto/rand
	head := strconv.FormatInt(p.now().Unix(), 10) + "." + hex.EncodeToString(nonce)
	return head + "." + p.mac(purpose, head)
}

func (p *Passes) mac(purpose Purpose, head string) string {
	m := hmac.New(sha256.New, p.key)
	m.Write([]byte(string(purpose) + "\n" + head))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Check reports whether a pass was made for a purpose within its life.
func (p *Passes) Check(purpose Purpose, pass string) bool {
	at := strings.LastIndexByte(pass, '.')
	if len(p.key) == 0 || at < 0 {
		return false
	}
	head, mac := pass[:at], pass[at+1:]
	if !hmac.Equal([]byte(mac), []byte(p.mac(purpose, head))) {
		return false
	}
	second, _, _ := strings.Cut(head, ".")
	made, err := strconv.ParseInt(second, 10, 64)
	return err == nil && p.now().Sub(time.Unix(made, 0)).Abs() <= passLife
}
