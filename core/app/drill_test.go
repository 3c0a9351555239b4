package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/backup"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

// drilled is a site whose backups are tried.
type drilled struct {
	*site
	dir       string // of backups
	secret    string // of the inbox, sealed in the database
	identity  string // opens backups
	recipient string
}

// drill opens a site with files, a sealed secret and something that a plugin
// keeps.
func drill(t *testing.T, change ...func(*rig.Options)) *drilled {
	t.Helper()
	d := &drilled{site: open(t, append(change, filesAllowed)...), dir: t.TempDir()}
	photo := mediatest.Photo(900, 600)
	file, err := d.senders()["visitor"].send(t.Context(), "收据.jpg", photo, media.ChunkSize)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{"client_msg_id": "00000000-0000-7000-9000-000000000001", "text": "", "attachment_ids": []string{file.ID}}
	if _, err := d.asVisitor().Call(t.Context(), http.MethodPost, d.messages(), said, nil); err != nil {
		t.Fatal(err)
	}
	var made struct{ Secret string }
	if _, err := d.owner.Call(t.Context(), http.MethodPost, d.owner.At("/inboxes/"+d.live.ID+"/identity-secret"), nil, &made); err != nil {
		t.Fatal(err)
	}
	d.secret = made.Secret
	must(t, os.WriteFile(filepath.Join(d.plugins(), "kept.txt"), []byte("what a plugin keeps"), 0o600))
	var out bytes.Buffer
	must(t, app.NewBackupKey(&out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	d.identity = lines[1]
	_, d.recipient, _ = strings.Cut(lines[0], ": ")
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plugins is the data folder of one plugin.
func (d *drilled) plugins() string {
	d.t.Helper()
	all, err := os.ReadDir(filepath.Join(d.options.DataDir, "plugins"))
	if err != nil || len(all) == 0 {
		d.t.Fatalf("the plugins have no folders: %v", err)
	}
	return filepath.Join(d.options.DataDir, "plugins", all[0].Name())
}

// run runs the product's command on the site's data and returns what it says.
func (d *drilled) run(args ...string) (string, error) {
	d.t.Helper()
	cmd := d.command(args...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d *drilled) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(d.t.Context(), d.options.Product.Binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "PATCHBAY_DATA_DIR=" + d.options.DataDir}, d.options.Env...)
	return cmd
}

// backup makes an encrypted one and returns its name.
func (d *drilled) backup(name string) string {
	d.t.Helper()
	file := filepath.Join(d.dir, name)
	if out, err := d.run("backup", "--to", file, "--recipient", d.recipient); err != nil {
		d.t.Fatalf("backup: %v\n%s", err, out)
	}
	return file
}

func (d *drilled) restore(file string) {
	d.t.Helper()
	if out, err := d.run("restore", file, "--identity", d.identity); err != nil {
		d.t.Fatalf("restore: %v\n%s", err, out)
	}
}

// content is everything that a member reads of the conversations, and the bytes
// of every file, by what it is.
func (d *drilled) content() map[string]string {
	d.t.Helper()
	out := map[string]string{}
	note := func(name string, data []byte) {
		sum := sha256.Sum256(data)
		out[name] = hex.EncodeToString(sum[:8])
	}
	for cursor := ""; ; {
		var list struct {
			Items []json.RawMessage
			Next  string
		}
		if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At("/conversations?limit=100&cursor="+url.QueryEscape(cursor)), nil, &list); err != nil {
			d.t.Fatal(err)
		}
		for _, row := range list.Items {
			var c rig.Conversation
			must(d.t, json.Unmarshal(row, &c))
			note(c.ID, row)
			for after := uint64(0); ; {
				var page struct {
					Items   []json.RawMessage
					HasMore bool `json:"has_more"`
				}
				path := fmt.Sprintf("/conversations/%s/timeline?limit=200&after=%d", c.ID, after)
				if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At(path), nil, &page); err != nil {
					d.t.Fatal(err)
				}
				for _, item := range page.Items {
					after++
					note(fmt.Sprintf("%s/%d", c.ID, after), item)
					var one carried
					must(d.t, json.Unmarshal(item, &one))
					for _, f := range files([]carried{one}) {
						for what, address := range map[string]string{"file": f.URL, "preview": f.PreviewURL} {
							if address == "" {
								continue
							}
							got, err := rig.NewAPI(d.server.URL()).Raw(d.t.Context(), http.MethodGet, address, nil)
							must(d.t, err)
							note(f.ID+" "+what, got.Body)
						}
					}
				}
				if !page.HasMore {
					break
				}
			}
		}
		if cursor = list.Next; cursor == "" {
			return out
		}
	}
}

