package pluginbases

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/patchbay-im/patchbay/core/errs"
)

// address is the URI of a role, on the server and the database that the core
// itself uses, with the same demands on TLS. Client certificates of the core are
// not passed on.
func address(source, role, password string) (string, error) {
	c, err := pgx.ParseConfig(source)
	if err != nil {
		return "", errs.Wrap(err, errs.Internal, "storage.source", "The connection string of PostgreSQL is not right.")
	}
	q := url.Values{"application_name": {"patchbay plugin"}}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Path: "/" + c.Database}
	port := strconv.Itoa(int(c.Port))
	if filepath.IsAbs(c.Host) { // a socket
		q.Set("host", c.Host)
		q.Set("port", port)
	} else {
		u.Host = c.Host + ":" + port
		if strings.Contains(c.Host, ":") {
			u.Host = "[" + c.Host + "]:" + port
		}
	}
	for _, name := range []string{"sslmode", "sslrootcert"} {
		if value := parameter(source, name); value != "" {
			q.Set(name, value)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// parameter finds a parameter in a connection string of either form.
func parameter(source, name string) string {
	if u, err := url.Parse(source); err == nil && u.Scheme != "" {
		return u.Query().Get(name)
	}
	found := regexp.MustCompile(`(?:^|\s)` + name + `\s*=\s*'?([^'\s]+)`).FindStringSubmatch(source)
	if found == nil {
		return ""
	}
	return found[1]
}

// scram is what PostgreSQL keeps of a password (RFC 5803), so that the password
// itself stands in no log of the server.
func scram(password string) (string, error) {
	const iterations = 4096 // PostgreSQL's own; the password has 128 bits, so guessing is out of the question
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: see crypto/rand
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive a key: %w", err)
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		_, _ = h.Write([]byte(text)) // never fails
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b(salt), b(stored[:]), b(mac("Server Key"))), nil
}
