package dispatch_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
)

// readPlan reads a plan that names everything.
func readPlan(t *testing.T, text string) dispatch.Plan {
	t.Helper()
	var p dispatch.Plan
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

const blended = `{"order": {"by": "cost"}, "agents": {"by": "pack", "reserve": {"free": 2, "channels": ["voice"]}}, "starvation": 3,
"channels": {"voice": {"weight": 6, "limit": 1, "exclusive": true, "target_s": 20, "cost": 5, "handling_s": 240}, "mail": {"limit": -1, "cost": 0}},
"values": [{"value": 1, "cost": 3}], "sticky": {"for_s": 30}}`

func TestPlanCompiles(t *testing.T) {
	t.Parallel()
	var voice [dispatch.Channels]bool
	voice[dispatch.Voice] = true
	p := readPlan(t, blended)
	want := dispatch.Policy{
		Items: dispatch.CMu{
			Costs:    [dispatch.Channels]float64{dispatch.Voice: 5, dispatch.Mail: -1},
			Handling: [dispatch.Channels]time.Duration{dispatch.Voice: 4 * time.Minute}, Values: map[int]float64{1: 3},
		},
		Agents: dispatch.Reserve{Among: dispatch.Pack{}, Free: 2, For: voice}, Match: dispatch.BySkill{}, Starve: 3,
	}
	if got := p.Policy(); !reflect.DeepEqual(got, want) {
		t.Errorf("compiled to %+v, want %+v", got, want)
	}
	if got := p.Limits(); got != (dispatch.PerChannel{dispatch.Voice: 1, dispatch.Mail: dispatch.Never}) {
		t.Errorf("limits %v", got)
	}
	got := p.Shape(dispatch.Item{Channel: dispatch.Voice, Weight: 1, Sticky: "mem_1", WaitingSince: epoch})
	shaped := dispatch.Item{
		Channel: dispatch.Voice, Weight: 6, Exclusive: true, Target: 20 * time.Second, WaitingSince: epoch,
		Sticky: "mem_1", StickyFor: 30 * time.Second,
	}
	if !got.Equal(shaped) {
		t.Errorf("shaped to %+v", got)
	}
	again, err := json.Marshal(p)
	if err != nil || !reflect.DeepEqual(readPlan(t, string(again)), p) {
		t.Errorf("written as %s, %v", again, err)
	}
}

func TestPlanOfNothing(t *testing.T) {
	t.Parallel()
	var p dispatch.Plan
	if warnings, err := p.Check(); err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	want := dispatch.Policy{Items: dispatch.FIFO{}, Agents: dispatch.LongestIdle{}, Match: dispatch.BySkill{}, Starve: 4}
	if got := p.Policy(); !reflect.DeepEqual(got, want) {
		t.Errorf("compiled to %+v", got)
	}
	it := dispatch.Item{Weight: 1, WaitingSince: epoch}
	if got := p.Shape(it); !got.Equal(it) || p.Limits() != (dispatch.PerChannel{}) {
		t.Errorf("an item is %+v", got)
	}
}

func TestPlanOrders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dispatch.Policy{
		`{"order": {"by": "arrival"}, "starvation": -1}`:                       {Items: dispatch.FIFO{}, Agents: dispatch.LongestIdle{}},
		`{"order": {"by": "value"}, "agents": {"by": "least_loaded"}}`:         {Items: dispatch.StrictPriority{}, Agents: dispatch.LeastLoaded{}, Starve: 4},
		`{"order": {"by": "deadline"}, "agents": {"by": "longest_idle"}}`:      {Items: dispatch.Deadline{}, Agents: dispatch.LongestIdle{}, Starve: 4},
		`{"order": {"by": "ageing", "boost_s": 60}, "agents": {"by": "pack"}}`: {Items: dispatch.Ageing{Boost: time.Minute}, Agents: dispatch.Pack{}, Starve: 4},
	} {
		want.Match = dispatch.BySkill{}
		p := readPlan(t, text)
		if _, err := p.Check(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got := p.Policy(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is compiled to %+v", text, got)
		}
	}
}

func TestPlanRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`{"order": {"by": "luck"}}`:                        {"/order/by enum"},
		`{"order": {"by": "ageing"}}`:                      {"/order/boost_s required"},
		`{"order": {"boost_s": -1}}`:                       {"/order/boost_s range"},
		`{"agents": {"by": "x", "reserve": {"free": -1}}}`: {"/agents/by enum", "/agents/reserve/free range"},
		`{"starvation": 0.5}`:                              {"/starvation range"},
		`{"starvation": -2}`:                               {"/starvation range"},
		`{"channels": {"chat": {"weight": -1, "limit": -2, "target_s": -1, "cost": -1, "handling_s": -1}}}`: {
			"/channels/chat/cost range", "/channels/chat/handling_s range", "/channels/chat/limit range",
			"/channels/chat/target_s range", "/channels/chat/weight range",
		},
		`{"values": [{"value": 1, "cost": 2}, {"value": 1, "cost": 1e7}, {"value": 0, "cost": 1}]}`: {
			"/values/1/cost range", "/values/1/value taken", "/values/2/value range",
		},
		`{"sticky": {"for_s": -1}}`: {"/sticky/for_s range"},
	} {
		_, err := readPlan(t, text).Check()
		var got []string
		if e := errs.As(err); errs.Is(err, errs.Invalid) && e.Code == "dispatch.plan" {
			for _, f := range e.Fields {
				got = append(got, f.Pointer+" "+f.Code)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is refused for %v, want %v", text, got, want)
		}
	}
	many := dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{9: {}}}
	for i := range 21 {
		many.Values = append(many.Values, dispatch.ValuePlan{Value: 1 + i})
	}
	if _, err := many.Check(); err == nil || len(errs.As(err).Fields) != 2 {
		t.Errorf("too many values and an unknown channel: %v", err)
	}
	for _, text := range []string{`{"channels": {"fax": {}}}`, `{"agents": {"reserve": {"channels": ["fax"]}}}`} {
		if err := json.Unmarshal([]byte(text), new(dispatch.Plan)); err == nil || !strings.Contains(err.Error(), `"fax" is no channel`) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPlanWarns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		blended: {
			"/channels/mail/cost starves", "/channels/mail/limit to_nobody", "/channels/voice/weight too_heavy",
		},
		`{"order": {"by": "value"}, "starvation": -1}`: {"/order/by starves"},
		`{"order": {"by": "value"}, "channels": {"chat": {"target_s": 60}, "message": {"target_s": 60}, "mail": {"target_s": 60}, "voice": {"target_s": 9}}}`: {
			"/channels/ticket/target_s starves",
		},
		`{"order": {"by": "cost"}, "starvation": -1, "values": [{"value": 2, "cost": 0}], "channels": {"chat": {"cost": 0, "target_s": 9}}}`: {
			"/channels/chat/cost starves", "/values/0/cost starves",
		},
		`{"order": {"by": "cost"}, "channels": {"chat": {"cost": 0, "target_s": 9}}}`: nil,
		`{"agents": {"reserve": {"free": 1, "channels": ["chat"]}}}`:                  {"/agents/reserve/channels/0 not_exclusive"},
	} {
		warnings, err := readPlan(t, text).Check(2, 5)
		var got []string
		for _, w := range warnings {
			got = append(got, w.Pointer+" "+w.Code)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: warned of %v, %v; want %v", text, got, err, want)
		}
	}
}
