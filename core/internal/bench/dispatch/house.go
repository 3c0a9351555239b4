package main

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// The house: every agent is busy and everybody else waits.
const (
	agents   = 10_000
	profiles = 200
	classes  = 400 // a language and a subject of 20 each; an agent has one language and four subjects, so serves one class in a hundred
	budget   = 5
)

// house is an engine in steady state. One step is an agent who finishes an
// item, a customer who comes, and the decision.
type house struct {
	engine *dispatch.Engine
	now    time.Time
	draw   *rand.Rand
	next   int
	taken  dispatch.Class // of the item that was given out last: the next customer asks the same, so that the house stays as it is
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func newHouse(p dispatch.Policy, waiting int) *house {
	h := &house{engine: dispatch.NewEngine(p), now: time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC), draw: seeded()}
	for i := range waiting {
		h.engine.Wait(h.item(class(i % classes)))
	}
	for i := range agents {
		h.engine.Set(dispatch.Agent{Member: member(i), Profile: profile(i % profiles), Status: dispatch.Available, Capacity: budget, Used: budget, IdleSince: h.now})
	}
	h.taken = class(0)
	return h
}

func class(n int) dispatch.Class {
	return dispatch.ClassOf(dispatch.Requirement{Skills: []dispatch.Skill{
		{ID: fmt.Sprintf("language_%d", n%20), Level: 3}, {ID: fmt.Sprintf("subject_%d", n/20), Level: 1 + n%3},
	}})
}

func profile(n int) dispatch.Profile {
	has := []dispatch.Skill{{ID: fmt.Sprintf("language_%d", n%20), Level: 4}}
	for i := range 4 {
		has = append(has, dispatch.Skill{ID: fmt.Sprintf("subject_%d", (n/20+5*i)%20), Level: 5})
	}
	return dispatch.AbilitiesOf(nil, has)
}

func member(n int) identity.MemberID { return identity.MemberID(fmt.Sprintf("mem_%06d", n)) }

// item is a customer who comes a millisecond later.
func (h *house) item(c dispatch.Class) dispatch.Item {
	h.next++
	h.now = h.now.Add(time.Millisecond)
	return dispatch.Item{
		Key: dispatch.Key{Kind: "conversation", ID: fmt.Sprintf("cnv_%08d", h.next)}, Class: c, WaitingSince: h.now,
		Channel: dispatch.Channel(h.next % 2), Value: h.next / 2 % 2, Target: time.Hour,
	}
}

func (h *house) step() {
	a, _ := h.engine.Agent(member(h.draw.IntN(agents)))
	a.Used, a.Has, a.IdleSince = budget-1, dispatch.PerChannel{}, h.now
	h.engine.Set(a)
	h.engine.Wait(h.item(h.taken))
	got := h.engine.Decide(h.now, 16)
	if len(got) != 1 {
		panic(fmt.Sprintf("decided %d of one that is possible", len(got)))
	}
	h.taken = got[0].Item.Class
}

// bare is what a decision costs at least: the first of those who wait and the
// first of those who are free, from two heaps, with no classes, no capacity, no
// places and nobody who leaves before their turn.
type bare struct {
	waiting, free arrivals
	now           int64
}

func newBare(waiting int) *bare {
	b := &bare{}
	for range waiting {
		b.now++
		heap.Push(&b.waiting, arrival{at: b.now, id: fmt.Sprintf("cnv_%08d", b.now)})
	}
	for i := range agents {
		heap.Push(&b.free, arrival{at: int64(i), id: string(member(i))})
	}
	return b
}

func (b *bare) step() {
	b.now++
	heap.Push(&b.waiting, arrival{at: b.now, id: fmt.Sprintf("cnv_%08d", b.now)})
	heap.Pop(&b.waiting)
	a := heap.Pop(&b.free).(arrival) //nolint:forcetypeassert // what was pushed
	a.at = b.now
	heap.Push(&b.free, a)
}

type arrival struct {
	at int64
	id string
}

// arrivals implements heap.Interface.
type arrivals []arrival

func (h *arrivals) Len() int           { return len(*h) }
func (h *arrivals) Less(i, j int) bool { return (*h)[i].at < (*h)[j].at }
func (h *arrivals) Swap(i, j int)      { (*h)[i], (*h)[j] = (*h)[j], (*h)[i] }
func (h *arrivals) Push(x any)         { *h = append(*h, x.(arrival)) } //nolint:forcetypeassert // of this heap
func (h *arrivals) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