// stable is content once nothing happens any more: an agent who was seen is
// given work.
func (d *drilled) stable() map[string]string {
	d.t.Helper()
	last := d.content()
	d.until("the site comes to rest", func() bool {
		time.Sleep(200 * time.Millisecond) // long enough to be given work
		before := last
		last = d.content()
		return maps.Equal(before, last)
	})
	return last
}

// same compares two contents.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: %s is %q, was %q", what, name, got[name], sum)
		}
	}
	if len(got) != len(want) || len(want) < 5 {
		t.Errorf("%s: %d things, were %d", what, len(got), len(want))
	}
}

// vouched signs a visitor in by a token under the inbox's secret: it opens only
// if the secret can be unsealed.
func (d *drilled) vouched() error {
	now := time.Now()
	token := channeltest.Token(d.secret, channel.InboxID(d.live.ID), now, "customer-1", strconv.FormatInt(now.UnixNano(), 10), nil)
	_, err := rig.NewAPI(d.server.URL()).Call(d.t.Context(), http.MethodPost, rig.Prefix+"/live/"+d.live.ID+"/sessions", map[string]any{
		"page_url": "https://shop.example/", "page_title": "Shop", "locale": "en", "identity": token,
	}, nil)
	return err
}

// follow opens a socket and returns the answer to its hello.
func (d *drilled) follow(address string, header http.Header, hello any) ready {
	d.t.Helper()
	frames := make(chan ready, 1)
	s, err := rig.Dial(d.t.Context(), rig.Dialing{URL: address, Header: header, Frame: func(raw []byte) {
		var f ready
		if json.Unmarshal(raw, &f) == nil && f.Op == "ready" {
			frames <- f
		}
	}})
	must(d.t, err)
	defer s.Close()
	must(d.t, s.Send(hello))
	select {
	case f := <-frames:
		return f
	case <-s.Closed():
		code, reason := s.CloseCode()
		d.t.Fatalf("the socket closed: %d %s", code, reason)
	case <-time.After(10 * time.Second):
		d.t.Fatal("the socket does not get ready")
	}
	return ready{}
}

// ready is the frame that says where a client stands.
type ready struct {
	Op            string `json:"op"`
	Epoch         string `json:"epoch"`
	Resync        bool   `json:"resync"`
	Feed          uint64 `json:"feed"`
	LastPublicSeq uint64 `json:"last_public_seq"`
}

func (d *drilled) asMember(epoch string, feed uint64) ready {
	return d.follow(d.owner.LiveURL(), d.owner.Header, map[string]any{"op": "hello", "epoch": epoch, "feed": feed})
}

func (d *drilled) asGuest(epoch string, after uint64) ready {
	return d.follow(d.owner.VisitorURL(d.live.ID), nil, map[string]any{"op": "hello", "token": d.visitor.Token, "epoch": epoch, "after": after})
}

// traffic has visitors write, with files now and then, until stop is called.
func (d *drilled) traffic() (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		visitor := d.admit()
		all.Go(func() {
			api := rig.NewAPI(d.server.URL()).As("Authorization", "Bearer "+visitor.Token)
			by := sender{api, rig.Prefix + "/live/" + d.live.ID + "/uploads"}
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(10 * time.Millisecond):
				}
				said := map[string]any{"client_msg_id": fmt.Sprintf("00000000-0000-7000-8000-%012d", n), "text": strings.Repeat("茶 tea ", 1+n%50)}
				if n%7 == 3 {
					if file, err := by.send(d.t.Context(), "note.txt", bytes.Repeat([]byte("file "), 1+n), media.ChunkSize); err == nil {
						said["attachment_ids"] = []string{file.ID}
					}
				}
				_, _ = api.Call(d.t.Context(), http.MethodPost, d.messages(), said, nil) // limits are part of it
			}
		})
	}
	return sync.OnceFunc(func() {
		close(done)
		all.Wait()
	})
}

