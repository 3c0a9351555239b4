package traffic_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/traffic"
)

// office is a workspace that a test made up: its journal, its queues, its people.
type office struct {
	queue.Store // whose Queues alone is asked

	events   []figures.Event
	present  map[identity.MemberID]dispatch.Status
	switches []traffic.Switch
	queues   []queue.Queue
	people   []queue.Colleague
	now      time.Time
}

func (o *office) Histories(_ context.Context, _ identity.WorkspaceID, _, _ time.Time, fn func(figures.Event, dispatch.Channel) error) error {
	events := slices.Clone(o.events)
	slices.SortStableFunc(events, func(a, b figures.Event) int { return strings.Compare(a.Subject, b.Subject) })
	for _, e := range events {
		if err := fn(e, dispatch.Chat); err != nil {
			return err
		}
	}
	return nil
}

func (o *office) Present(context.Context, identity.WorkspaceID, time.Time) (map[identity.MemberID]dispatch.Status, error) {
	return o.present, nil
}

func (o *office) Switches(context.Context, identity.WorkspaceID, time.Time) ([]traffic.Switch, error) {
	return o.switches, nil
}

func (o *office) Waits(_ context.Context, _ identity.WorkspaceID, since time.Time) (map[time.Time]int, error) {
	out := map[time.Time]int{}
	for _, e := range o.events {
		if e.Type == string(conversation.Queued) && !e.At.Before(since) {
			out[e.At.Truncate(15*time.Minute)]++
		}
	}
	return out, nil
}

func (o *office) Queues(context.Context, identity.WorkspaceID, page.Request) (page.Page[queue.Queue], error) {
	return page.Page[queue.Queue]{Items: o.queues}, nil
}

func (o *office) Staff(context.Context, identity.WorkspaceID) ([]queue.Colleague, error) {
	return o.people, nil
}

func (o *office) Agents(context.Context, identity.WorkspaceID) ([]dispatch.AgentRow, error) {
	var out []dispatch.AgentRow
	for _, p := range o.people {
		out = append(out, dispatch.AgentRow{AgentState: dispatch.AgentState{Member: p.Member}, Capacity: 4, Limits: dispatch.PerChannel{dispatch.Mail: dispatch.Never}})
	}
	return out, nil
}

func (o *office) Teams(context.Context, identity.WorkspaceID, page.Request) (page.Page[team.Team], error) {
	return page.Page[team.Team]{Items: []team.Team{{ID: "tea_1", Name: "Sales"}}}, nil
}

func (o *office) Skills(context.Context, identity.WorkspaceID, page.Request) (page.Page[queue.Skill], error) {
	return page.Page[queue.Skill]{Items: []queue.Skill{{ID: "skl_de", Name: "German"}}}, nil
}

func (o *office) Calendars(context.Context, identity.WorkspaceID, page.Request) (page.Page[calendar.Calendar], error) {
	return page.Page[calendar.Calendar]{}, nil
}

func (o *office) service() *traffic.Service {
	return traffic.NewService(traffic.Deps{
		Journal: o, Queues: o, Skills: o, Teams: o, People: o, Calendars: o, Zone: time.UTC, Now: func() time.Time { return o.now },
	})
}

var midnight = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return midnight.Add(time.Duration(minutes) * time.Minute) }

// add adds a change of a conversation.
func (o *office) add(typ conversation.ChangeType, id string, minutes int, by identity.ActorKind, who string, data any) {
	e := figures.Event{Type: string(typ), Subject: id, At: at(minutes), Actor: by, ActorID: who, Seq: uint64(len(o.events)) + 1}
	if data != nil {
		e.Data, _ = json.Marshal(data)
	}
	o.events = append(o.events, e)
}

type obj = map[string]any

const (
	customer = identity.ActorContact
	member   = identity.ActorMember
	system   = identity.ActorSystem
)

