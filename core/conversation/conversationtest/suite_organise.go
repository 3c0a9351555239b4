package conversationtest

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// testUnrouted: what routing rules may still decide is kept with the conversation.
func testUnrouted(w *World) {
	c := w.Receive(w.Inbox, "ext", "m1", "hello")
	if got := w.Get(c.ID).Unrouted; got != conversation.ToRoute {
		w.Fatalf("a new one has %b", got)
	}
	for _, want := range []conversation.Unrouted{conversation.ToRoute | conversation.TeamChosen, conversation.ToRoute | conversation.PriorityChosen, 0} {
		w.Change(c.ID, func(c *conversation.Conversation) error {
			c.Unrouted = want
			c.Demand = conversation.Demand{Value: int(want)}
			if want != 0 {
				c.Demand.Needs = []queue.Need{{Skill: "skl_1", Level: int(want)}}
			}
			c.AddNote(w.Turn(w.Owner), conversation.Words("", "looks at it"))
			return nil
		})
		if got := w.Get(c.ID).Unrouted; got != want {
			w.Errorf("%b is kept as %b", want, got)
		}
		if d := w.Get(c.ID).Demand; d.Value != int(want) || (len(d.Needs) == 1) != (want != 0) || want != 0 && d.Needs[0] != (queue.Need{Skill: "skl_1", Level: int(want)}) {
			w.Errorf("what it asks for is kept as %+v", d)
		}
	}
}

// Label makes a label.
func (w *World) Label(ws identity.WorkspaceID, name string) catalog.LabelID {
	w.Helper()
	l := catalog.Label{Workspace: ws, ID: catalog.LabelID(w.IDs.New("lab")), Name: name, Color: "#2f80ed", CreatedAt: w.Tick()}
	w.OK(w.F.Catalog.CreateLabel(w.Context(), l))
	return l.ID
}

// Team makes a team.
func (w *World) Team(ws identity.WorkspaceID, name string, members ...identity.MemberID) team.ID {
	w.Helper()
	t := team.Team{Workspace: ws, ID: team.ID(w.IDs.New("tea")), Name: name, Members: members, CreatedAt: w.Tick(), UpdatedAt: w.now}
	w.OK(w.F.Teams.Create(w.Context(), t))
	return t.ID
}

// testOrganised goes through every change that keeps a conversation in order.
func testOrganised(w *World) {
	b := w.Member(w.WS, "b@example.com", "小李", 5)
	vip, late := w.Label(w.WS, "VIP"), w.Label(w.WS, "迟到")
	sales := w.Team(w.WS, "销售")
	id := w.Receive(w.Inbox, "ext", "", "first").ID
	turn := func() conversation.Turn { return w.Turn(w.Owner) }
	type steps = []func(c *conversation.Conversation) error
	for i, step := range (steps{
		func(c *conversation.Conversation) error {
			return c.SetLabels(turn(), []catalog.LabelID{late, vip, late})
		},
		func(c *conversation.Conversation) error { return c.RemoveLabels(turn(), []catalog.LabelID{vip}) },
		func(c *conversation.Conversation) error { return c.AddLabels(turn(), []catalog.LabelID{vip}) },
		func(c *conversation.Conversation) error { return c.SetLabels(turn(), nil) },
		func(c *conversation.Conversation) error {
			c.SetAttributes(turn(), map[string]any{"plan": "专业 \"pro\" 🙂", "seats": 12.5, "paid": true})
			return nil
		},
		func(c *conversation.Conversation) error {
			c.SetAttributes(turn(), map[string]any{"seats": nil, "paid": false, "none": nil})
			return nil
		},
		func(c *conversation.Conversation) error {
			c.SetAttributes(turn(), map[string]any{"plan": nil, "paid": nil})
			return nil
		},
		func(c *conversation.Conversation) error { return c.SetPriority(turn(), conversation.Urgent) },
		func(c *conversation.Conversation) error { return c.SetPriority(turn(), "") },
		func(c *conversation.Conversation) error { return c.Follow(turn(), b.ID, true) },
		func(c *conversation.Conversation) error {
			return c.SetParticipants(turn(), []identity.MemberID{w.Owner.ID, b.ID})
		},
		func(c *conversation.Conversation) error { return c.Follow(turn(), b.ID, false) },
		func(c *conversation.Conversation) error { c.Route(turn(), sales); return nil },
		func(c *conversation.Conversation) error { return c.Assign(turn(), b.ID, b.Name, "member") },
		func(c *conversation.Conversation) error { return c.Release(turn(), conversation.QueuedReleased) },
		func(c *conversation.Conversation) error { c.Route(turn(), ""); return nil },
	}) {
		before, timeline := w.Get(id), w.Timeline(id, 0)
		w.Change(id, step)
		after := w.Get(id)
		if after.LastSeq != before.LastSeq+1 || after.LastPublicSeq > before.LastPublicSeq+1 {
			w.Fatalf("step %d changed %d to %d", i, before.LastSeq, after.LastSeq)
		}
		w.CheckLaw(before, timeline)
		w.CheckSequences(id)
		w.Change(id, func(c *conversation.Conversation) error { // what is so already is no change
			_ = c.SetLabels(turn(), c.Labels)
			c.SetAttributes(turn(), c.Attributes)
			_ = c.SetPriority(turn(), c.Priority)
			c.Route(turn(), c.Team)
			return c.SetParticipants(turn(), c.Participants)
		})
		Same(w, w.Get(id), after)
	}
	if c := w.Get(id); c.Labels != nil || c.Attributes != nil || c.Priority != "" || c.Team != "" || !slices.Equal(c.Participants, []identity.MemberID{w.Owner.ID}) {
		w.Fatalf("at the end: %+v", c.Organised)
	}
}

