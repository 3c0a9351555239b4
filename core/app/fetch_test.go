package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// couriered is a server with an inbox of testdata/courier, a channel that names
// files.
type couriered struct {
	*site
	inbox rig.Inbox
	dir   string // of the far side
}

func courieredOn(t *testing.T, source string) *couriered {
	t.Helper()
	c := &couriered{}
	p := product(t)
	must(t, p.BuildPlugins(t.Context(), t.TempDir(), "webchat", "../core/app/testdata/courier"))
	c.site = open(t, func(o *rig.Options) {
		o.Product.Plugins = p.Plugins
		if source != "" {
			o.Env = append(o.Env, "PATCHBAY_DATABASE_URL="+address(source))
		}
	})
	var err error
	c.inbox, err = c.owner.Connect(t.Context(), "Courier", "test/courier", obj{})
	must(t, err)
	c.dir = filepath.Join(c.options.DataDir, "plugins", "test-courier")
	must(t, os.MkdirAll(c.dir, 0o700))
	return c
}

// has gives the far side a file; it is brought half until it may go.
func (c *couriered) has(name string, data []byte, goes bool) {
	c.t.Helper()
	write(c.t, filepath.Join(c.dir, name), string(data), 0o600)
	if goes {
		c.goes(name)
	}
}

func (c *couriered) goes(name string) {
	c.t.Helper()
	write(c.t, filepath.Join(c.dir, name+".go"), "", 0o600)
}

// asked lists the processes that were asked for a file, once for each time.
func (c *couriered) asked() (pids []int) {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, "asked"))
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		_, pid, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(pid); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

// hears brings a message in, which must be taken.
func (c *couriered) hears(id, from string, files ...string) error {
	names := `"` + strings.Join(files, `","`) + `"`
	body := fmt.Sprintf(`{"id":%q,"from":%q,"text":"","files":[%s]}`, id, from, names)
	_, path, _ := strings.Cut(c.inbox.HookURL, c.server.Address)
	a, err := rig.NewAPI(c.server.URL()).Raw(c.t.Context(), http.MethodPost, path, []byte(body))
	if err == nil && a.Status != http.StatusOK && a.Status != http.StatusAccepted {
		err = fmt.Errorf("status %d: %s", a.Status, a.Body)
	}
	return err
}

// told is a file of a message.
type told struct {
	ID, Name, State, Type, URL string
	ErrorCode                  string `json:"error_code"`
	Size                       int64
}

// files lists what came in, by conversation, and how many changes tell of files.
func (c *couriered) files() (out map[string][]told, changes int) {
	c.t.Helper()
	out = make(map[string][]told)
	var list struct{ Items []rig.Conversation }
	_, err := c.owner.Call(c.t.Context(), http.MethodGet, c.owner.At("/conversations?inbox="+c.inbox.ID), nil, &list)
	must(c.t, err)
	for _, x := range list.Items {
		var page struct {
			Items []struct {
				Type    string
				Message *struct{ Attachments []told }
			}
		}
		_, err := c.owner.Call(c.t.Context(), http.MethodGet, c.owner.At("/conversations/"+x.ID+"/timeline?limit=200"), nil, &page)
		must(c.t, err)
		for _, ch := range page.Items {
			switch {
			case ch.Type == "message.file":
				changes++
			case ch.Message != nil:
				out[x.ID] = append(out[x.ID], ch.Message.Attachments...)
			}
		}
	}
	return out, changes
}

// only is the one file there is.
func (c *couriered) only() told {
	c.t.Helper()
	all, _ := c.files()
	if len(all) != 1 {
		c.t.Fatalf("conversations with files: %+v", all)
	}
	for _, files := range all {
		if len(files) == 1 {
			return files[0]
		}
	}
	c.t.Fatalf("files: %+v", all)
	return told{}
}