// came makes a conversation wait in que_1, of tea_1.
func (o *office) came(id string, minutes int, queued obj) {
	o.add(conversation.Created, id, minutes, customer, "", nil)
	queued["reason"] = "new"
	o.add(conversation.Queued, id, minutes, customer, "", queued)
	o.add(conversation.TeamChanged, id, minutes, system, "", obj{"queue_id": "que_1", "team_id": "tea_1"})
}

func (o *office) given(id string, minutes int, to string) {
	o.add(conversation.Assigned, id, minutes, system, "", obj{"assignee_id": to})
}

// anOffice is a day that a person can follow.
func anOffice() *office {
	o := &office{
		now:     at(3 * 24 * 60),
		present: map[identity.MemberID]dispatch.Status{"mem_off": dispatch.Offline},
		queues:  []queue.Queue{{ID: "que_1", Name: "Chats", Team: "tea_1", Plan: queue.Plan{Target: time.Minute, Value: 2, Calendar: "cal_1", Needs: []queue.Need{{Skill: "skl_de", Level: 2}}}}},
		people: []queue.Colleague{
			{Member: "mem_1", Teams: []team.ID{"tea_1"}, Skills: []queue.Need{{Skill: "skl_de", Level: 3}}},
			{Member: "mem_2", Teams: []team.ID{"tea_1"}, Skills: []queue.Need{{Skill: "skl_de", Level: 3}}},
			{Member: "mem_3"},
			{Member: "mem_off"},
		},
		switches: []traffic.Switch{
			{Member: "mem_1", At: at(9 * 60), From: dispatch.Offline, To: dispatch.Available},
			{Member: "mem_2", At: at(9*60 + 4), From: dispatch.Away, To: dispatch.Available},
			{Member: "mem_1", At: at(12 * 60), From: dispatch.Available, To: dispatch.Away},
			{Member: "mem_1", At: at(13 * 60), From: dispatch.Away, To: dispatch.Available},
			{Member: "mem_1", At: at(17*60 + 10), From: dispatch.Available, To: dispatch.Offline},
			{Member: "mem_2", At: at(17 * 60), From: dispatch.Available, To: dispatch.Offline},
			{Member: "mem_1", At: at(33 * 60), From: dispatch.Offline, To: dispatch.Available},
		},
	}
	// Yesterday's: one waits until the morning, one is in hand until it is late.
	o.came("cnv_0", -30, obj{})
	o.given("cnv_0", 9*60+1, "mem_1")
	o.add(conversation.ResolvedChange, "cnv_0", 9*60+11, member, "mem_1", nil)
	o.came("cnv_1", -60, obj{})
	o.given("cnv_1", -50, "mem_1")
	o.add(conversation.ResolvedChange, "cnv_1", 600, member, "mem_1", nil)
	// One waits a minute, is handled for 10, sleeps, and is handled for 5.
	o.came("cnv_2", 600, obj{})
	o.given("cnv_2", 601, "mem_1")
	o.add(conversation.SnoozedChange, "cnv_2", 611, member, "mem_1", nil)
	o.add(conversation.Unsnoozed, "cnv_2", 700, system, "", nil)
	o.add(conversation.ResolvedChange, "cnv_2", 705, member, "mem_1", nil)
	// One is worth more, comes back from a member and is handled by another.
	o.came("cnv_3", 610, obj{"rule": obj{"value": 5, "skills": []obj{{"skill_id": "skl_de", "level": 3}}}})
	o.given("cnv_3", 612, "mem_1")
	o.add(conversation.Queued, "cnv_3", 615, member, "mem_1", obj{"reason": "released", "team_id": "tea_1"})
	o.given("cnv_3", 620, "mem_2")
	o.add(conversation.ResolvedChange, "cnv_3", 624, member, "mem_2", nil)
	// One leaves after 4 minutes; one is still with a member.
	o.came("cnv_4", 640, obj{})
	o.add(figures.Abandoned, "cnv_4", 644, system, "", obj{"queue_id": "que_1"})
	o.add(conversation.ResolvedChange, "cnv_4", 644, system, "", nil)
	o.came("cnv_5", 700, obj{})
	o.given("cnv_5", 702, "mem_2")
	// One is begun by somebody whose presence was not recorded, one by somebody who is no more.
	o.add(conversation.Created, "cnv_6", 800, member, "mem_3", nil)
	o.add(conversation.Assigned, "cnv_6", 800, member, "mem_3", obj{"assignee_id": "mem_3"})
	o.add(conversation.ResolvedChange, "cnv_6", 830, member, "mem_3", nil)
	o.add(conversation.MessageCreated, "cnv_6", 840, member, "mem_gone", nil)
	// Tomorrow's is not of the day; nor is what was over before it.
	o.came("cnv_7", 24*60, obj{})
	o.came("cnv_8", -300, obj{})
	o.add(conversation.ResolvedChange, "cnv_8", -200, member, "mem_1", nil)
	return o
}