func testNumbers(w *World) {
	const customers = 12
	other, _ := w.Workspace("numbers@example.com")
	abroad := w.NewInbox(other, false)
	var wg sync.WaitGroup
	for i := range customers {
		at := w.Tick()
		wg.Go(func() {
			_, err := w.TryReceive(w.Inbox, strconv.Itoa(i), "", "hello", at)
			w.check(err)
		})
		wg.Go(func() {
			_, err := w.TryReceive(w.Inbox, strconv.Itoa(i), "broken", "x\x00", at) // takes no number with it
			if err == nil {
				w.Error("NUL was stored")
			}
		})
	}
	wg.Wait()
	var numbers []uint64
	for i := range customers {
		c, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Inbox.ID, strconv.Itoa(i))
		w.OK(err)
		if c == nil {
			w.Fatalf("customer %d is lost", i)
		}
		numbers = append(numbers, c.Number)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != uint64(i+1) {
			w.Fatalf("the numbers are %v", numbers)
		}
	}
	if c := w.Receive(abroad, "x", "", "hello"); c.Number != 1 {
		w.Fatalf("another workspace begins with %d", c.Number)
	}
	if c := w.Receive(w.Live, "new", "", "hello"); c.Number != customers+1 {
		w.Fatalf("the next is %d", c.Number)
	}
	if c := w.Receive(w.Live, "new", "", "again"); c.Number != customers+1 {
		w.Fatalf("writing again makes it %d", c.Number)
	}
}

func testOrganisedReferences(w *World) {
	other, stranger := w.Workspace("references@example.com")
	id := w.Receive(w.Inbox, "ext", "", "first").ID
	gone := w.Team(w.WS, "gone")
	w.OK(w.F.Teams.Delete(w.Context(), w.WS, gone, w.Tick()))
	theirs := w.Label(other, "theirs")
	before := w.Get(id)
	for name, change := range map[string]func(c *conversation.Conversation) error{
		"a foreign label": func(c *conversation.Conversation) error {
			return c.SetLabels(w.System(), []catalog.LabelID{theirs})
		},
		"an unknown label": func(c *conversation.Conversation) error {
			return c.SetLabels(w.System(), []catalog.LabelID{"lab_none"})
		},
		"a foreign participant": func(c *conversation.Conversation) error { return c.Follow(w.System(), stranger.ID, true) },
		"a deleted team":        func(c *conversation.Conversation) error { c.Route(w.System(), gone); return nil },
		"an unknown team":       func(c *conversation.Conversation) error { c.Route(w.System(), "tea_none"); return nil },
	} {
		err := w.TryChange(w.WS, id, change)
		if !errs.Is(err, errs.NotFound) {
			w.Errorf("%s: %v", name, err)
		}
		Same(w, w.Get(id), before)
	}
	many := make([]catalog.LabelID, conversation.MaxLabels+1)
	for i := range many {
		many[i] = catalog.LabelID(strconv.Itoa(i))
	}
	c := before
	w.Fails(c.SetLabels(w.System(), many), errs.Invalid)
	w.Fails(c.SetPriority(w.System(), "high!"), errs.Invalid)
}

func testReferring(w *World) {
	vip, sales := w.Label(w.WS, "VIP"), w.Team(w.WS, "sales")
	a, b := w.Receive(w.Inbox, "a", "", "x").ID, w.Receive(w.Inbox, "b", "", "x").ID
	for _, id := range []conversation.ID{a, b} {
		w.Change(id, func(c *conversation.Conversation) error {
			c.Route(w.System(), sales)
			return c.AddLabels(w.System(), []catalog.LabelID{vip})
		})
	}
	find := func(to conversation.Reference, limit int) []conversation.ID {
		w.Helper()
		ids, err := w.F.Reader.Referring(w.Context(), w.WS, to, limit)
		w.OK(err)
		slices.Sort(ids)
		return ids
	}
	Same(w, find(conversation.Reference{Label: vip}, 10), []conversation.ID{a, b})
	Same(w, find(conversation.Reference{Team: sales}, 10), []conversation.ID{a, b})
	Same(w, len(find(conversation.Reference{Team: sales}, 1)), 1)
	Same(w, len(find(conversation.Reference{Label: "lab_none"}, 10)), 0)
	w.Change(a, func(c *conversation.Conversation) error {
		c.Route(w.System(), "")
		return c.SetLabels(w.System(), nil)
	})
	Same(w, find(conversation.Reference{Label: vip}, 10), []conversation.ID{b})
	Same(w, find(conversation.Reference{Team: sales}, 10), []conversation.ID{b})
	none, err := w.F.Reader.Referring(w.Context(), "wsp_none", conversation.Reference{Label: vip}, 10)
	w.OK(err)
	Same(w, len(none), 0)
	w.OK(w.F.Catalog.DeleteLabel(w.Context(), w.WS, vip, time.Now()))
	w.OK(w.F.Catalog.PurgeLabel(w.Context(), w.WS, vip)) // is still on b
	gone, err := w.F.Catalog.DeletedLabels(w.Context(), 10)
	w.OK(err)
	Same(w, len(gone), 1)
}
