package app_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/sdk/license"
)

// sellerOf returns the key of the vendor whose plugin sold makes.
func sellerOf() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("the seed of a vendor in tests 42"))
}

// sold returns a plugins folder in which a plugin costs something: its manifest
// says so, its program is the same.
func sold(t *testing.T, folder, onExpiry string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(product(t).Plugins)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, folder, "plugin.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	key := sellerOf()
	m["commerce"] = obj{
		"model": "subscription", "license_keys": []string{license.FormatKey(ed25519.PublicKey(key[ed25519.SeedSize:]))},
		"on_expiry": onExpiry, "buy_url": "https://vendor.example/buy",
	}
	if data, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	write(t, file, string(data), 0o600)
	return dir
}

// licensed signs a license for a product.
func licensed(t *testing.T, productID, number string, expires time.Time) string {
	t.Helper()
	token, err := license.Issue(sellerOf(), license.License{
		ID: number, Vendor: "A vendor", Product: productID, Edition: "pro", Customer: "Kiosk GmbH", Limits: map[string]int64{"agents": 25},
		IssuedAt: time.Now().Add(-time.Hour), ExpiresAt: expires,
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// paidChannel is a server with an inbox of a channel that costs something.
type paidChannel struct {
	*site
	echo rig.Inbox
	id   string // of the conversation with alice
	said int
}

func paidOn(t *testing.T) *paidChannel {
	t.Helper()
	dir := sold(t, "patchbay-echo", "receive_only")
	p := &paidChannel{site: open(t, func(o *rig.Options) { o.Product.Plugins = dir })}
	var err error
	if p.echo, err = p.owner.Connect(t.Context(), "Echo", "patchbay/echo", obj{}); err != nil {
		t.Fatal(err)
	}
	p.hears("hello")
	var list struct{ Items []rig.Conversation }
	p.get(p.owner, "/conversations?inbox="+p.echo.ID, &list)
	if len(list.Items) != 1 {
		t.Fatalf("conversations: %+v", list.Items)
	}
	p.id = list.Items[0].ID
	return p
}

// hears brings a customer's message in and wants it taken.
func (p *paidChannel) hears(text string) {
	p.t.Helper()
	p.said++
	body := fmt.Sprintf(`{"id":"m%d","from":"alice","name":"Alice","text":%q}`, p.said, text)
	_, path, _ := strings.Cut(p.echo.HookURL, p.server.Address)
	if a, err := rig.NewAPI(p.server.URL()).Raw(p.t.Context(), http.MethodPost, path, []byte(body)); err != nil || a.Status != http.StatusOK && a.Status != http.StatusAccepted {
		p.t.Fatalf("a message that came in: %+v %v", a, err)
	}
}

func (p *paidChannel) post(kind, text string) error {
	p.said++
	_, err := p.owner.Call(p.t.Context(), http.MethodPost, p.owner.At("/conversations/"+p.id+"/messages"), obj{
		"client_msg_id": fmt.Sprintf("00000000-0000-4000-8000-%012d", p.said), "kind": kind, "text": text,
	}, nil)
	return err
}

// echoed waits until what was sent came back through the plugin.
func (p *paidChannel) echoed(text string) {
	p.t.Helper()
	p.until("the echo of "+text, func() bool {
		var page struct {
			Items []struct {
				Message *struct {
					Text   string
					Sender struct{ Kind string }
				}
			}
		}
		p.get(p.owner, "/conversations/"+p.id+"/timeline?limit=200", &page)
		for _, c := range page.Items {
			if c.Message != nil && c.Message.Text == text && c.Message.Sender.Kind == "contact" {
				return true
			}
		}
		return false
	})
}

func (p *paidChannel) barred(code string) {
	p.t.Helper()
	if problem := rig.ProblemOf(p.post("text", "may I?")); problem == nil || problem.Status != http.StatusConflict || problem.Code != code {
		p.t.Errorf("sending: %+v, want %s", problem, code)
	}
	if err := p.post("note", "only for us"); err != nil {
		p.t.Errorf("a note is refused: %v", err)
	}
}

type standing struct {
	ID      string
	License *struct {
		State  string
		Barred bool
	}
}

func (p *paidChannel) standing() string {
	p.t.Helper()
	var list struct{ Items []standing }
	p.get(p.owner, "/plugins", &list)
	for _, one := range list.Items {
		if one.ID == "patchbay/echo" && one.License != nil {
			return one.License.State
		}
	}
	return ""
}

// A channel that costs something, without a license, with one, with one that is
// taken away, and after a restart: what comes in is always taken, what was
// accepted always leaves, and what is new is refused with the reason.
func TestPaidChannel(t *testing.T) {
	p := paidOn(t)
	ctx := t.Context()
	if got := p.standing(); got != "none" {
		t.Errorf("without a license: %q", got)
	}
	p.barred("license.missing")
	good := licensed(t, "patchbay/echo", "L-1", time.Now().AddDate(1, 0, 0))
	add := func(token string) error {
		_, err := p.owner.Call(ctx, http.MethodPost, p.owner.At("/licenses"), obj{"token": token}, nil)
		return err
	}
	for token, want := range map[string]string{
		"rubbish":          "license.malformed",
		good[:len(good)-7]: "license.malformed",
		strings.Replace(good, good[len(good)-40:len(good)-20], strings.Repeat("A", 20), 1): "license.signature",
		licensed(t, "acme/other", "L-2", time.Time{}):                                      "license.no_plugin",
		licensed(t, "patchbay/echo", "L-3", time.Now().Add(-30*time.Minute)):               "", // in its grace
	} {
		problem := rig.ProblemOf(add(token))
		if want == "" && problem != nil || want != "" && (problem == nil || problem.Code != want) {
			t.Errorf("%.40s: %+v, want %s", token, problem, want)
		}
	}
	if got := p.standing(); got != "grace" {
		t.Errorf("with one that has just expired: %q", got)
	}
	if err := add(good + "\n"); err != nil {
		t.Fatal(err)
	}
	if got := p.standing(); got != "valid" {
		t.Errorf("with a license: %q", got)
	}
	if err := p.post("text", "first"); err != nil {
		t.Fatal(err)
	}
	p.echoed("first")

	// It is there after a restart. What waits when it goes still leaves.
	p.server.Kill()
	p.start()
	if got := p.standing(); got != "valid" {
		t.Errorf("after a restart: %q", got)
	}
	switched := func(verb string) {
		t.Helper()
		p.until("the host to "+verb, func() bool { // it has just started
			_, err := p.owner.Call(t.Context(), http.MethodPost, p.owner.At("/plugins/patchbay/echo/"+verb), nil, nil)
			return err == nil
		})
	}
	switched("disable")
	if err := p.post("text", "second"); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct{ ID, Number, State string }
	}
	p.get(p.owner, "/licenses", &list)
	if len(list.Items) != 2 || list.Items[1].Number != "L-1" || list.Items[1].State != "valid" {
		t.Fatalf("licenses: %+v", list.Items)
	}
	for _, l := range list.Items {
		if _, err := p.owner.Call(ctx, http.MethodDelete, p.owner.At("/licenses/"+l.ID), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	switched("enable")
	p.echoed("second")
	p.barred("license.missing")
	p.hears("still there?")
}

// TestLicenseCommands runs the commands of docs/operate/plugins.md and
// docs/build-plugins/paid-plugins.md.
func TestLicenseCommands(t *testing.T) {
	dir := sold(t, "patchbay-echo", "receive_only")
	s := open(t, func(o *rig.Options) { o.Product.Plugins = dir })
	var key struct{ Secret string }
	body := obj{"name": "Operator", "scopes": []string{"plugin.read", "plugin.manage"}}
	if _, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/api-keys"), body, &key); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := app.PluginCommands{URL: s.server.URL(), Key: key.Secret, Workspace: s.owner.Workspace, Out: &out}
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "echo.license")
	write(t, file, licensed(t, "patchbay/echo", "L-77", time.Now().AddDate(0, 0, 30))+"\n", 0o600)
	if err := c.AddLicense(ctx, file, nil); err != nil || !strings.Contains(out.String(), "License L-77 of patchbay/echo is in use: valid") {
		t.Fatalf("%v %s", err, out.String())
	}
	if err := refused(c.AddLicense(ctx, "-", strings.NewReader(licensed(t, "patchbay/echo", "L-77", time.Now().AddDate(0, 0, 30))+"x")), "license."); err != nil {
		t.Error(err)
	}
	if err := refused(c.AddLicense(ctx, "-", strings.NewReader(" \n")), "holds no license"); err != nil {
		t.Error(err)
	}
	if err := refused(c.AddLicense(ctx, filepath.Join(t.TempDir(), "none"), nil), "no such file"); err != nil {
		t.Error(err)
	}
	out.Reset()
	if err := c.Licenses(ctx); err != nil || !strings.Contains(out.String(), "Kiosk GmbH") {
		t.Fatalf("%v %s", err, out.String())
	}
	id := strings.Fields(strings.Split(out.String(), "\n")[1])[0]
	if err := c.RemoveLicense(ctx, id); err != nil {
		t.Error(err)
	}
	if err := refused(c.RemoveLicense(ctx, id), "not_found"); err != nil {
		t.Error(err)
	}
}

// What a vendor types, and what keeps the private key out of repositories.
func TestVendorCommands(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "license.key")
	public, err := app.NewLicenseKey(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v %v", info, err)
	}
	if _, err := app.NewLicenseKey(file); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("overwritten: %v", err)
	}
	tree := t.TempDir()
	if err := os.MkdirAll(filepath.Join(tree, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(tree, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(tree, "a", "b", "license.key")
	if _, err := app.NewLicenseKey(inside); err == nil || !strings.Contains(err.Error(), "Git working tree") {
		t.Errorf("into a repository: %v", err)
	}
	if _, err := os.Stat(inside); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
	now := time.Now()
	token, err := app.IssueLicense(app.LicenseOrder{
		KeyFile: file, Product: "acme/crm", Customer: "Kiosk GmbH", Edition: "pro", Features: []string{"sync"}, Limits: []string{"agents=25"},
		Days: 30, Maintained: "2027-11-22",
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	known, err := license.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	l, err := license.Vendor{Product: "acme/crm", Keys: []ed25519.PublicKey{known}}.Read(token)
	if err != nil || l.Limits["agents"] != 25 || !l.Has("sync") || l.ExpiresAt.Sub(now) < 29*24*time.Hour || l.MaintainedUntil.Format(time.DateOnly) != "2027-11-22" || l.ID == "" {
		t.Errorf("%+v %v", l, err)
	}
	for want, o := range map[string]app.LicenseOrder{
		"no such file":   {KeyFile: filepath.Join(dir, "none"), Product: "acme/crm"},
		"the product":    {KeyFile: file, Product: "acme"},
		"no limit":       {KeyFile: file, Product: "acme/crm", Limits: []string{"agents"}},
		"not both":       {KeyFile: file, Product: "acme/crm", Days: 1, Expires: "2027-01-01"},
		"no day such as": {KeyFile: file, Product: "acme/crm", Expires: "tomorrow"},
		"a trial":        {KeyFile: file, Product: "acme/crm", Trial: true},
	} {
		if _, err := app.IssueLicense(o, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}
