package conversation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

func (d *desk) writes(external, clientID, text string) {
	d.Helper()
	_, err := d.service.Receive(d.Context(), d.plugin(), []channel.Inbound{{
		Inbox: d.Inbox.ID, External: clientID, Sender: channel.Person{External: external, Name: external}, Content: channel.Content{Text: text},
	}})
	d.OK(err)
}

func (d *desk) chatOf(external string) conversation.Conversation {
	d.Helper()
	c, err := d.fake.OfContact(d.Context(), d.WS, d.Inbox.ID, external)
	d.OK(err)
	if c == nil {
		d.Fatalf("%s has no conversation", external)
	}
	return *c
}

func TestNewConversationsWaitForTheTeamOfTheirInbox(t *testing.T) {
	d := newDesk(t)
	sales := d.Team(d.WS, "sales", d.agent.ID)
	_, err := d.F.Teams.Change(t.Context(), d.WS, sales, func(t *team.Team) error { t.Inboxes = []string{string(d.Inbox.ID)}; return nil })
	d.OK(err)
	d.writes("ext", "m1", "hello")
	c := d.chatOf("ext")
	if c.Team != sales || !c.InQueue() {
		t.Fatalf("it waits for %q: %+v", c.Team, c)
	}
	want := []conversation.ChangeType{conversation.Created, conversation.TeamChanged, conversation.MessageCreated, conversation.Queued}
	if got := d.kinds(c.ID, 0); !slices.Equal(got, want) {
		t.Errorf("its changes are %v", got)
	}
	if a := d.Timeline(c.ID, 1)[0].Actor.Kind; a != identity.ActorSystem {
		t.Errorf("%s sent it to the team", a)
	}
	d.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(d.Turn(d.agent)); return nil })
	d.writes("ext", "m2", "again")
	if c := d.chatOf("ext"); c.Team != sales {
		t.Errorf("later it waits for %q", c.Team)
	}
}

func TestTransfer(t *testing.T) {
	d := newDesk(t)
	sales, gone := d.Team(d.WS, "sales"), d.Team(d.WS, "gone")
	d.OK(d.F.Teams.Delete(t.Context(), d.WS, gone, d.Tick()))
	c := d.Receive(d.Inbox, "ext", "", "hello")
	none, nobody := team.ID(""), identity.MemberID("")
	send := func(to conversation.Destination) (conversation.Conversation, error) {
		return d.service.Transfer(t.Context(), as(d.Owner), c.ID, to)
	}
	got, err := send(conversation.Destination{Team: &sales})
	if err != nil || got.Team != sales || !got.InQueue() {
		t.Fatalf("to a team: %+v, %v", got, err)
	}
	got, err = send(conversation.Destination{Member: &d.agent.ID})
	if err != nil || got.Team != sales || got.Assignee != d.agent.ID {
		t.Fatalf("to a member: %+v, %v", got, err)
	}
	got, err = send(conversation.Destination{Member: &nobody})
	if err != nil || got.Team != sales || !got.InQueue() {
		t.Fatalf("back to its queue: %+v, %v", got, err)
	}
	got, err = send(conversation.Destination{Team: &none, Member: &d.agent.ID})
	if err != nil || got.Team != "" || got.Assignee != d.agent.ID {
		t.Fatalf("out of the team: %+v, %v", got, err)
	}
	_, err = send(conversation.Destination{})
	d.refused(err, errs.Invalid, "conversation.assign")
	_, err = send(conversation.Destination{Team: &gone})
	d.refused(err, errs.NotFound, "not_found")
	d.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(d.Turn(d.agent)); return nil })
	_, err = send(conversation.Destination{Team: &sales})
	d.refused(err, errs.Conflict, "conversation.resolved")
}

func TestAttributesAreChecked(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "", "hello")
	for key, typ := range map[string]catalog.Type{"seats": catalog.Number, "due": catalog.Date} {
		d.OK(d.F.Catalog.CreateAttribute(t.Context(), catalog.Attribute{
			Workspace: d.WS, ID: catalog.AttributeID("cat_" + key), Target: catalog.OfConversation, Key: key, Type: typ, Name: key,
		}))
	}
	got, err := d.service.SetAttributes(t.Context(), as(d.agent), c.ID, map[string]any{"seats": 12.0, "due": "2026-11-21", "gone": nil})
	if err != nil || got.Attributes["seats"] != 12.0 || got.Attributes["due"] != "2026-11-21" || len(got.Attributes) != 2 {
		t.Fatalf("got %v, %v", got.Attributes, err)
	}
	_, err = d.service.SetAttributes(t.Context(), as(d.agent), c.ID, map[string]any{"seats": "many", "due": "2026-02-30", "a/b": 1.0})
	d.refused(err, errs.Invalid, "attribute.invalid")
	var pointers []string
	for _, f := range errs.As(err).Fields {
		pointers = append(pointers, f.Pointer+" "+f.Code)
	}
	if !slices.Equal(pointers, []string{"/set/a~1b attribute.unknown", "/set/due attribute.value", "/set/seats attribute.value"}) {
		t.Errorf("it points at %v", pointers)
	}
}

