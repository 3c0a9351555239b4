package extension_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
)

func TestAfterARun(t *testing.T) {
	at := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	run := func(every time.Duration, attempts int) extension.Run {
		return extension.Run{Schedule: extension.Schedule{At: at, Every: every}, ID: "run", Attempts: attempts}
	}
	for name, tt := range map[string]struct {
		run   extension.Run
		done  extension.RunOutcome
		now   time.Time
		next  time.Time
		again bool
	}{
		"once and done":           {run(0, 0), extension.RunOutcome{Done: true}, at, time.Time{}, false},
		"again and again":         {run(time.Minute, 0), extension.RunOutcome{Done: true}, at.Add(time.Second), at.Add(time.Minute), false},
		"missed ones are one":     {run(time.Minute, 0), extension.RunOutcome{Done: true}, at.Add(150 * time.Second), at.Add(3 * time.Minute), false},
		"a failure":               {run(0, 0), extension.RunOutcome{}, at, at.Add(5 * time.Second), true},
		"pauses grow":             {run(0, 3), extension.RunOutcome{}, at, at.Add(40 * time.Second), true},
		"but not for ever":        {run(0, 60), extension.RunOutcome{}, at, at.Add(time.Hour), true},
		"the plugin's own pause":  {run(0, 0), extension.RunOutcome{Pause: time.Minute}, at, at.Add(time.Minute), true},
		"until the next is due":   {run(time.Minute, 5), extension.RunOutcome{}, at.Add(time.Second), at.Add(time.Minute), false},
		"once, and a week failed": {run(0, 90), extension.RunOutcome{}, at.Add(8 * 24 * time.Hour), time.Time{}, false},
	} {
		got := extension.After(tt.run, tt.done, tt.now)
		if !got.Next.Equal(tt.next) || (got.RunID == "run") != tt.again || tt.again && (got.Attempts != tt.run.Attempts+1 || !got.Due.Equal(at)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// runner is a node's plugins: what they were called for, and how they answer.
type runner struct {
	mu     sync.Mutex
	runs   []extension.Run
	answer func(n int) (extension.RunOutcome, error)
}

// Runners implements extension.Scheduled.
func (*runner) Runners() []extension.PluginID { return []extension.PluginID{"acme/erp"} }

// RunScheduled implements extension.Scheduled.
func (r *runner) RunScheduled(_ context.Context, run extension.Run) (extension.RunOutcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, run)
	return r.answer(len(r.runs))
}

// Two nodes on one store: each run is one's, failures come again under the same
// id, and the end waits for what is under way.
func TestTwoNodesRunSchedules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := extensiontest.Schedules{Fake: extensiontest.NewFake()}
		r := &runner{answer: func(n int) (extension.RunOutcome, error) {
			if n == 1 {
				return extension.RunOutcome{}, errors.New("the process died")
			}
			return extension.RunOutcome{Done: true}, nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		nodes := make([]*extension.Scheduler, 2)
		for i := range nodes {
			nodes[i] = extension.NewScheduler(store, time.Now, slog.New(slog.DiscardHandler))
			wait.Go(func() { nodes[i].Work(ctx, r) })
		}
		o := extension.Owner{Workspace: "wsp_1", Instance: "pin_1"}
		if err := nodes[0].Put(ctx, o, extension.Schedule{Plugin: "acme/erp", Key: "pull", Every: time.Minute, Payload: []byte("p")}); err != nil {
			t.Fatal(err)
		}
		if err := nodes[0].Put(ctx, o, extension.Schedule{Plugin: "acme/erp", Key: "x", Every: time.Second}); err == nil {
			t.Error("an interval that is too short")
		}
		time.Sleep(3*time.Minute + 30*time.Second)
		cancel()
		wait.Wait()
		if len(r.runs) != 5 { // a failure, its repetition, and three more minutes
			t.Fatalf("%d runs: %+v", len(r.runs), r.runs)
		}
		if r.runs[0].ID != r.runs[1].ID || r.runs[1].ID == r.runs[2].ID || r.runs[1].Attempts != 1 || string(r.runs[4].Payload) != "p" {
			t.Errorf("runs: %+v", r.runs)
		}
	})
}
