package conversation_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// left looks who left, several times at once, and returns how often a
// conversation says so.
func (d *desk) left(id conversation.ID) int {
	d.Helper()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := d.service.NoteLeft(d.Context()); err != nil {
				d.Error(err)
			}
		})
	}
	wg.Wait()
	return len(slices.DeleteFunc(d.kinds(id, 0), func(k conversation.ChangeType) bool { return k != conversation.Abandoned }))
}

func (d *desk) attends(id conversation.ID) {
	d.Helper()
	d.OK(d.service.VisitorsAttend(d.Context(), d.WS, []conversation.ID{id}))
}

func (d *desk) leaves(id conversation.ID, want int) {
	d.Helper()
	if got := d.left(id); got != want {
		d.Fatalf("the customer left %d times, want %d", got, want)
	}
}

func TestWhoLeavesIsNotedOnce(t *testing.T) {
	d := newDesk(t)
	id := d.chat(t)
	if c := d.Get(id); !c.Waits() {
		t.Fatal("nobody waits")
	}
	d.pass(time.Hour)
	d.leaves(id, 0) // no window was ever seen
	for range 3 {
		d.attends(id)
		d.pass(conversation.LeftAfter - time.Second)
		d.leaves(id, 0)
	}
	public := d.Get(id).LastPublicSeq
	d.pass(2 * time.Second)
	d.leaves(id, 1)
	c := d.Get(id)
	if !c.Waits() || c.LastPublicSeq != public {
		t.Fatalf("who left lost their place, or is told of it: %+v", c)
	}
	timeline := d.Timeline(id, 0)
	var data map[string]string
	d.OK(json.Unmarshal(timeline[len(timeline)-1].Data, &data))
	if since, err := time.Parse(time.RFC3339Nano, data["since"]); err != nil || !since.Equal(c.QueuedAt) {
		t.Fatalf("it says %v, and they came at %v", data, c.QueuedAt)
	}

	d.attends(id) // comes back, and leaves again
	d.pass(2 * time.Hour)
	d.leaves(id, 1)
	d.pass(2 * time.Hour)
	d.leaves(id, 1)
	d.assign(id, d.agent.ID)
	d.pass(2 * time.Hour)
	d.leaves(id, 1)
	if due, err := d.kept.Absences(d.Context(), d.now().Add(24*time.Hour), 10); err != nil || len(due) != 0 {
		t.Fatalf("of a wait that is over %v is kept (%v)", due, err)
	}
}

func TestWhoWasFoundSomebodyDidNotLeave(t *testing.T) {
	d := newDesk(t)
	id := d.chat(t)
	d.attends(id)
	d.assign(id, d.agent.ID)
	d.pass(time.Hour)
	d.leaves(id, 0)
	d.attends(id) // does not wait
	d.pass(time.Hour)
	d.leaves(id, 0)
}
