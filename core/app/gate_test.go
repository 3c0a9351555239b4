package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

const guardPlugin = "patchbay/outgoing-guard"

// connect makes a connection of a plugin, as soon as its process answers.
func (s *site) connect(plugin, name string, config map[string]any) string {
	s.t.Helper()
	body := map[string]any{"plugin": plugin, "name": name, "config": config, "enabled": true}
	var made struct{ ID string }
	s.whenReady("a connection with "+plugin, func() error {
		_, err := s.owner.Call(s.t.Context(), http.MethodPost, s.owner.At("/connections"), body, &made)
		return err
	})
	return made.ID
}

// sent is a message as colleagues see it.
type sent struct {
	Message struct {
		ID, Text string
		Altered  *struct {
			Original string
			By       []struct{ Name, Plugin, Reason string }
		}
	}
}

// answer lets the owner answer the visitor.
func (s *site) answer(key, text string) (sent, *rig.Problem) {
	s.t.Helper()
	var out sent
	_, err := s.owner.Call(s.t.Context(), http.MethodPost, s.owner.At("/conversations/"+s.chat+"/messages"),
		map[string]string{"client_msg_id": key, "kind": "text", "text": text}, &out)
	if err == nil {
		return out, nil
	}
	p := rig.ProblemOf(err)
	if p == nil {
		s.t.Fatal(err)
	}
	return out, p
}

// plugged is a plugin as administrators see it.
type plugged struct {
	ID      string
	PID     int
	State   string
	Skipped []struct {
		ConnectionID string `json:"connection_id"`
		Name, Code   string
		Point        string
		Denies       bool
		NextAt       time.Time `json:"next_at"`
	}
	Asked []struct {
		Point    string
		BudgetMS int `json:"budget_ms"`
	} `json:"asked_before"`
}

func (s *site) plugged(id string) plugged {
	s.t.Helper()
	var list struct{ Items []plugged }
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/plugins"), nil, &list); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range list.Items {
		if p.ID == id {
			return p
		}
	}
	s.t.Fatalf("there is no plugin %s", id)
	return plugged{}
}

// TestMessagesAreLookedAtBeforeTheyGo runs a guard as a process: it refuses and
// covers what an agent and a scheduled message would say, hangs, is left
// out, and comes back.
func TestMessagesAreLookedAtBeforeTheyGo(t *testing.T) {
	s := open(t)
	if m, p := s.answer("k0", "the secret is out"); p != nil || m.Message.Altered != nil {
		t.Fatalf("%+v, %v", m, p)
	}
	id := s.connect(guardPlugin, "Guard", map[string]any{
		"phones": "mask", "words": []any{map[string]any{"words": []string{"secret"}, "reason": "We keep secrets."}},
	})
	key, tries := "", 0
	refused := func() bool { // what went before the gate knew the guard is not asked about again
		tries++
		key = fmt.Sprint("k1-", tries)
		_, p := s.answer(key, "the secret is out")
		return p != nil && p.Code == "plugin.denied"
	}
	eventually(t, "the guard", refused, s.out.Tail)
	if _, p := s.answer(key, "the secret is out"); p == nil || p.Status != http.StatusForbidden || p.Detail != "Guard: We keep secrets." {
		t.Errorf("%+v", p)
	}
	m, p := s.answer("k2", "call +49 30 1234567")
	if p != nil || m.Message.Text != "call *** ** *******" || m.Message.Altered == nil || m.Message.Altered.Original != "call +49 30 1234567" || m.Message.Altered.By[0].Name != "Guard" {
		t.Fatalf("%+v, %v", m, p)
	}
	if again, p := s.answer("k2", "call +49 30 1234567"); p != nil || again.Message.ID != m.Message.ID {
		t.Errorf("%+v, %v", again, p)
	}
	s.laterRefused()

	pid := s.plugged(guardPlugin).PID
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	eventually(t, "a process that stands still", func() bool { return stopped(t, pid) }, s.out.Tail)
	for n := range 3 { // it costs its budget, and the message goes
		began := time.Now()
		if _, p := s.answer(fmt.Sprint("h", n), "the secret is out"); p != nil {
			t.Fatal(p)
		}
		if took := time.Since(began); took < 150*time.Millisecond || took > 5*time.Second {
			t.Errorf("with a plugin that hangs it took %v", took)
		}
	}
	skipped := s.plugged(guardPlugin).Skipped
	if len(skipped) != 1 || skipped[0].ConnectionID != id || skipped[0].Code != "plugin.too_slow" || skipped[0].Denies || time.Until(skipped[0].NextAt) < 20*time.Second {
		t.Fatalf("skipped: %+v", skipped)
	}
	process, err := os.FindProcess(pid)
	must(t, err)
	must(t, process.Kill())
	eventually(t, "another process", func() bool { p := s.plugged(guardPlugin); return p.State == "ready" && p.PID != pid }, s.out.Tail)
	// Who changes the connection has it asked again at once.
	if _, err := s.owner.Call(t.Context(), http.MethodPatch, s.owner.At("/connections/"+id), map[string]any{"name": "Guard 2"}, nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	eventually(t, "the guard again", func() bool {
		n++
		_, p := s.answer(fmt.Sprint("r", n), "the secret is out")
		return p != nil && p.Detail == "Guard 2: We keep secrets."
	}, s.out.Tail)
	if left := s.plugged(guardPlugin).Skipped; len(left) != 0 {
		t.Errorf("skipped: %+v", left)
	}
	if _, err := s.owner.Call(t.Context(), http.MethodDelete, s.owner.At("/connections/"+id), nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "messages without the guard", func() bool { n++; _, p := s.answer(fmt.Sprint("g", n), "secret"); return p == nil }, s.out.Tail)
	s.sound()
}

// stopped reports whether every thread of a process stands still: one of them
// takes the signal, the others go on until it did.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	must(t, err)
	for _, path := range threads {
		if text, err := os.ReadFile(path); err == nil && !bytes.Contains(text, []byte(") T ")) {
			return false
		}
	}
	return len(threads) > 0
}

// laterRefused plans a message that the guard refuses when its time has come.
func (s *site) laterRefused() {
	s.t.Helper()
	at := "/conversations/" + s.chat + "/scheduled"
	for n := 1; ; n++ { // the machine may be slow
		_, err := s.owner.Call(s.t.Context(), http.MethodPost, s.owner.At(at), map[string]any{
			"client_msg_id": fmt.Sprint("later", n), "text": "the secret, later", "send_at": time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano),
		}, nil)
		if err == nil {
			break
		}
		if p := rig.ProblemOf(err); p == nil || p.Code != "scheduled.past" || n > 5 {
			s.t.Fatal(err)
		}
	}
	var list struct {
		Items []struct{ State, Code, Detail, Text string }
	}
	eventually(s.t, "the end of the scheduled message", func() bool {
		if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At(at), nil, &list); err != nil {
			s.t.Fatal(err)
		}
		return len(list.Items) == 1 && list.Items[0].State == "failed"
	}, func() string { return fmt.Sprint(list, s.out.Tail()) })
	if one := list.Items[0]; one.Code != "plugin.denied" || !strings.Contains(one.Detail, "We keep secrets.") || one.Text != "the secret, later" {
		s.t.Errorf("%+v", one)
	}
}
