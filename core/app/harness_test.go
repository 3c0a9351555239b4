package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

const (
	ownerEmail    = "owner@badinput.example"
	ownerPassword = "correct-horse-battery-42"
)

// workshop is where the product under test is built, once for all tests.
type workshop struct {
	once    sync.Once
	dir     string
	product rig.Product
	err     error
}

var shop workshop

func TestMain(m *testing.M) {
	code := m.Run()
	if shop.dir != "" {
		_ = os.RemoveAll(shop.dir)
	}
	os.Exit(code)
}

// product returns the built binary with its plugins.
func product(t *testing.T) rig.Product {
	t.Helper()
	shop.once.Do(func() {
		if shop.dir, shop.err = os.MkdirTemp("", "patchbay-app-"); shop.err != nil { //nolint:usetesting // it serves all tests
			return
		}
		// Others than the owner may have to run it: see TestReadOnlyDataDir.
		if shop.err = os.Chmod(shop.dir, 0o755); shop.err != nil {
			return
		}
		shop.product, shop.err = rig.Build(t.Context(), shop.dir, "", "webchat", "echo", "template-retail", "keyword-bot", "risk-analyzer", "outgoing-guard", "vouchers")
	})
	if shop.err != nil {
		t.Fatal(shop.err)
	}
	return shop.product
}

// site is a running server that was set up.
type site struct {
	t       *testing.T
	options rig.Options
	out     *rig.Output
	server  *rig.Server
	owner   rig.Member
	live    rig.Inbox
	visitor rig.Visitor
	chat    string // the visitor's conversation

	sent  int
	acked map[string]string // client_msg_id → text: what must be there in the end
}

// settings are those of every server here.
func settings(t *testing.T) (rig.Options, *rig.Output) {
	t.Helper()
	out := &rig.Output{}
	return rig.Options{
		Product: product(t), DataDir: t.TempDir(), Log: out,
		Env: []string{"PATCHBAY_ADMIN_EMAIL=" + ownerEmail, "PATCHBAY_ADMIN_PASSWORD=" + ownerPassword},
	}, out
}

// open starts a server, with a visitor who has said something.
func open(t *testing.T, change ...func(*rig.Options)) *site {
	t.Helper()
	s := &site{t: t, acked: map[string]string{}}
	s.options, s.out = settings(t)
	for _, c := range change {
		c(&s.options)
	}
	s.start()
	ctx := t.Context()
	var err error
	if s.owner, err = rig.NewAPI(s.server.URL()).SignIn(ctx, s.setting("PATCHBAY_ADMIN_EMAIL"), s.setting("PATCHBAY_ADMIN_PASSWORD")); err != nil {
		t.Fatal(err)
	}
	if s.live, err = s.owner.Connect(ctx, "Shop", "patchbay/webchat", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	s.visitor = s.admit()
	s.say()
	var list struct{ Items []rig.Conversation }
	if _, err := s.owner.Call(ctx, http.MethodGet, s.owner.At("/conversations"), nil, &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("conversations: %v, %v", list.Items, err)
	}
	s.chat = list.Items[0].ID
	return s
}

func (s *site) start() {
	s.t.Helper()
	server, err := rig.Launch(s.t.Context(), s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(server.Kill)
	s.server, s.options.Address = server, server.Address
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if _, err := server.Ready(ctx); err != nil {
		s.t.Fatalf("%v\n%s", err, s.out.Tail())
	}
}

// admit lets a visitor in, as soon as the plugin is there to be asked.
func (s *site) admit() rig.Visitor {
	s.t.Helper()
	var v rig.Visitor
	s.whenReady("a visitor gets in", func() (err error) {
		v, err = s.owner.OpenSession(s.t.Context(), s.live.ID, "")
		return err
	})
	return v
}

// until waits for what must come.
func (s *site) until(what string, so func() bool) {
	s.t.Helper()
	if !rig.Await(s.t.Context(), time.Minute, so) {
		s.t.Fatalf("it never came to that: %s\n%s", what, s.out.Tail())
	}
}

// whenReady asks what a plugin is needed for, as soon as its process answers.
func (s *site) whenReady(what string, ask func() error) {
	s.t.Helper()
	var last error
	err := rig.Until(s.t.Context(), time.Minute, func() (bool, error) {
		last = ask()
		if p := rig.ProblemOf(last); p != nil && p.Status == http.StatusServiceUnavailable {
			return false, nil
		}
		return true, last
	})
	if err != nil {
		s.t.Fatalf("it never came to that: %s: %v, %v\n%s", what, err, last, s.out.Tail())
	}
}

func (s *site) asVisitor() rig.API {
	return rig.NewAPI(s.server.URL()).As("Authorization", "Bearer "+s.visitor.Token)
}

func (s *site) messages() string { return rig.Prefix + "/live/" + s.live.ID + "/messages" }

// try lets the visitor say something, once.
func (s *site) try(text string) error {
	s.sent++
	id := fmt.Sprintf("00000000-0000-7000-8000-%012d", s.sent)
	_, err := s.asVisitor().Call(s.t.Context(), http.MethodPost, s.messages(), map[string]string{"client_msg_id": id, "text": text}, nil)
	if err == nil {
		s.acked[id] = text
	}
	return err
}

// say lets the visitor say something that must be accepted.
func (s *site) say() {
	s.t.Helper()
	if err := s.try(fmt.Sprintf("message %d, 你好 🍵", s.sent)); err != nil {
		s.t.Fatalf("the server does not serve any more: %v\n%s", err, s.out.Tail())
	}
}

// sound checks that the server serves, and that everything it acknowledged is
// there, once.
func (s *site) sound() {
	s.t.Helper()
	s.say()
	found := map[string]string{}
	for after := uint64(0); ; {
		var page struct {
			Items   []rig.Change `json:"items"`
			HasMore bool         `json:"has_more"`
		}
		path := s.owner.At(fmt.Sprintf("/conversations/%s/timeline?limit=200&after=%d", s.chat, after))
		if _, err := s.owner.Call(s.t.Context(), http.MethodGet, path, nil, &page); err != nil {
			s.t.Fatal(err)
		}
		for _, c := range page.Items {
			if after++; c.Seq != after {
				s.t.Errorf("seq %d where %d must be", c.Seq, after)
			}
			if c.Type != "message.created" || c.Actor.Kind != "contact" {
				continue
			}
			if _, twice := found[c.Message.ClientMsgID]; twice {
				s.t.Errorf("%s is there twice", c.Message.ClientMsgID)
			}
			found[c.Message.ClientMsgID] = c.Message.Text
		}
		if !page.HasMore {
			break
		}
	}
	for id, text := range s.acked {
		if found[id] != text {
			s.t.Errorf("%s was acknowledged as %q and is there as %q", id, text, found[id])
		}
	}
	for line := range strings.Lines(s.out.String()) {
		ours := strings.Contains(line, "level=ERROR") && !strings.Contains(line, `msg="plugin failed"`)
		if ours || strings.Contains(line, "panic") {
			s.t.Errorf("the log tells of a fault of ours: %s", line)
		}
	}
}

// database is the file of a site.
func (s *site) database() string { return filepath.Join(s.options.DataDir, "patchbay.db") }

// setting is what the server's environment says.
func (s *site) setting(name string) string {
	for _, e := range s.options.Env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
