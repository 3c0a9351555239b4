package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

const diaryPlugin = "test/diary"

// withDiary adds the plugin that writes down what it is told.
func withDiary(t *testing.T) func(*rig.Options) {
	return func(o *rig.Options) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "plugins")
		must(t, os.CopyFS(dir, os.DirFS(o.Product.Plugins)))
		must(t, o.Product.BuildPlugins(t.Context(), dir, "../core/app/testdata/diary"))
	}
}

// line is an event as the diary has it.
type line struct {
	ID, Type string
	Feed     uint64
	Data     json.RawMessage
}

// said is the text of the message that the event is about. The conversation
// beside it is as it was when the event was told, and may show a later one.
func (l line) said() string {
	var event struct {
		Change struct{ Message struct{ Text string } }
	}
	_ = json.Unmarshal(l.Data, &event) // no message: no text
	return event.Change.Message.Text
}

// diary reads what the plugin wrote down.
func (s *site) diary() []line {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.options.DataDir, "plugins", "test-diary", "diary.jsonl"))
	must(s.t, err)
	var out []line
	for _, path := range found {
		text, err := os.ReadFile(path)
		must(s.t, err)
		for raw := range bytes.Lines(text) {
			var l line
			if json.Unmarshal(raw, &l) == nil { // the last one may be half written
				out = append(out, l)
			}
		}
	}
	return out
}

// told are the ids of the messages that the diary has, and where each came first.
func (s *site) told() map[string]int {
	out := make(map[string]int)
	for i, l := range s.diary() {
		if _, known := out[l.ID]; !known && l.Type == "message.created" {
			out[l.ID] = i
		}
	}
	return out
}

// said are the changes by which the visitor's messages came, in order.
func (s *site) said() (ids []string) {
	s.t.Helper()
	for after := uint64(0); ; {
		var page struct {
			Items []struct {
				ID, Type string
				Seq      uint64
			}
			HasMore bool `json:"has_more"`
		}
		if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At(fmt.Sprintf("/conversations/%s/timeline?limit=200&after=%d", s.chat, after)), nil, &page); err != nil {
			s.t.Fatal(err)
		}
		for _, c := range page.Items {
			if after = c.Seq; c.Type == "message.created" {
				ids = append(ids, c.ID)
			}
		}
		if !page.HasMore {
			return ids
		}
	}
}

func (s *site) grant(scopes ...string) {
	s.t.Helper()
	_, err := s.owner.Call(s.t.Context(), http.MethodPut, s.owner.At("/plugins/"+diaryPlugin+"/grants"), map[string]any{"scopes": append([]string{"events:subscribe"}, scopes...)}, nil)
	must(s.t, err)
}

// TestHooksAreToldOfEverything kills the hook's process and the server while a
// visitor writes: the hook has every message in the end, each conversation's in
// order. What it may not know is cut, what its process dies of is skipped, and it
// is told that it missed something.
func TestHooksAreToldOfEverything(t *testing.T) {
	s := open(t, withDiary(t))
	id := s.connect(diaryPlugin, "Diary", map[string]any{})
	eventually(t, "the first event", func() bool { must(t, s.try("is it told?")); return len(s.told()) > 0 }, s.out.Tail)
	before := 0
	for said := s.said(); s.told()[said[before]] == 0 && said[before] != s.diary()[0].ID; before++ {
	}
	for n := range 40 {
		must(t, s.try(fmt.Sprint("word ", n)))
		switch n {
		case 8, 20:
			if pid := s.plugged(diaryPlugin).PID; pid != 0 {
				must(t, syscall.Kill(pid, syscall.SIGKILL))
			}
		case 30:
			s.server.Kill()
			s.start()
		}
	}
	all := s.said()[before:]
	eventually(t, "every message", func() bool { return len(s.told()) >= len(all) }, func() string { return fmt.Sprint(len(s.told()), " of ", len(all), s.out.Tail()) })
	told := s.told()
	order := slices.SortedFunc(maps.Keys(told), func(a, b string) int { return told[a] - told[b] })
	if !slices.Equal(order, all) {
		t.Errorf("told in the order %v, want %v", order, all)
	}
	for _, l := range s.diary() {
		if strings.Contains(string(l.Data), "word ") || strings.Contains(string(l.Data), `"text":`) {
			t.Fatalf("without the scope it is told what was said: %s", l.Data)
		}
	}

	s.grant("conversations:read")
	eventually(t, "words", func() bool {
		must(t, s.try("now with words"))
		list := s.diary()
		return list[len(list)-1].said() == "now with words"
	}, s.out.Tail)
	must(t, s.try("please die"))
	must(t, s.try("after that"))
	last := func() line { list := s.diary(); return list[len(list)-1] }
	eventually(t, "what came after a deadly event", func() bool { return last().said() == "after that" }, s.out.Tail)
	list := s.diary()
	if gap := list[len(list)-2]; gap.Type != "feed.gap" || !strings.Contains(string(gap.Data), `"failed"`) || gap.Feed >= last().Feed {
		t.Errorf("it is not told of the gap: %+v", gap)
	}
	var missed struct {
		Items []struct{ Type, Code, Use string }
	}
	if _, err := s.owner.Call(t.Context(), http.MethodGet, s.owner.At("/connections/"+id+"/skipped"), nil, &missed); err != nil {
		t.Fatal(err)
	}
	if len(missed.Items) != 1 || missed.Items[0].Type != "message.created" || missed.Items[0].Code != "plugin.died" || missed.Items[0].Use != "hook" {
		t.Errorf("skipped: %+v", missed)
	}
}