// TestADay: what becomes of a day that a person can follow.
func TestADay(t *testing.T) {
	t.Parallel()
	d, err := anOffice().service().Day(t.Context(), "wsp_1", "2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	// Six waited: for 9 h 1 min, 1, 2, 4 (and left), 2 minutes.
	waited := simulate.Seconds((541 + 1 + 2 + 4 + 2) * 60)
	want := []simulate.Arrival{
		{At: 0, Queue: "Chats, chat, value 2", Handling: 600, Waited: 541 * 60},
		{At: 36000, Queue: "Chats, chat, value 2", Handling: 900, Waited: 60},
		{At: 36600, Queue: "Chats, chat, value 5, German 3", Handling: 420, Waited: 120},
		{At: 38400, Queue: "Chats, chat, value 2", Patience: 240},
		{At: 42000, Queue: "Chats, chat, value 2", Waited: 120},
	}
	if !reflect.DeepEqual(d.Scenario.Arrivals, want) {
		t.Errorf("arrivals\n%+v, want\n%+v", d.Scenario.Arrivals, want)
	}
	if len(d.Scenario.Queues) != 2 || len(d.Streams) != 2 {
		t.Fatalf("queues: %+v", d.Scenario.Queues)
	}
	q, own := d.Scenario.Queues[0], d.Scenario.Queues[1]
	if q.Group != "Sales" || q.Target != 60 || q.Value != 2 || q.Skills["German"] != 2 || q.Patience != waited || q.Handling.Mean != 750 || q.Handling.CV != 0.283 {
		t.Errorf("the queue: %+v", q)
	}
	if own.Skills["German"] != 3 || own.Value != 5 || own.Handling.Mean != 420 || own.Patience != waited || d.Streams[1].Queue != "que_1" {
		t.Errorf("what asks for more: %+v", own)
	}
	wantGaps := []traffic.Gap{
		{Code: traffic.GapHandling, Count: 2},
		{Code: traffic.GapCarried, Count: 1},
		{Code: traffic.GapInHand, Count: 1},
		{Code: traffic.GapDirect, Count: 1},
		{Code: traffic.GapPresence, Count: 1},
		{Code: traffic.GapGone, Count: 1},
		{Code: traffic.GapHours, Count: 1},
	}
	if !reflect.DeepEqual(d.Gaps, wantGaps) {
		t.Errorf("gaps %+v, want %+v", d.Gaps, wantGaps)
	}
	if len(d.Scenario.Staff) != 3 || len(d.Groups) != 2 {
		t.Fatalf("staff: %+v", d.Scenario.Staff)
	}
	early := d.Groups[slices.IndexFunc(d.Groups, func(g traffic.Group) bool { return g.Count == 2 })]
	if early.From != 9*3600 || early.To != 17*3600 || early.Capacity != 4 || !strings.Contains(early.Key, "09:00-17:00, Sales, German 3") {
		t.Errorf("the group: %+v", early)
	}
	var shifts [][]simulate.Shift
	for _, st := range d.Scenario.Staff {
		shifts = append(shifts, st.Shifts)
		if st.Budget != 4 || st.Limits["mail"] != dispatch.Never {
			t.Errorf("%+v", st)
		}
	}
	for _, want := range [][]simulate.Shift{{{From: 32400, To: 43200}, {From: 46800, To: 61800}}, {{From: 32640, To: 61200}}, {{From: 48000, To: 49800}}} {
		if !slices.ContainsFunc(shifts, func(s []simulate.Shift) bool { return reflect.DeepEqual(s, want) }) {
			t.Errorf("no %+v in %+v", want, shifts)
		}
	}
	if d.Zone != "UTC" || !d.Since.Equal(midnight) || !d.Until.Equal(midnight.AddDate(0, 0, 1)) || d.Scenario.Length != 86400 {
		t.Errorf("from %v to %v in %s", d.Since, d.Until, d.Zone)
	}
	way := simulate.Planned("default", dispatch.Plan{})
	a, err := simulate.Run(t.Context(), d.Scenario, way)
	if err != nil || a.All.Arrived != 5 || a.All.Served == 0 {
		t.Fatalf("%+v, %v", a.All, err)
	}
	if b, err := simulate.Run(t.Context(), d.Scenario, way); err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("played again it is something else (%v)", err)
	}
}

