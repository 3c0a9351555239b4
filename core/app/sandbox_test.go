package app_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/media"
)

// sand is a sandbox as its parent sees it.
type sand struct {
	ID, Name, State string
	Mine            bool
	EndsAt          string `json:"ends_at"`
}

// within is the member's client in another workspace.
func within(m rig.Member, workspace string) rig.Member {
	m.Workspace = workspace
	return m
}

// get asks for a thing that must be there.
func (s *site) get(m rig.Member, path string, out any) {
	s.t.Helper()
	if _, err := m.Call(s.t.Context(), http.MethodGet, m.At(path), nil, out); err != nil {
		s.t.Fatalf("%s: %v\n%s", path, err, s.out.Tail())
	}
}

// refused wants a code.
func (s *site) refused(m rig.Member, method, path string, body any, status int, code string) {
	s.t.Helper()
	_, err := m.Call(s.t.Context(), method, m.At(path), body, nil)
	if p := rig.ProblemOf(err); p == nil || p.Status != status || p.Code != code {
		s.t.Errorf("%s %s: %v, want %d %s", method, path, err, status, code)
	}
}

// counts is what is in a workspace.
func (s *site) counts(m rig.Member) (contacts, conversations, tickets int) {
	s.t.Helper()
	var list struct{ Items []json.RawMessage }
	s.get(m, "/contacts?limit=100", &list)
	contacts = len(list.Items)
	s.get(m, "/conversations?limit=100", &list)
	conversations = len(list.Items)
	s.get(m, "/tickets?limit=100", &list)
	return contacts, conversations, len(list.Items)
}

// TestSandbox makes a sandbox on the real server, works in it as an integrator
// would, resets and deletes it, and wants the real workspace as it was.
func TestSandbox(t *testing.T) {
	s := open(t, filesAllowed)
	ctx := t.Context()
	before := [3]int{}
	before[0], before[1], before[2] = s.counts(s.owner)
	var x sand
	if _, err := s.owner.Call(ctx, http.MethodPost, s.owner.At("/sandboxes"), map[string]string{"name": "Till"}, &x); err != nil {
		t.Fatalf("%v\n%s", err, s.out.Tail())
	}
	if x.State != "ready" || !x.Mine || x.EndsAt == "" || x.Name != "Till" {
		t.Fatalf("made: %+v\n%s", x, s.out.Tail())
	}
	mine := within(s.owner, x.ID)
	if c, v, k := s.counts(mine); c < 7 || v != 4 || k != 3 {
		t.Errorf("it holds %d contacts, %d conversations, %d tickets", c, v, k)
	}
	var w struct {
		Sandbox  bool
		ParentID string `json:"parent_id"`
	}
	if s.get(mine, "", &w); !w.Sandbox || w.ParentID != s.owner.Workspace {
		t.Errorf("as a workspace it says %+v", w)
	}
	s.holdsBack(mine)
	key := s.integrates(mine)
	s.refused(s.owner, http.MethodPost, "/sandboxes", map[string]any{}, http.StatusConflict, "sandbox.yours_exists")

	if _, err := s.owner.Call(ctx, http.MethodPost, s.owner.At("/sandboxes/"+x.ID+"/reset"), nil, nil); err != nil {
		t.Fatal(err)
	}
	s.until("the reset", func() bool {
		s.get(s.owner, "/sandboxes/"+x.ID, &x)
		return x.State == "ready"
	})
	if c, v, k := s.counts(mine); c < 7 || v != 4 || k != 3 {
		t.Errorf("after the reset it holds %d contacts, %d conversations, %d tickets", c, v, k)
	}
	var first struct{ Items []struct{ Number int } }
	if s.get(mine, "/tickets?limit=1&sort=created", &first); len(first.Items) == 0 || first.Items[0].Number > 3 {
		t.Errorf("tickets do not count from 1 again: %+v", first.Items)
	}
	if status := key("/contacts"); status != http.StatusOK {
		t.Errorf("the key of before the reset gets %d", status)
	}
	s.ends(mine, x.ID, key)
	after := [3]int{}
	if after[0], after[1], after[2] = s.counts(s.owner); after != before {
		t.Errorf("the real workspace had %v and has %v", before, after)
	}
	s.sound()
}

