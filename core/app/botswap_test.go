package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

const talkerPlugin = "test/talker"

// asking is customers who ask a bot, each the next question when the last one is
// answered.
type asking struct {
	*drilled
	raw      *database
	folder   string // the offered version of the bot
	visitors []rig.API
	asked    []int // questions of each
	answers  map[string][]string
}

func question(visitor, n int) string { return fmt.Sprintf("visitor %d asks %d", visitor, n) }

// askedOn is a server with the bot as a process, and visitors who are let in.
func askedOn(t *testing.T, source string, visitors int) *asking {
	t.Helper()
	a := &asking{folder: filepath.Join(t.TempDir(), "plugins"), asked: make([]int, visitors)}
	own := func(o *rig.Options) {
		must(t, os.CopyFS(a.folder, os.DirFS(o.Product.Plugins)))
		must(t, o.Product.BuildPlugins(t.Context(), a.folder, "../core/app/testdata/talker"))
		o.Env = append(o.Env, "PATCHBAY_LIMITS_VISITOR=0")
	}
	a.drilled, a.raw = drillWith(t, source, own)
	a.letAnswer(a.connect(talkerPlugin, "Talker", map[string]any{}))
	for range visitors {
		a.visitor = a.admit()
		a.visitors = append(a.visitors, a.asVisitor())
	}
	return a
}

func (a *asking) letAnswer(connection string) {
	a.t.Helper()
	_, err := a.owner.Call(a.t.Context(), http.MethodPatch, a.owner.At("/inboxes/"+a.live.ID), map[string]any{"bot": map[string]any{"connection_id": connection}}, nil)
	must(a.t, err)
}

// offer puts a version of the bot into the plugins folder.
func (a *asking) offer(from, version string) {
	a.t.Helper()
	file := filepath.Join(a.folder, "test-talker", "plugin.json")
	text, err := os.ReadFile(file)
	must(a.t, err)
	changed := strings.Replace(string(text), `"version": "`+from+`"`, `"version": "`+version+`"`, 1)
	if changed == string(text) {
		a.t.Fatalf("the manifest is not of %s: %s", from, text)
	}
	must(a.t, os.WriteFile(file, []byte(changed), 0o600))
}

// listen reads which versions answered what.
func (a *asking) listen() {
	a.t.Helper()
	a.answers = make(map[string][]string)
	for _, text := range a.raw.texts(`SELECT text FROM message WHERE sender_kind = 'bot'`) {
		asked, version, _ := strings.Cut(text, " | ")
		a.answers[asked] = append(a.answers[asked], version)
	}
}

// heard reports whether a version has answered anything.
func (a *asking) heard(version string) bool {
	for _, versions := range a.answers {
		if slices.Contains(versions, version) {
			return true
		}
	}
	return false
}

// goOn lets everybody whose question is answered ask the next one.
func (a *asking) goOn() {
	a.t.Helper()
	for i, api := range a.visitors {
		if a.asked[i] > 0 && len(a.answers[question(i, a.asked[i])]) == 0 {
			continue
		}
		a.asked[i]++
		said := map[string]string{"client_msg_id": fmt.Sprintf("00000000-0000-7000-8%03d-%012d", i, a.asked[i]), "text": question(i, a.asked[i])}
		_, err := api.Call(a.t.Context(), http.MethodPost, a.messages(), said, nil)
		must(a.t, err)
	}
}

func (a *asking) tell() string { return fmt.Sprint(a.asked, a.answers, a.out.Tail()) }

// TestBotUpgradedWhileCustomersAsk puts one version of a bot after the other in
// place while conversations ask it: each question has one answer in the end, and
// each version gave some.
func TestBotUpgradedWhileCustomersAsk(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { upgradesBot(t, "") })
	t.Run("postgres", func(t *testing.T) { upgradesBot(t, pgtest.Start(t).Schema(t)) })
}

func upgradesBot(t *testing.T, source string) {
	t.Helper()
	versions := []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"}
	a := askedOn(t, source, 6)
	moved := make(chan error, 1)
	moving := false
	for at := 0; at < len(versions); {
		eventually(t, "an answer of "+versions[at], func() bool {
			select {
			case err := <-moved:
				must(t, err)
				moving = false
			default:
			}
			a.listen()
			a.goOn()
			return !moving && a.heard(versions[at])
		}, a.tell)
		if at++; at == len(versions) {
			break
		}
		a.offer(versions[at-1], versions[at])
		moving = true
		go func() {
			_, err := a.owner.Call(t.Context(), http.MethodPost, a.owner.At("/plugins/"+talkerPlugin+"/upgrade"), nil, nil)
			moved <- err
		}()
	}
	eventually(t, "the end of all turns", func() bool {
		return a.raw.one(`SELECT COUNT(*) FROM conversation WHERE responder = 'bot'`) == strconv.Itoa(len(a.visitors)) &&
			a.raw.one(`SELECT COUNT(*) FROM bot_talk WHERE claim <> ''`) == "0" && a.complete()
	}, a.tell)
	t.Logf("questions of each visitor: %v", a.asked)
	for i, asked := range a.asked {
		if asked < len(versions) {
			t.Errorf("visitor %d asked %d questions only", i, asked)
		}
		for n := 1; n <= asked; n++ {
			if got := a.answers[question(i, n)]; len(got) != 1 {
				t.Errorf("%q is answered by %v, want one answer", question(i, n), got)
			}
		}
	}
	if p := a.plugged(talkerPlugin); p.State != "ready" {
		t.Errorf("after the upgrades the bot is %+v", p)
	}
}

// complete reports whether the last question of everybody is answered.
func (a *asking) complete() bool {
	a.listen()
	for i, n := range a.asked {
		if len(a.answers[question(i, n)]) == 0 {
			return false
		}
	}
	return true
}