func TestMergedAndWhatTheCustomerDoes(t *testing.T) {
	d := newDesk(t)
	d.writes("a", "m1", "from a")
	d.writes("b", "m1b", "from b")
	source, target := d.chatOf("a"), d.chatOf("b")
	d.Change(source.ID, func(c *conversation.Conversation) error {
		return c.Assign(d.Turn(d.agent), d.agent.ID, d.agent.Name, "member")
	})
	got, err := d.service.Merge(t.Context(), as(d.agent), source.ID, target.ID)
	if err != nil || got.ID != target.ID {
		t.Fatalf("got %s, %v", got.ID, err)
	}
	absorbed := d.Timeline(target.ID, target.LastSeq)[0]
	if absorbed.Type != conversation.Absorbed || string(absorbed.Data) == "" || absorbed.PublicSeq != 0 {
		t.Errorf("the target is told %+v", absorbed)
	}
	for _, u := range useCases() {
		err := u.run(t.Context(), d.service, as(d.Owner), source.ID, d.agent.ID)
		reads := u.name == "get" || u.name == "timeline" || u.name == "mark read"
		if reads != (err == nil) {
			t.Errorf("%s of a merged conversation: %v", u.name, err)
		}
	}
	if _, err := d.service.Merge(t.Context(), d.plugin(), source.ID, target.ID); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a plugin merges: %v", err)
	}
	_, err = d.service.Merge(t.Context(), as(d.agent), source.ID, source.ID)
	d.refused(err, errs.Invalid, "conversation.merge_self")
	d.writes("c", "m1c", "from c")
	third := d.chatOf("c")
	_, err = d.service.Merge(t.Context(), as(d.agent), third.ID, source.ID)
	d.refused(err, errs.Conflict, "conversation.merge_target")
	if f := errs.As(err).Fields; len(f) != 1 || f[0].Detail != string(target.ID) {
		t.Errorf("it names %+v", f)
	}
	_, err = d.service.Merge(t.Context(), as(d.agent), target.ID, third.ID)
	d.refused(err, errs.Conflict, "conversation.merge_absorbs")

	before := d.Get(target.ID).LastSeq
	d.writes("a", "m2", "are you there?")
	back := d.chatOf("a")
	if back.MergedInto != "" || back.State != conversation.Open || back.Assignee != d.agent.ID || back.LastPublicSeq != source.LastPublicSeq+2 {
		t.Errorf("after the customer wrote: %+v", back)
	}
	if got := d.Timeline(target.ID, before); len(got) != 1 || got[0].Type != conversation.Unmerged || got[0].Actor.Kind != identity.ActorContact {
		t.Errorf("the target is told %+v", got)
	}
	d.CheckSequences(source.ID)
	_, err = d.service.Unmerge(t.Context(), as(d.agent), source.ID)
	d.refused(err, errs.Conflict, "conversation.not_merged")
}

