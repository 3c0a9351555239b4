package mailbox_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
)

// TestMain lets more tests run at once than there are processors: they wait for
// servers.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const shop = "shop@" + mailrig.Domain

// cursors keep places in memory, and refuse what host.State would.
type cursors struct {
	mu   sync.Mutex
	kept map[string][]byte
	down error
}

func (c *cursors) Load(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[key], c.down
}

func (c *cursors) Save(ctx context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case c.down != nil:
		return c.down
	case len(key) == 0 || len(key) > 200 || len(value) > 64<<10:
		return fmt.Errorf("%q: %d bytes", key, len(value))
	case value == nil:
		delete(c.kept, key)
		return nil
	}
	c.kept[key] = append([]byte{}, value...)
	return nil
}

// got is a mail that was handed on.
type got struct {
	key, id, subject, body, folder string
	role                           mailbox.Role
	again, truncated               bool
	length                         int
}

// desk takes mail, and keeps places and what it was told.
type desk struct {
	cursors
	mu      sync.Mutex
	mails   []got
	notices []mailbox.Notice
	refuse  func(g got) error // nil = takes all
}

func newDesk() *desk { return &desk{cursors: cursors{kept: make(map[string][]byte)}} }

func (d *desk) handle(_ context.Context, raw *mailbox.Raw) error {
	text, err := io.ReadAll(raw.Open())
	if err != nil {
		return err
	}
	in := bufio.NewReader(raw.Open())
	h, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	g := got{
		key: raw.Key, id: h.Get("Message-Id"), subject: h.Get("Subject"), body: string(body), folder: raw.Folder,
		role: raw.Role, again: raw.Again, truncated: raw.Truncated, length: len(text),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		if err := d.refuse(g); err != nil {
			return err
		}
	}
	d.mails = append(d.mails, g)
	return nil
}

func (d *desk) notice(_ context.Context, n mailbox.Notice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notices = append(d.notices, n)
}

func (d *desk) all() []got {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]got{}, d.mails...)
}

func (d *desk) told(kind mailbox.Kind) []mailbox.Notice {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []mailbox.Notice
	for _, n := range d.notices {
		if n.Kind == kind {
			out = append(out, n)
		}
	}
	return out
}

// account is the shop's, over IMAP with TLS, with short pauses.
func account(t *testing.T, r *mailrig.Rig, d *desk) mailbox.Config {
	t.Helper()
	return mailbox.Config{
		Protocol: mailbox.IMAP, Server: r.Server(r.IMAPS, endpoint.TLS), Dial: mailrig.Dial,
		Credentials: endpoint.Credentials{Username: shop, Password: "secret"},
		Now:         time.Now, Cursors: d, Handle: d.handle, Notice: d.notice, SpoolDir: t.TempDir(),
		Backoff: mailbox.Backoff{First: 20 * time.Millisecond, Most: 500 * time.Millisecond, Credentials: 20 * time.Millisecond},
		Agent:   mailbox.Agent{Name: "Patchbay", Version: "0"},
	}
}

// run reads until the test ends, or stop is called, which returns what Run did.
func run(t *testing.T, c mailbox.Config) (stop func() error) {
	t.Helper()
	r, err := mailbox.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("Run does not end with its context")
		}
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

// eventually waits for something that happens elsewhere.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for !is() {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// nextSecond waits until what arrives is later than all that has arrived, for
// servers that know whole seconds.
func nextSecond(t *testing.T) {
	t.Helper()
	before := time.Now().Truncate(time.Second)
	eventually(t, "the next second", func() bool { return time.Now().Truncate(time.Second).After(before) })
}

// rig is a Dovecot with the shop's account.
func rig(t *testing.T) *mailrig.Rig {
	t.Helper()
	r := mailrig.Start(t, mailrig.Options{})
	if err := r.Account(t.Context(), shop, "secret"); err != nil {
		t.Fatal(err)
	}
	return r
}

func deliver(t *testing.T, r *mailrig.Rig, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := r.Deliver(t.Context(), "ann@world.test", shop, mailrig.Message(id, "about "+id, "text of "+id)); err != nil {
			t.Fatal(err)
		}
	}
}

// ready waits until the reader has signed in, and has a place.
func ready(t *testing.T, d *desk) {
	t.Helper()
	eventually(t, "signed in", func() bool { return len(d.told(mailbox.Connected)) > 0 })
	eventually(t, "a place", func() bool {
		d.cursors.mu.Lock()
		defer d.cursors.mu.Unlock()
		return d.kept["imap/inbox"] != nil || d.kept["pop3/seen"] != nil
	})
}

func ids(all []got) []string {
	var out []string
	for _, g := range all {
		out = append(out, g.id)
	}
	return out
}

func wait(t *testing.T, d *desk, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprint(want), func() bool { return len(d.all()) >= len(want) })
	for i, g := range d.all() {
		if i >= len(want) || g.id != "<"+want[i]+"@world.test>" {
			t.Fatalf("got %v, want %v", ids(d.all()), want)
		}
	}
}
