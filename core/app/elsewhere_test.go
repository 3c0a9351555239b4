package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// withNews adds the plugin that writes down what it is told, and has it ask for
// what members are told.
func withNews(t *testing.T) func(*rig.Options) {
	return func(o *rig.Options) {
		t.Helper()
		withDiary(t)(o)
		path := filepath.Join(o.Product.Plugins, "test-diary", "plugin.json")
		raw, err := os.ReadFile(path)
		must(t, err)
		var manifest map[string]any
		must(t, json.Unmarshal(raw, &manifest))
		manifest["hooks"] = map[string]any{"events": []string{"notification.created", "notification.read"}}
		asks, _ := manifest["permissions"].([]any)
		for _, scope := range []string{"members:read", "members:read.pii"} {
			asks = append(asks, map[string]any{"scope": scope, "optional": true, "reason": map[string]string{"en": "Writes down who is told."}})
		}
		manifest["permissions"] = asks
		raw, err = json.Marshal(manifest)
		must(t, err)
		must(t, os.WriteFile(path, raw, 0o600))
	}
}

// toldNews is what a plugin is told of a notification.
type toldNews struct {
	Notification struct {
		ID, Kind, Link, Text string
		ConversationID       string `json:"conversation_id"`
		Member               struct{ ID, Name, Email string }
		Inbox                struct{ Name string }
		IDs                  []string
	}
	Conversation struct{ ID string }
}

// TestPluginsTellMembersElsewhere: a plugin is told each notification that a
// member gets, cut to its scopes, and what the member reads; also over the
// server's death. Nothing of it is in the feed before there is such a connection.
func TestPluginsTellMembersElsewhere(t *testing.T) {
	s := open(t, withNews(t))
	mate, err := s.owner.Invite(t.Context(), "mate@badinput.example", "Mate", "agent", "correct-horse-battery-43")
	must(t, err)
	sent := 0
	mention := func() {
		t.Helper()
		sent++
		body := map[string]any{"client_msg_id": fmt.Sprint("note-", sent), "kind": "note", "text": fmt.Sprint("look, Mate ", sent), "mentions": []string{mate.ID}}
		_, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/conversations/"+s.chat+"/messages"), body, nil)
		must(t, err)
	}
	news := func(typ string) (out []toldNews) {
		for _, l := range s.diary() {
			var one toldNews
			if l.Type == typ && json.Unmarshal(l.Data, &one) == nil {
				out = append(out, one)
			}
		}
		return out
	}
	must(t, s.try("somebody is here"))
	mention()
	eventually(t, "the mention", func() bool { return s.unread(mate) == 1 }, s.out.Tail)
	s.connect(diaryPlugin, "Diary", map[string]any{})
	eventually(t, "the first notification", func() bool { mention(); return len(news("notification.created")) > 0 }, s.out.Tail)
	first := news("notification.created")[0]
	n := first.Notification
	if n.Kind != "mention" || n.Member.ID != mate.ID || n.Member.Name+n.Member.Email+n.Text != "" || n.ConversationID != s.chat || first.Conversation.ID != s.chat || n.Inbox.Name == "" {
		t.Errorf("told is %+v", first)
	}
	if at := s.server.URL() + "/conversations/all/" + s.chat + "?at="; !strings.HasPrefix(n.Link, at) {
		t.Errorf("the link is %q, want %s...", n.Link, at)
	}
	_, err = mate.Call(t.Context(), http.MethodPost, mate.At("/notifications/read"), map[string]any{"ids": []string{n.ID}}, nil)
	must(t, err)
	eventually(t, "what was read", func() bool { return len(news("notification.read")) > 0 }, s.out.Tail)
	if read := news("notification.read")[0].Notification; read.Member.ID != mate.ID || len(read.IDs) != 1 || read.IDs[0] != n.ID {
		t.Errorf("read is %+v", read)
	}

	s.grant("members:read", "members:read.pii", "conversations:read")
	s.server.Kill()
	s.start()
	eventually(t, "a notification with its text", func() bool {
		mention()
		all := news("notification.created")
		last := all[len(all)-1].Notification
		return last.Member.Name == "Mate" && last.Member.Email == "mate@badinput.example" && strings.HasPrefix(last.Text, "look, Mate")
	}, s.out.Tail)
	seen := make(map[string]int)
	for _, one := range news("notification.created") {
		seen[one.Notification.ID]++
	}
	if after := s.unread(mate); len(seen) < 2 || len(seen) > after+1 {
		t.Errorf("%d are told, and %d unread", len(seen), after)
	}
}

// unread counts a member's notifications.
func (s *site) unread(m rig.Member) int {
	s.t.Helper()
	var page struct{ Items []struct{ ID string } }
	if _, err := m.Call(s.t.Context(), http.MethodGet, m.At("/notifications?unread=true&limit=100"), nil, &page); err != nil {
		s.t.Fatal(err)
	}
	return len(page.Items)
}