// lose ends the server as a crash does and removes all it had.
func (d *drilled) lose() {
	d.t.Helper()
	d.server.Kill()
	must(d.t, os.RemoveAll(d.options.DataDir))
}

// long reports whether the long form is asked for.
func long() bool { return os.Getenv("PATCHBAY_TEST_LONG") == "1" }

// TestRestoreDrill: a backup is made while customers write, everything is
// destroyed, and one command brings it back: the same conversations, the same
// files, secrets that open, clients that go on. docs/operate/backup.md tells
// how it is done by hand.
func TestRestoreDrill(t *testing.T) {
	d := drill(t)
	stop := d.traffic()
	defer stop()
	rounds := 2
	if long() {
		rounds = 12
	}
	for n := range rounds { // beside the traffic
		file := d.backup(fmt.Sprintf("busy-%d.age", n))
		d.whole(file)
	}
	stop()
	member, guest := d.asMember("", 0), d.asGuest("", 0)
	before := d.stable()
	file := d.backup("quiet.age")
	d.lose()
	d.restore(file)
	d.start()
	same(t, "after the restore", d.content(), before)
	if got, err := os.ReadFile(filepath.Join(d.plugins(), "kept.txt")); err != nil || string(got) != "what a plugin keeps" {
		t.Errorf("what a plugin keeps is %q, %v", got, err)
	}
	d.settled()
	if err := d.vouched(); err != nil {
		t.Errorf("a sealed secret does not open: %v", err)
	}
	if f := d.asMember(member.Epoch, member.Feed); f.Epoch == member.Epoch || !f.Resync {
		t.Errorf("a member's window of the lost history goes on: %+v", f)
	}
	if f := d.asGuest(guest.Epoch, guest.LastPublicSeq); f.Epoch == guest.Epoch || !f.Resync {
		t.Errorf("a visitor's window of the lost history goes on: %+v", f)
	}
	d.sound()
}

// settled waits until the plugin is there to be asked.
func (d *drilled) settled() {
	d.t.Helper()
	_ = d.admit()
}

// whole restores a backup that was made under load elsewhere and looks into it:
// no gap in any conversation, and every file of every row.
func (d *drilled) whole(file string) {
	d.t.Helper()
	f, err := os.Open(file)
	must(d.t, err)
	defer f.Close() //nolint:errcheck // read only
	keys, err := backup.Unlocked([]string{d.identity}, "")
	must(d.t, err)
	var columns []string
	table := ""
	seqs := map[string]uint64{}
	wanted, found := map[string]bool{}, map[string]bool{}
	_, m, err := backup.Read(d.t.Context(), f, keys, backup.Visitor{
		Table: func(t backup.Table) error { table, columns = t.Name, t.Columns; return nil },
		Row: func(line []byte) error {
			var row []any
			if err := json.Unmarshal(line, &row); err != nil {
				return err
			}
			at := func(column string) any { return row[slices.Index(columns, column)] }
			switch table {
			case "conversation_change":
				id := at("conversation_id").(string)
				seqs[id]++
				if uint64(at("seq").(float64)) != seqs[id] {
					return fmt.Errorf("%s has %v where %d must be", id, at("seq"), seqs[id])
				}
			case "attachment":
				wanted[at("attachment_id").(string)] = true
				if at("preview") != "" {
					wanted[at("attachment_id").(string)+".preview"] = true
				}
			}
			return nil
		},
		Media: func(e backup.Entry) error {
			name := e.Name
			if e.Preview {
				name += ".preview"
			}
			found[name] = true
			return nil
		},
	})
	must(d.t, err)
	for name := range wanted {
		if !found[name] {
			d.t.Errorf("%s has a row and no file", name)
		}
	}
	if len(m.Faults) > 0 || len(wanted) == 0 || len(found) != len(wanted) {
		d.t.Errorf("faults %v, %d files of %d", m.Faults, len(found), len(wanted))
	}
}
