package alert_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/alert/alerttest"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

const here identity.WorkspaceID = "wsp_1"

// post is a watch with its clock, its floor and its ears.
type post struct {
	*testing.T

	now   time.Time
	floor alerttest.Floor
	store *alerttest.Fake
	watch *alert.Watch
	leads bool
	fails error
	told  map[identity.MemberID][]alert.ID
}

func newPost(t *testing.T) *post {
	p := &post{T: t, now: noon, store: alerttest.NewFake(eventtest.NewFeed()), leads: true, told: map[identity.MemberID][]alert.ID{}}
	p.start()
	return p
}

// start begins to watch, as after a restart.
func (p *post) start() {
	p.watch = alert.NewWatch(alert.WatchDeps{
		Store: p.store, Floors: &p.floor, Now: func() time.Time { return p.now }, Leads: func(identity.WorkspaceID) bool { return p.leads },
		Supervisors: func(context.Context, identity.WorkspaceID) ([]alert.Supervisor, error) {
			return []alert.Supervisor{
				{Member: "mem_all", Reach: identity.Everywhere()},
				{Member: "mem_team", Reach: identity.Reach{Kind: identity.ReachTeam, Member: "mem_team", Teams: []string{"tea_1"}}},
			}, nil
		},
		Tell: func(_ context.Context, _ identity.WorkspaceID, n alert.News) error {
			if p.fails != nil {
				return p.fails
			}
			for _, m := range n.Tell {
				if !slices.Contains(p.told[m], n.ID) { // as notifications do
					p.told[m] = append(p.told[m], n.ID)
				}
			}
			return nil
		},
	})
}

// look looks after a while, and returns what stands then.
func (p *post) look(after time.Duration) []alert.Alert {
	p.Helper()
	p.now = p.now.Add(after)
	if err := p.watch.Look(p.Context(), []identity.WorkspaceID{here}); err != nil && !errors.Is(err, p.fails) {
		p.Fatal(err)
	}
	out, err := p.store.Standing(p.Context(), here)
	if err != nil {
		p.Fatal(err)
	}
	return out
}

// stand wants so many alerts to stand after a look.
func (p *post) stand(after time.Duration, want int) []alert.Alert {
	p.Helper()
	got := p.look(after)
	if len(got) != want {
		p.Fatalf("after %s: %v stand, want %d", after, got, want)
	}
	return got
}

// late has somebody wait for too long.
func (p *post) late() {
	p.floor.Queues = []alert.Queue{waiting(11 * time.Minute)}
	p.floor.Queues[0].Team = "tea_1"
}

func TestAnAlertComesOnceAndGoesOnce(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.late()
	p.stand(0, 0)
	p.stand(alert.Hold-time.Millisecond, 0)
	raised := p.stand(time.Millisecond, 1)
	p.stand(time.Hour, 1)
	if a := raised[0]; a.Rule != alert.LongWait || a.Queue != "que_a" || a.Limit != 600 || !a.Since.Equal(noon.Add(-time.Minute)) || !a.At.Equal(noon.Add(alert.Hold)) {
		t.Errorf("it is %+v", a)
	}
	p.floor.Queues = nil
	p.stand(0, 1)
	p.stand(alert.Hold-time.Millisecond, 1)
	p.stand(time.Millisecond, 0)
	if got := p.told["mem_all"]; len(got) != 1 || got[0] != raised[0].ID {
		t.Errorf("told of %v", got)
	}
}

func TestWhatFlickersRaisesNothing(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	for range 10 {
		p.late()
		p.stand(10*time.Second, 0)
		p.floor.Queues = nil
		p.stand(10*time.Second, 0)
	}
	p.late()
	p.look(0)
	p.stand(alert.Hold, 1)
	for range 10 { // and what stands is not cleared by it
		p.floor.Queues = nil
		p.stand(10*time.Second, 1)
		p.late()
		p.stand(10*time.Second, 1)
	}
	if len(p.told["mem_all"]) != 1 {
		t.Errorf("told of %v", p.told)
	}
}

func TestARestartNeitherRepeatsNorForgets(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.late()
	p.look(0)
	p.fails = errors.New("the server stops")
	p.stand(alert.Hold, 1)
	p.fails = nil
	p.start()
	p.stand(time.Second, 1)
	p.start()
	p.stand(time.Second, 1)
	if len(p.told["mem_all"]) != 1 {
		t.Errorf("told of %v", p.told)
	}
	p.floor.Queues = nil
	p.look(0)
	p.stand(alert.Hold, 0)
}

func TestWhoIsToldReachesIt(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.late()
	p.floor.Queues = append(p.floor.Queues, alert.Queue{Name: "of everybody", ID: "que_b", Waiting: 1, Oldest: noon.Add(-time.Hour), Available: 1})
	p.floor.Agents = []alert.Agent{{Member: "mem_9", Teams: nil, Away: true, Since: noon.Add(-time.Hour), InHand: 2}}
	p.look(0)
	p.stand(alert.Hold, 3)
	if len(p.told["mem_all"]) != 3 || len(p.told["mem_team"]) != 1 {
		t.Errorf("told: %v", p.told)
	}
}

func TestOnlyWhoLeadsWatches(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.leads = false
	p.late()
	p.look(0)
	p.stand(alert.Hold, 0)
	p.leads = true
	p.stand(0, 0) // what was before it led does not count
	p.stand(alert.Hold, 1)
}
