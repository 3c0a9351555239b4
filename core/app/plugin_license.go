package app

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/patchbay-im/patchbay/sdk/license"
)

// remoteLicense is a license as the server tells of it.
type remoteLicense struct {
	ID         string     `json:"id"`
	Number     string     `json:"number"`
	Product    string     `json:"product"`
	Customer   string     `json:"customer"`
	Edition    string     `json:"edition"`
	State      string     `json:"state"`
	Problem    string     `json:"problem"`
	ExpiresAt  *time.Time `json:"expires_at"`
	GraceUntil *time.Time `json:"grace_until"`
	Maintained *time.Time `json:"maintained_until"`
	Perpetual  bool       `json:"perpetual"`
}

// until says how long a license lasts.
func (l remoteLicense) until() string {
	day := func(t *time.Time) string { return t.Local().Format(time.DateOnly) }
	switch {
	case l.GraceUntil != nil:
		return "grace until " + day(l.GraceUntil)
	case l.Perpetual:
		return "for ever"
	case l.ExpiresAt != nil:
		return day(l.ExpiresAt)
	case l.Maintained != nil:
		return "maintained until " + day(l.Maintained)
	case l.Problem != "":
		return ""
	}
	return "for ever"
}

// Licenses prints a line for each license.
func (c PluginCommands) Licenses(ctx context.Context) error {
	var out struct {
		Items []remoteLicense `json:"items"`
	}
	if err := c.call(ctx, http.MethodGet, "/licenses", nil, &out); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tLICENSE\tPRODUCT\tEDITION\tCUSTOMER\tSTATE\tUNTIL\tNOTE")
	for _, l := range out.Items {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, l.Number, l.Product, l.Edition, l.Customer, l.State, l.until(), l.Problem)
	}
	return w.Flush()
}

// AddLicense adds the license in a file; "-" is the standard input.
func (c PluginCommands) AddLicense(ctx context.Context, file string, in io.Reader) error {
	token, err := readToken(file, in)
	if err != nil {
		return err
	}
	var l remoteLicense
	if err := c.call(ctx, http.MethodPost, "/licenses", map[string]string{"token": token}, &l); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "License %s of %s is in use: %s, %s.\n", l.Number, l.Product, l.State, l.until())
	return err
}

func readToken(file string, in io.Reader) (string, error) {
	if file != "-" {
		f, err := os.Open(file) //nolint:gosec // whoever types the command names the file
		if err != nil {
			return "", fmt.Errorf("read the license: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(bufio.NewReader(in), license.MaxToken+1024))
	if err != nil {
		return "", fmt.Errorf("read the license: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" || len(token) > license.MaxToken {
		return "", fmt.Errorf("%s holds no license: a license is one line, as the vendor sent it", file)
	}
	return token, nil
}

// RemoveLicense removes a license by its id.
func (c PluginCommands) RemoveLicense(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/licenses/"+url.PathEscape(id), nil, nil)
}

// NewLicenseKey makes a key pair for a vendor, writes the private key into a new
// file that only its owner can read, and returns the public key as manifests
// have it. A file inside a Git working tree is refused: who has the key can make
// licenses.
func NewLicenseKey(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", file, err)
	}
	if tree := workingTree(path); tree != "" {
		return "", fmt.Errorf("%s lies inside the Git working tree %s: a private key that is committed makes licenses for everybody. Choose a place outside of it", file, tree)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	text, err := license.FormatPrivateKey(private)
	if err != nil {
		return "", err //nolint:wrapcheck // its own sentence
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // as above
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s is there already: a key that is overwritten is lost, and so are the licenses signed with it", file)
	}
	if err != nil {
		return "", fmt.Errorf("write the private key: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("write the private key: %w", err)
	}
	return license.FormatKey(public), nil
}

// workingTree returns the Git working tree that a path lies in; "" = none.
func workingTree(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// LicenseOrder is what a license is issued for, as the command line has it.
type LicenseOrder struct {
	KeyFile    string
	ID         string // "" = a new one
	Vendor     string
	Product    string
	Edition    string
	Customer   string
	Features   []string
	Limits     []string // "agents=25"
	Begins     string   // days, YYYY-MM-DD; "" = at once
	Expires    string   // "" = never
	Maintained string
	Days       int // in place of Expires: from now on
	GraceDays  int
	Trial      bool
}

// IssueLicense signs a license and returns its token.
func IssueLicense(o LicenseOrder, now time.Time) (string, error) {
	file, err := os.ReadFile(o.KeyFile)
	if err != nil {
		return "", fmt.Errorf("read the private key: %w", err)
	}
	key, err := license.ParsePrivateKey(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.KeyFile, err)
	}
	l := license.License{
		ID: o.ID, Vendor: o.Vendor, Product: o.Product, Edition: o.Edition, Customer: o.Customer, Features: o.Features,
		Trial: o.Trial, GraceDays: o.GraceDays, IssuedAt: now.UTC().Truncate(time.Second),
	}
	if l.ID == "" {
		number := make([]byte, 5)
		if _, err := rand.Read(number); err != nil {
			return "", fmt.Errorf("make an id: %w", err)
		}
		l.ID = "L-" + now.UTC().Format("20060102") + "-" + hex.EncodeToString(number)
	}
	if l.Limits, err = limitsOf(o.Limits); err != nil {
		return "", err
	}
	if o.Days != 0 && o.Expires != "" {
		return "", errors.New("say --days or --expires, not both")
	}
	if o.Days != 0 {
		l.ExpiresAt = l.IssuedAt.AddDate(0, 0, o.Days)
	}
	for _, d := range []struct {
		flag, text string
		into       *time.Time
	}{{"--begins", o.Begins, &l.NotBefore}, {"--expires", o.Expires, &l.ExpiresAt}, {"--maintained-until", o.Maintained, &l.MaintainedUntil}} {
		if d.text == "" {
			continue
		}
		if *d.into, err = time.Parse(time.DateOnly, d.text); err != nil {
			return "", fmt.Errorf("%s: %q is no day such as 2027-11-22", d.flag, d.text)
		}
	}
	return license.Issue(key, l) //nolint:wrapcheck // its own sentence
}

func limitsOf(list []string) (map[string]int64, error) {
	out := make(map[string]int64, len(list))
	for _, text := range list {
		name, number, ok := strings.Cut(text, "=")
		n, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("--limit: %q is no limit such as agents=25", text)
		}
		out[name] = n
	}
	return out, nil
}
