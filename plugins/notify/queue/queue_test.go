package queue_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/queue"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func state(t *testing.T) host.State {
	t.Helper()
	h := plugintest.NewHost(t)
	return h.For(h.Connect(instance.Instance{}).ID).State
}

func item(n int, due time.Time) news.Item {
	return news.Item{ID: fmt.Sprint("ntf_", n), Kind: "reply", Subject: fmt.Sprint("cnv_", n), At: start, Due: due, Member: news.Member{ID: "mem_1"}}
}

// TestTake: an event counts once, and takes back what it settles.
func TestTake(t *testing.T) {
	var d queue.Document
	a, b := item(1, start), item(2, start)
	if !d.Take(5, &a, nil) || d.Take(5, &a, nil) || d.Take(4, &b, nil) || !d.Take(6, &b, nil) || len(d.Items) != 2 {
		t.Fatalf("it holds %+v", d)
	}
	if !d.Take(7, nil, &news.Attended{Subject: "cnv_1"}) || len(d.Items) != 1 || d.Items[0].ID != "ntf_2" {
		t.Errorf("it holds %+v", d.Items)
	}
}

// TestForget: when a person is erased nothing keeps what was written.
func TestForget(t *testing.T) {
	a, b := item(1, start), item(2, start)
	a.Text, a.Who, a.Title, b.Text = "call 110", "Alice", "Broken", "hello"
	d := queue.Document{Items: []news.Item{a}, Batch: &queue.Batch{Items: []news.Item{b}}}
	d.Take(1, nil, &news.Attended{Forget: true})
	if d.Items[0] != item(1, start) || d.Batch.Items[0] != item(2, start) {
		t.Errorf("it keeps %+v, %+v", d.Items, d.Batch)
	}
	d.Take(2, nil, &news.Attended{Subject: "cnv_1", Gone: true})
	if len(d.Items) != 0 {
		t.Errorf("of a conversation that is no more it keeps %+v", d.Items)
	}
}

// TestNext: what is due goes together, up to a bound; what is too old goes.
func TestNext(t *testing.T) {
	var d queue.Document
	if ready, next := d.Next(start, nil); ready || !next.IsZero() {
		t.Errorf("of nothing: %v %v", ready, next)
	}
	for n := range queue.MaxBatch + 2 {
		d.Items = append(d.Items, item(n, start))
	}
	d.Items = append(d.Items, item(900, start.Add(time.Hour)), item(901, start.Add(-25*time.Hour)))
	d.More = 3
	if ready, _ := d.Next(start, nil); !ready || len(d.Batch.Items) != queue.MaxBatch || d.Batch.More != 3 || d.More != 0 || len(d.Items) != 3 || d.Batch.Number != 1 {
		t.Fatalf("the batch is %+v, and there are %d", d.Batch, len(d.Items))
	}
	if ready, _ := d.Next(start, nil); !ready || d.Number != 1 {
		t.Errorf("a batch that is being sent was replaced: %+v", d)
	}
	d.Batch = nil
	if ready, _ := d.Next(start, nil); !ready || len(d.Batch.Items) != 2 || d.Number != 2 {
		t.Errorf("the rest is %+v", d.Batch)
	}
	d.Batch = nil
	if ready, next := d.Next(start, nil); ready || !next.Equal(start.Add(time.Hour)) {
		t.Errorf("the next: %v %v", ready, next)
	}
}

// TestRoom: in no minute are there more than allowed.
func TestRoom(t *testing.T) {
	var d queue.Document
	var sent []time.Time
	for now := start; now.Before(start.Add(10 * time.Minute)); now = now.Add(100 * time.Millisecond) {
		if d.Room(now, 18, time.Second) > 0 {
			continue
		}
		d.Sent = append(d.Sent, now)
		sent = append(sent, now)
	}
	for i, at := range sent {
		if i >= 18 && at.Sub(sent[i-18]) < time.Minute || i > 0 && at.Sub(sent[i-1]) < time.Second {
			t.Fatalf("%d came too early", i)
		}
	}
	if len(sent) != 180 || len(d.Sent) > 18 {
		t.Errorf("%d were sent in ten minutes, and %d are kept", len(sent), len(d.Sent))
	}
}

// TestChange: many at once lose nothing, and what does not fit is counted.
func TestChange(t *testing.T) {
	s := state(t)
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for n := range 6 {
		wait.Go(func() {
			_, err := queue.Change(t.Context(), s, func(d *queue.Document) bool {
				d.Items = append(d.Items, item(n, start))
				return true
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			}
		})
	}
	wait.Wait()
	d, err := queue.Read(t.Context(), s)
	if err != nil || len(d.Items) != done || done == 0 {
		t.Fatalf("%d were written, and there are %d, %v", done, len(d.Items), err)
	}
	const many = 400
	_, err = queue.Change(t.Context(), s, func(d *queue.Document) bool {
		d.Items = nil
		for n := range many {
			i := item(n, start)
			i.Text = strings.Repeat("长", 140)
			d.Items = append(d.Items, i)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = queue.Read(t.Context(), s); err != nil || d.More == 0 || len(d.Items)+d.More != many || d.Items[0].ID != "ntf_0" {
		t.Errorf("%d and %d more, %v", len(d.Items), d.More, err)
	}
}
