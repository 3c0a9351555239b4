package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at while connections come.
const lookEvery = 2 * time.Second

// Files is a certificate in files. Make one with OpenFiles.
type Files struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamps  [2]stamp // of the files that were read last, used or not
	looked  time.Time
	fault   string
}

// stamp tells a file from the one that was there before.
type stamp struct {
	at   time.Time
	size int64
}

// OpenFiles reads a certificate with its chain and its key, both PEM. Its error
// says what is wrong with which file. One that has expired is used all the
// same, and State says so: who replaces it then needs no restart.
func OpenFiles(cert, key string, now func() time.Time, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, now: now, log: log}
	f.stamps = f.stampsNow()
	var err error
	if f.current, err = Load(cert, key); err != nil {
		return nil, err
	}
	f.looked = now()
	return f, nil
}

// Load reads a certificate and its key.
func Load(cert, key string) (*tls.Certificate, error) {
	chain, err := read("tls.cert_file", cert)
	if err != nil {
		return nil, err
	}
	secret, err := read("tls.key_file", key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(chain, secret)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "does not match"):
		return nil, fmt.Errorf("the key of tls.key_file (%s) does not match the certificate of tls.cert_file (%s): they are of two different certificates", key, cert)
	case strings.Contains(err.Error(), "certificate input") || strings.Contains(string(chain), "PRIVATE KEY"):
		return nil, fmt.Errorf("tls.cert_file (%s) holds no certificate in PEM: give the certificate with its chain (fullchain.pem)", cert)
	default:
		return nil, fmt.Errorf("tls.key_file (%s) holds no usable private key in PEM, without a passphrase: %w", key, err)
	}
	if pair.Leaf == nil {
		return nil, fmt.Errorf("tls.cert_file (%s) cannot be read as a certificate", cert)
	}
	return &pair, nil
}

func read(setting, name string) ([]byte, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the operator names it
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s names %s, which is not there", setting, name)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s names %s, which this user may not read", setting, name)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", setting, err)
	}
	return text, nil
}

func (f *Files) stampsNow() [2]stamp {
	var out [2]stamp
	for i, name := range []string{f.cert, f.key} {
		if info, err := os.Stat(name); err == nil {
			out[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return out
}

// look reads the files again when they changed. What cannot be used, and what
// has expired while the present one has not, is refused; the present one stays.
func (f *Files) look(patience time.Duration) *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if passed := now.Sub(f.looked); passed >= 0 && passed < patience {
		return f.current
	}
	f.looked = now
	stamps := f.stampsNow()
	if stamps == f.stamps && f.fault == "" {
		return f.current
	}
	changed := stamps != f.stamps
	f.stamps = stamps
	next, err := Load(f.cert, f.key)
	if err == nil && expired(next.Leaf, now) && !expired(f.current.Leaf, now) {
		err = fmt.Errorf("the certificate of tls.cert_file (%s) expired at %s", f.cert, next.Leaf.NotAfter.Format(time.RFC3339))
	}
	if err != nil {
		if changed { // the two files may be written one after the other: it is tried again
			f.log.Warn("the changed certificate cannot be used; the one before stays", "error", err)
		}
		f.fault = err.Error()
		return f.current
	}
	f.current, f.fault = next, ""
	f.log.Info("the certificate was read again", "expires", next.Leaf.NotAfter)
	return f.current
}

func expired(c *x509.Certificate, now time.Time) bool { return now.After(c.NotAfter) }

// Config implements Source.
func (f *Files) Config() *tls.Config {
	return modern(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.look(lookEvery), nil })
}

// State implements Source.
func (f *Files) State() State {
	c := f.look(0)
	f.mu.Lock()
	defer f.mu.Unlock()
	return State{Expires: c.Leaf.NotAfter, Fault: f.fault}
}

// Challenges implements Source: nobody asks.
func (f *Files) Challenges(next http.Handler) http.Handler { return next }