// holdsBack asks a sandbox for what none offers.
func (s *site) holdsBack(mine rig.Member) {
	s.t.Helper()
	s.refused(mine, http.MethodPost, "/invitations", map[string]string{"email": "who@example.com", "role": "agent"}, http.StatusForbidden, "sandbox.not_here")
	s.refused(mine, http.MethodPost, "/sandboxes", map[string]any{}, http.StatusForbidden, "sandbox.not_here")
	s.refused(mine, http.MethodPost, "/plugins/patchbay/echo/restart", nil, http.StatusForbidden, "sandbox.not_here")
	s.refused(mine, http.MethodGet, "/sign-in/policy", nil, http.StatusForbidden, "sandbox.not_here")
	s.refused(mine, http.MethodPost, "/inboxes", map[string]any{"name": "Echo", "plugin": "patchbay/echo", "config": map[string]any{}}, http.StatusForbidden, "sandbox.channel")
	s.refused(mine, http.MethodPost, "/inboxes/validate", map[string]any{"plugin": "patchbay/echo", "probe": true}, http.StatusForbidden, "sandbox.channel")
	s.refused(mine, http.MethodGet, "/sandboxes/"+s.owner.Workspace, nil, http.StatusForbidden, "sandbox.not_here")
	s.refused(s.owner, http.MethodGet, "/sandboxes/"+s.owner.Workspace, nil, http.StatusNotFound, "not_found")
	s.refused(s.owner, http.MethodPost, "/sandboxes/wsp_x/reset", nil, http.StatusNotFound, "not_found")
}

// integrates makes a key, a webhook and a file there, and returns how the key
// fares.
func (s *site) integrates(mine rig.Member) (try func(path string) int) {
	s.t.Helper()
	ctx := s.t.Context()
	var key struct{ Secret string }
	if _, err := mine.Call(ctx, http.MethodPost, mine.At("/api-keys"), map[string]any{"name": "Till", "scopes": []string{"contact.read", "contact.write"}}, &key); err != nil {
		s.t.Fatal(err)
	}
	if _, err := mine.Call(ctx, http.MethodPost, mine.At("/webhooks"), map[string]any{"url": "https://93.184.216.34/x", "events": []string{"*"}}, nil); err != nil {
		s.t.Fatal(err)
	}
	program := rig.NewAPI(s.server.URL()).As("Authorization", "Bearer "+key.Secret)
	for range 3 {
		if _, err := program.Call(ctx, http.MethodPost, mine.At("/contacts"), map[string]string{"name": "By the key"}, nil); err != nil {
			s.t.Fatal(err)
		}
	}
	s.brings(mine)
	return func(path string) int {
		s.t.Helper()
		if _, err := program.Call(ctx, http.MethodGet, mine.At(path), nil, nil); err != nil {
			if p := rig.ProblemOf(err); p != nil {
				return p.Status
			}
			s.t.Fatal(err)
		}
		return http.StatusOK
	}
}

// brings uploads a file.
func (s *site) brings(mine rig.Member) {
	s.t.Helper()
	ctx := s.t.Context()
	if _, err := (sender{mine.API, mine.At("/uploads")}).send(ctx, "a.txt", []byte("hello"), media.ChunkSize); err != nil {
		s.t.Fatal(err)
	}
	if len(s.files()) == 0 {
		s.t.Fatal("no file is on the disk")
	}
}

// files lists the files of messages on the disk.
func (s *site) files() []string {
	s.t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(s.options.DataDir, "media"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			out = append(out, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return out
}

// ends deletes the sandbox: every door is shut at once, and the rows and files
// follow.
func (s *site) ends(mine rig.Member, sandbox string, key func(path string) int) {
	s.t.Helper()
	if _, err := s.owner.Call(s.t.Context(), http.MethodDelete, s.owner.At("/sandboxes/"+sandbox), nil, nil); err != nil {
		s.t.Fatal(err)
	}
	s.refused(mine, http.MethodGet, "/contacts", nil, http.StatusNotFound, "not_found")
	s.refused(s.owner, http.MethodGet, "/sandboxes/"+sandbox, nil, http.StatusNotFound, "not_found")
	if status := key("/contacts"); status != http.StatusUnauthorized {
		s.t.Errorf("its key gets %d", status)
	}
	var me struct {
		Memberships []struct{ Workspace struct{ ID string } }
	}
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, rig.Prefix+"/session", nil, &me); err != nil || len(me.Memberships) != 1 {
		s.t.Errorf("the maker's workspaces: %+v %v", me.Memberships, err)
	}
	if log := s.out.String(); !strings.Contains(log, "sandbox closed") {
		s.t.Error("the log does not say that it was closed")
	}
	s.until("the files to go", func() bool { return len(s.files()) == 0 })
}