// holds checks the bytes of a file.
func (c *couriered) holds(f told, want []byte) {
	c.t.Helper()
	a, err := rig.NewAPI(c.server.URL()).Raw(c.t.Context(), http.MethodGet, f.URL, nil)
	must(c.t, err)
	if a.Status != http.StatusOK || !bytes.Equal(a.Body, want) {
		c.t.Errorf("the file answers %d with %d bytes, want %d", a.Status, len(a.Body), len(want))
	}
}

// onBoth runs a test on both databases, side by side: it mostly waits for leases.
func onBoth(t *testing.T, test func(t *testing.T, source string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.Start(t).Schema(t))
	})
}

// TestFilesSurviveKills kills the server between the commit of a message and the
// fetching of its file, the server and then the plugin while the file comes. The
// file is there once, whole, told by one change.
func TestFilesSurviveKills(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, source string) {
		c := courieredOn(t, source)
		want := bytes.Repeat([]byte("Eine Datei. "), 200_000)
		c.has("a.txt", want, false)
		c.whenReady("the channel takes a message", func() error { return c.hears("m1", "alice", "a.txt") })
		c.until("the file is named", func() bool { all, _ := c.files(); return len(all) == 1 })
		c.server.Kill()
		c.start()
		if f := c.only(); f.State != "fetching" || f.Name != "a.txt" {
			t.Errorf("after the first kill: %+v", f)
		}
		_, err := rig.NewAPI(c.server.URL()).Raw(t.Context(), http.MethodGet, c.only().URL, nil)
		if p := rig.ProblemOf(err); p == nil || p.Code != "media.fetching" {
			t.Errorf("a file on its way answers %v", err)
		}
		before := len(c.asked())
		c.until("the file is asked for", func() bool { return len(c.asked()) > before })
		c.server.Kill() // the lease is over in half a minute
		c.start()
		before = len(c.asked())
		c.until("the file is asked for again", func() bool { return len(c.asked()) > before })
		pids := c.asked()
		must(t, syscall.Kill(pids[len(pids)-1], syscall.SIGKILL))
		c.until("the next process is asked", func() bool { return len(c.asked()) > len(pids) })
		c.goes("a.txt")
		c.until("the file is here", func() bool { return c.only().State == "ready" })
		f := c.only()
		if f.Size != int64(len(want)) || f.Type != "text/plain" {
			t.Errorf("it is %+v", f)
		}
		c.holds(f, want)
		if _, changes := c.files(); changes != 1 {
			t.Errorf("%d changes tell of it", changes)
		}
	})
}

// TestFiveFilesOfANewCustomer sends five messages with a file each, at the same
// time, of somebody nobody knows: they are one conversation.
func TestFiveFilesOfANewCustomer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, source string) {
		c := courieredOn(t, source)
		for i := range 5 {
			c.has(fmt.Sprintf("%d.txt", i), []byte("file "+strconv.Itoa(i)), true)
		}
		c.has("first.txt", []byte("x"), true)
		c.whenReady("the channel takes a message", func() error { return c.hears("m0", "somebody else", "first.txt") })
		for round := range 8 {
			var all sync.WaitGroup
			failed := make([]error, 5)
			for i := range 5 {
				all.Go(func() {
					failed[i] = c.hears(fmt.Sprintf("%d-%d", round, i), fmt.Sprintf("new %d", round), fmt.Sprintf("%d.txt", i))
				})
			}
			all.Wait()
			for _, err := range failed {
				must(t, err)
			}
		}
		c.until("every file is here", func() bool {
			all, _ := c.files()
			n := 0
			for _, files := range all {
				for _, f := range files {
					if f.State == "ready" {
						n++
					}
				}
			}
			return n == 41
		})
		all, _ := c.files()
		if len(all) != 9 {
			t.Fatalf("%d conversations of nine people", len(all))
		}
		for id, files := range all {
			if len(files) != 5 && (len(files) != 1 || files[0].Name != "first.txt") {
				t.Errorf("%s has %+v", id, files)
			}
			seen := make(map[string]bool)
			for _, f := range files {
				if seen[f.Name] {
					t.Errorf("%s twice", f.Name)
				}
				seen[f.Name] = true
			}
		}
	})
}
