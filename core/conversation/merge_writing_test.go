package conversation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
)

// merging is a source with a scheduled message and a draft, and its target.
type merging struct {
	*desk
	source, target conversation.ID
	m              conversation.Scheduled
}

func newMerging(t *testing.T, change func(*conversation.Schedule)) *merging {
	t.Helper()
	d := &merging{desk: newDesk(t)}
	d.source, d.target = d.Receive(d.Inbox, "a", "", "from a").ID, d.Receive(d.Inbox, "b", "", "from b").ID
	d.m = d.later(d.source, "later", change)
	_, err := d.service.SaveDraft(t.Context(), as(d.agent), conversation.DraftPatch{Conversation: d.source, Kind: conversation.Text, Text: "half a sent"})
	d.OK(err)
	return d
}

func (d *merging) merge() {
	d.Helper()
	_, err := d.service.Merge(d.Context(), as(d.agent), d.source, d.target)
	d.OK(err)
}

func (d *merging) unmerge() {
	d.Helper()
	_, err := d.service.Unmerge(d.Context(), as(d.agent), d.source)
	d.OK(err)
}

// listed returns the source's one scheduled message.
func (d *merging) listed() conversation.Scheduled {
	d.Helper()
	all, err := d.service.Scheduled(d.Context(), as(d.agent), d.source)
	d.OK(err)
	if len(all) != 1 {
		d.Fatalf("listed %+v", all)
	}
	return all[0]
}

// lawful checks the law over what happens: fetch, then apply, is fetch.
func (d *merging) lawful(happens func()) {
	d.Helper()
	before := map[conversation.ID]conversation.Conversation{d.source: d.Get(d.source), d.target: d.Get(d.target)}
	happens()
	for id, c := range before {
		for _, ch := range d.Timeline(id, c.LastSeq) {
			c = conversationtest.Apply(c, ch)
		}
		conversationtest.Same(d.World, c, d.Get(id))
		d.CheckSequences(id)
	}
}

// What was planned in a conversation is not sent while it is merged: whoever
// wrote it is told so, neither customer reads it, and it can be given another
// time when the merge was undone.
func TestAMergedConversationSendsNothing(t *testing.T) {
	d := newMerging(t, nil)
	d.lawful(d.merge)
	if got := d.listed(); got.State != conversation.ScheduledWaits {
		t.Errorf("after the merge it is %+v", got)
	}
	d.pass(time.Hour)
	d.lawful(func() { d.sendDue(1) })
	got := d.listed()
	if got.State != conversation.ScheduledHasFailed || got.Code != "conversation.merged" || !strings.Contains(got.Detail, "merged") {
		t.Errorf("when its time came it is %+v", got)
	}
	d.sendDue(0)
	for _, id := range []conversation.ID{d.source, d.target} {
		if texts := d.texts(id); len(texts) != 1 {
			t.Errorf("a customer reads %v", texts)
		}
	}
	at := d.now().Add(time.Hour)
	_, err := d.service.Reschedule(t.Context(), as(d.agent), d.source, d.m.ID, conversation.ScheduledPatch{SendAt: &at})
	d.refused(err, errs.Conflict, "conversation.merged")
	_, _, err = d.service.Schedule(t.Context(), as(d.agent), conversation.Schedule{Conversation: d.source, ClientID: "new", Text: "x", SendAt: at})
	d.refused(err, errs.Conflict, "conversation.merged")

	d.lawful(d.unmerge)
	d.lawful(func() {
		_, err = d.service.Reschedule(t.Context(), as(d.agent), d.source, d.m.ID, conversation.ScheduledPatch{SendAt: &at})
		d.OK(err)
	})
	d.pass(time.Hour)
	d.lawful(func() { d.sendDue(1) })
	if texts := d.texts(d.source); !slices.Equal(texts, []string{"from a", "how was it?"}) {
		t.Errorf("in the end the customer reads %v", texts)
	}
}

// A merge that is undone in time changes nothing of what was planned.
func TestAMergeUndoneInTimeKeepsThePlan(t *testing.T) {
	d := newMerging(t, nil)
	d.merge()
	d.unmerge()
	d.pass(time.Hour)
	d.lawful(func() { d.sendDue(1) })
	if texts := d.texts(d.source); !slices.Equal(texts, []string{"from a", "how was it?"}) {
		t.Errorf("the customer reads %v", texts)
	}
}

// A customer who writes again ends the merge, and the plan stands as it was
// made: sent, or given up where it was to be sent only without a reply.
func TestTheCustomerEndsTheMergeAndThePlanStands(t *testing.T) {
	for unless, want := range map[bool]conversation.ChangeType{false: conversation.ScheduledSent, true: conversation.ScheduledCancelled} {
		d := newMerging(t, func(p *conversation.Schedule) { p.UnlessReply = unless })
		d.merge()
		d.lawful(func() { d.writes("a", "again", "and another thing") })
		if c := d.Get(d.source); c.MergedInto != "" || c.State != conversation.Open {
			t.Fatalf("the source is %+v", c)
		}
		before := d.Get(d.source).LastSeq
		d.pass(time.Hour)
		d.lawful(func() { d.sendDue(1) })
		if kinds := d.kinds(d.source, before); !slices.Contains(kinds, want) {
			t.Errorf("unless they reply: %v; it made %v", unless, kinds)
		}
	}
}

// What is merged can still be cleared of plans.
func TestCancellingInAMergedConversation(t *testing.T) {
	d := newMerging(t, nil)
	d.merge()
	d.lawful(func() { d.OK(d.service.CancelScheduled(t.Context(), as(d.agent), d.source, d.m.ID)) })
	d.pass(2 * time.Hour)
	d.sendDue(0)
	d.unmerge()
	d.sendDue(0)
	if texts := d.texts(d.source); len(texts) != 1 {
		t.Errorf("the customer reads %v", texts)
	}
}

// A draft is its writer's own: merging and undoing leave it where it is, and
// no event tells of it.
func TestADraftOutlivesAMerge(t *testing.T) {
	d := newMerging(t, nil)
	check := func(when string) {
		t.Helper()
		got, err := d.service.Draft(t.Context(), as(d.agent), d.source)
		d.OK(err)
		all, err := d.service.Drafts(t.Context(), as(d.agent))
		d.OK(err)
		if got.Text != "half a sent" || len(all) != 1 || all[0].Conversation != d.source {
			t.Errorf("%s: %+v, all %+v", when, got, all)
		}
		if of, err := d.service.Draft(t.Context(), as(d.agent), d.target); err != nil || !of.Empty() {
			t.Errorf("%s the target's is %+v, %v", when, of, err)
		}
	}
	d.lawful(d.merge)
	check("merged")
	_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: d.source, ClientID: "x", Kind: conversation.Text, Text: "half a sent"})
	d.refused(err, errs.Conflict, "conversation.merged")
	check("refused")
	d.lawful(d.unmerge)
	check("undone")
}
