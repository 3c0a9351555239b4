package dispatch_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// plans is a dispatch.Plans that says one plan.
type plans struct {
	mu   sync.Mutex
	plan dispatch.Plan
	err  error
}

func (p *plans) Plan(context.Context, identity.WorkspaceID) (dispatch.Plan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plan, p.err
}

func (p *plans) say(plan dispatch.Plan, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.err = plan, err
}

// onPlans runs fn in a bubble, with a dispatcher that follows plans.
func onPlans(t *testing.T, first dispatch.Plan, fn func(f *floor, p *plans)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f, p := newFloor(t, nil), &plans{plan: first}
		f.recorder = newRecorder()
		f.d = dispatch.New(dispatch.Config{Store: f.mem, Announcer: f.recorder, Now: time.Now, Log: slog.New(slog.DiscardHandler), Plans: p})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.d.Run(ctx) }()
		f.stop = func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("run: %v", err)
			}
		}
		synctest.Wait()
		defer f.shut()
		fn(f, p)
	})
}

// chats is a plan by which chats have a target, and the earliest end goes first.
func chats(target int) dispatch.Plan {
	return dispatch.Plan{
		Order:    dispatch.OrderPlan{By: "deadline"},
		Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Chat: {TargetS: target}},
	}
}

// ordered expects the places of items that wait.
func (f *floor) ordered(items ...dispatch.Item) {
	f.Helper()
	f.pass(time.Second)
	for i, it := range items {
		if place := f.d.Position(f.ws, it.Key).Place; place != i+1 || f.place(it) != i+1 {
			f.Fatalf("%s has place %d and was told %d, want %d", it.ID, place, f.place(it), i+1)
		}
	}
}

// A plan that is published counts for what waits already: its order, its
// targets, and who is told where they stand.
func TestAPlanInForce(t *testing.T) {
	t.Parallel()
	onPlans(t, dispatch.Plan{}, func(f *floor, p *plans) {
		chat, mail := f.ask(time.Minute), f.ask(2*time.Minute)
		f.mem.Channel(f.ws, mail.Key, dispatch.Mail)
		f.d.Signal(f.ws, dispatch.Signal{Plan: true})
		f.ordered(mail, chat)
		p.say(chats(60), nil)
		f.pass(time.Second)
		if place := f.d.Position(f.ws, chat.Key).Place; place != 2 {
			f.Fatalf("nobody told, and it has place %d", place)
		}
		f.d.Signal(f.ws, dispatch.Signal{Plan: true})
		f.ordered(chat, mail) // mails have no target
		if got := f.d.Stats(); got.Waiting != 2 || got.Healed != 0 {
			f.Fatalf("%+v", got)
		}
		m := f.present(1)
		f.owned(chat, m)
		f.owned(mail, "")
	})
}

// A plan whose event was lost is found by the comparison with the store, which
// sees no difference in what it says of items.
func TestAPlanNobodyToldOf(t *testing.T) {
	t.Parallel()
	onPlans(t, chats(60), func(f *floor, p *plans) {
		chat, mail := f.ask(time.Minute), f.ask(2*time.Minute)
		f.mem.Channel(f.ws, mail.Key, dispatch.Mail)
		f.d.Signal(f.ws, dispatch.Signal{Plan: true})
		f.ordered(chat, mail)
		f.pass(5 * time.Minute)
		p.say(dispatch.Plan{}, nil)
		f.pass(3 * time.Minute)
		f.ordered(mail, chat)
		if got := f.d.Stats(); got.Healed != 0 {
			f.Fatalf("%+v", got)
		}
	})
}

// While the plan cannot be read the one before stays in force.
func TestAPlanThatCannotBeRead(t *testing.T) {
	t.Parallel()
	onPlans(t, chats(60), func(f *floor, p *plans) {
		chat, mail := f.ask(time.Minute), f.ask(2*time.Minute)
		f.mem.Channel(f.ws, mail.Key, dispatch.Mail)
		f.d.Signal(f.ws, dispatch.Signal{Plan: true})
		f.ordered(chat, mail)
		p.say(dispatch.Plan{}, errors.New("connection refused"))
		f.d.Signal(f.ws, dispatch.Signal{Plan: true})
		f.pass(time.Minute)
		f.ordered(chat, mail)
		if got := f.d.Stats(); got.Failures == 0 {
			f.Fatalf("%+v", got)
		}
		p.say(dispatch.Plan{}, nil)
		f.pass(10 * time.Second)
		f.ordered(mail, chat)
	})
}