func TestUnmergeWhenTheAgentIsGone(t *testing.T) {
	d := newDesk(t)
	d.writes("a", "m1", "from a")
	d.writes("b", "m1b", "from b")
	source, target := d.chatOf("a"), d.chatOf("b")
	d.Change(source.ID, func(c *conversation.Conversation) error {
		return c.Assign(d.Turn(d.agent), d.agent.ID, d.agent.Name, "member")
	})
	_, err := d.service.Merge(t.Context(), as(d.Owner), source.ID, target.ID)
	d.OK(err)
	_, err = d.F.Identities.Members.ChangeMember(t.Context(), d.WS, d.agent.ID, func(m *identity.Member) error { m.Suspended = true; return nil })
	d.OK(err)
	got, err := d.service.Unmerge(t.Context(), as(d.Owner), source.ID)
	if err != nil || !got.InQueue() || got.Assignee != "" || !got.QueuedAt.Equal(source.WaitingSince) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestBulk(t *testing.T) {
	d := newDesk(t)
	vip := d.Label(d.WS, "VIP")
	a, b := d.Receive(d.Inbox, "a", "", "x").ID, d.Receive(d.Inbox, "b", "", "x").ID
	d.Change(b, func(c *conversation.Conversation) error { c.Resolve(d.Turn(d.agent)); return nil })
	do := func(scope identity.Scope, b conversation.Bulk) []conversation.Outcome {
		t.Helper()
		out, err := d.service.Bulk(t.Context(), scope, b)
		d.OK(err)
		return out
	}
	ids := []conversation.ID{a, "cnv_none", b, a}
	out := do(as(d.agent), conversation.Bulk{IDs: ids, Action: conversation.BulkSnooze, Until: d.now().Add(time.Hour)})
	if len(out) != 3 || out[0].ID != a || out[0].Err != nil || !errs.Is(out[1].Err, errs.NotFound) || !errs.Is(out[2].Err, errs.Conflict) {
		t.Fatalf("got %+v", out)
	}
	for _, action := range []conversation.Bulk{
		{Action: conversation.BulkReopen},
		{Action: conversation.BulkLabel, Labels: []catalog.LabelID{vip}},
		{Action: conversation.BulkPriority, Priority: conversation.High},
		{Action: conversation.BulkAssign, To: conversation.Destination{Member: &d.agent.ID}},
		{Action: conversation.BulkRead},
	} {
		action.IDs = []conversation.ID{a, b}
		for _, o := range do(as(d.agent), action) {
			if o.Err != nil {
				t.Errorf("%s: %v", action.Action, o.Err)
			}
		}
	}
	for _, id := range []conversation.ID{a, b} {
		c := d.Get(id)
		if c.State != conversation.Open || c.Assignee != d.agent.ID || !slices.Equal(c.Labels, []catalog.LabelID{vip}) || c.Priority != conversation.High {
			t.Errorf("%s: %+v", id, c)
		}
	}
	do(as(d.agent), conversation.Bulk{IDs: []conversation.ID{a, b}, Action: conversation.BulkUnlabel, Labels: []catalog.LabelID{vip}})
	do(as(d.agent), conversation.Bulk{IDs: []conversation.ID{a, b}, Action: conversation.BulkResolve})
	if c := d.Get(b); c.Labels != nil || c.State != conversation.Resolved {
		t.Errorf("at the end: %+v", c)
	}
	for name, bad := range map[string]conversation.Bulk{
		"none": {Action: conversation.BulkRead}, "too many": {Action: conversation.BulkRead, IDs: manyIDs(conversation.MaxBulk + 1)},
		"no action": {Action: "explode", IDs: ids}, "no label": {Action: conversation.BulkLabel, IDs: ids, Labels: []catalog.LabelID{"lab_none"}},
	} {
		if _, err := d.service.Bulk(t.Context(), as(d.agent), bad); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func manyIDs(n int) []conversation.ID {
	out := make([]conversation.ID, n)
	for i := range out {
		out[i] = conversation.ID(rune(i + 1))
	}
	return out
}

func TestSweep(t *testing.T) {
	d := newDesk(t)
	vip, sales := d.Label(d.WS, "VIP"), d.Team(d.WS, "sales")
	c := d.Receive(d.Inbox, "a", "", "x")
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.Route(d.System(), sales)
		return c.AddLabels(d.System(), []catalog.LabelID{vip})
	})
	d.OK(d.F.Catalog.DeleteLabel(t.Context(), d.WS, vip, d.Tick()))
	d.OK(d.F.Teams.Delete(t.Context(), d.WS, sales, d.Tick()))
	n, err := d.service.Sweep(t.Context())
	if err != nil || n != 2 {
		t.Fatalf("swept %d, %v", n, err)
	}
	if got := d.Get(c.ID); got.Labels != nil || got.Team != "" || !got.InQueue() {
		t.Errorf("after it: %+v", got)
	}
	gone, err := d.F.Catalog.DeletedLabels(t.Context(), 10)
	d.OK(err)
	left, err := d.fake.Teams.Deleted(t.Context(), 10)
	d.OK(err)
	if len(gone)+len(left) != 0 {
		t.Errorf("left: %v, %v", gone, left)
	}
	if n, err := d.service.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestFollow(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "a", "", "x")
	for _, m := range []identity.Member{d.agent, d.Owner} {
		_, err := d.service.Follow(t.Context(), as(m), c.ID, true)
		d.OK(err)
	}
	_, err := d.service.Follow(t.Context(), as(d.Owner), c.ID, false)
	d.OK(err)
	if got := d.Get(c.ID).Participants; !slices.Equal(got, []identity.MemberID{d.agent.ID}) {
		t.Errorf("followed by %v", got)
	}
	_, err = d.service.SetParticipants(t.Context(), as(d.agent), c.ID, []identity.MemberID{"mem_none"})
	d.refused(err, errs.NotFound, "not_found")
	_, err = d.service.SetLabels(t.Context(), as(d.agent), c.ID, []catalog.LabelID{"lab_none"})
	d.refused(err, errs.NotFound, "not_found")
}