// TestTheSameDay: it does not matter when the day is asked for, once what came on
// it is done.
func TestTheSameDay(t *testing.T) {
	t.Parallel()
	o := anOffice()
	a, err := o.service().Day(t.Context(), "wsp_1", "2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	o.now = o.now.AddDate(0, 0, 5)
	if b, err := o.service().Day(t.Context(), "wsp_1", "2026-11-20"); err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v\n%v", a, b, err)
	}
}

func TestTodayIsPlayedUntilNow(t *testing.T) {
	t.Parallel()
	o := anOffice()
	o.now = at(11 * 60)
	o.events = slices.DeleteFunc(o.events, func(e figures.Event) bool { return e.At.After(o.now) })
	o.switches = slices.DeleteFunc(o.switches, func(s traffic.Switch) bool { return s.At.After(o.now) })
	d, err := o.service().Day(t.Context(), "wsp_1", "2026-11-20")
	if err != nil || d.Scenario.Length != 11*3600 || d.Gaps[0].Code != traffic.GapToday || !d.Until.Equal(o.now) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDaysThatCannotBe(t *testing.T) {
	t.Parallel()
	o := anOffice()
	for date, code := range map[string]string{
		"yesterday": "format", "2026-11-31": "format", "2026-11-24": "range", "2026-10-01": "range", "2026-11-10": "empty",
	} {
		_, err := o.service().Day(t.Context(), "wsp_1", date)
		if e := errs.As(err); !errs.Is(err, errs.Invalid) || e.Code != traffic.CodeDay || len(e.Fields) != 1 || e.Fields[0].Code != code || e.Fields[0].Pointer != "/day/date" {
			t.Errorf("%s: %v", date, err)
		}
	}
	o.people = nil
	if _, err := o.service().Day(t.Context(), "wsp_1", "2026-11-20"); err == nil || errs.As(err).Fields[0].Code != "empty" {
		t.Errorf("nobody was there: %v", err)
	}
	o = anOffice()
	for range traffic.MaxCustomers + 1 {
		id := "cnv_x"
		o.add(conversation.Queued, id, 600, customer, "", obj{})
		o.add(conversation.ResolvedChange, id, 600, member, "mem_1", nil)
	}
	if _, err := o.service().Day(t.Context(), "wsp_1", "2026-11-20"); err == nil || errs.As(err).Fields[0].Code != "too_many" {
		t.Errorf("too many: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	c, err := anOffice().service().List(t.Context(), "wsp_1")
	want := []traffic.Count{{Date: "2026-11-21", Waits: 1}, {Date: "2026-11-20", Waits: 5}, {Date: "2026-11-19", Waits: 3}}
	if err != nil || c.Zone != "UTC" || !reflect.DeepEqual(c.Days, want) {
		t.Errorf("%+v, %v", c, err)
	}
}
