package pluginhost_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
)

// sent is a line of the far side's book.
type sent struct {
	id, conversation string
	seq              int
	suspect          bool
}

func readSink(t *testing.T, h *house) []sent {
	t.Helper()
	data, err := os.ReadFile(h.dataFile("sink"))
	if err != nil {
		t.Fatal(err)
	}
	var out []sent
	for line := range strings.Lines(string(data)) {
		var s sent
		if _, err := fmt.Sscanf(line, "%s %s %d %t", &s.id, &s.conversation, &s.seq, &s.suspect); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, s)
	}
	return out
}

// kill -9 of the plugin while it delivers, again and again: nothing is lost,
// order holds in each conversation, and what may have been sent before says so.
// Each kill waits until all that was in flight at the one before is settled: a
// message that is in flight at three kills is given up as poison.
func TestKillsInMidBatch(t *testing.T) {
	const messages, conversations, kills = 3000, 30, 8
	const apart = 128 // two windows: as many as can be in flight
	h := newHouse(t)
	h.options.Timing.Crashes = 1000
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	h.ledger.add(in, messages, conversations)
	h.deliver.Wake()
	killed, next := 0, 0
	wait(t, "everything sent", func() bool {
		done := h.ledger.sent()
		if p := h.status(bad); killed < kills && p.State == extension.Ready && done > next && rand.IntN(3) == 0 {
			if syscall.Kill(p.PID, syscall.SIGKILL) == nil {
				killed++
				next = h.ledger.sent() + apart
				wait(t, "the end of the process", func() bool { return h.status(bad).PID != p.PID })
			}
		}
		return done == messages
	})
	if killed == 0 {
		t.Fatal("nothing was killed: the test shows nothing")
	}
	times := make(map[string]int)
	last := make(map[string]int)
	duplicates := 0
	for _, s := range readSink(t, h) {
		times[s.id]++
		if times[s.id] > 1 {
			duplicates++
			if !s.suspect {
				t.Errorf("%s was sent again and not marked", s.id)
			}
			continue
		}
		if s.seq != last[s.conversation]+1 {
			t.Errorf("%s: %d after %d", s.conversation, s.seq, last[s.conversation])
		}
		last[s.conversation] = s.seq
	}
	if len(times) != messages {
		t.Errorf("%d of %d messages arrived", len(times), messages)
	}
	if duplicates > killed*64 {
		t.Errorf("%d duplicates by %d kills: more than the window", duplicates, killed)
	}
	t.Logf("%d kills, %d duplicates", killed, duplicates)
}

// A message that kills the plugin is given up, and the others arrive.
func TestPoison(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.Crashes = 1000
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.ledger.add(in, 40, 8)
	h.ledger.rows[3].Content.Text = "poison"
	h.run()
	wait(t, "the others sent", func() bool { return h.ledger.sent() == 39 })
	if row := h.ledger.row(3); row.State != delivery.Dead || row.LastCode != delivery.CodePoison {
		t.Errorf("the poison: %+v", row)
	}
	if p := h.status(bad); p.Restarts > 3 {
		t.Errorf("%d restarts, want at most 3", p.Restarts)
	}
}

// The host is killed: its plugins go with it.
func TestPluginsDieWithTheHost(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	pid, kill := startVictim(t, h)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("no plugin: %v", err)
	}
	kill()
	deadline := time.Now().Add(5 * time.Second)
	for syscall.Kill(pid, 0) == nil {
		if time.Now().After(deadline) {
			t.Fatal("the plugin outlives its host")
		}
		time.Sleep(2 * time.Millisecond)
	}
}
