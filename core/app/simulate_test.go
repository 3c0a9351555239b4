package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/policy/policytest"
)

// TestCommandSaysWhatThePageSays: the files of a comparison give patchbay simulate
// the same results, for each side.
func TestCommandSaysWhatThePageSays(t *testing.T) {
	t.Parallel()
	s := policy.NewService(policytest.NewFake(eventtest.NewFeed()), policytest.Budgets{2}, policytest.Recorder{"2026-11-20": policytest.Busy()}, time.Now)
	owner := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleOwner}}
	plan := dispatch.Plan{Order: dispatch.OrderPlan{By: "deadline"}, Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Chat: {Weight: 2}}}
	if _, err := s.Save(t.Context(), owner, 0, plan); err != nil {
		t.Fatal(err)
	}
	sides := [2]policy.Side{{Plan: policy.WhichDraft, Staffing: []policy.Headcount{{Group: "1. sales", Count: 3}}}, {Plan: policy.WhichCurrent}}
	for _, day := range []policy.Day{{Kind: policy.DayRecorded, Date: "2026-11-20", Seed: 42}, {Kind: policy.DayOwn, Seed: 3, Staff: []policy.Staff{{Count: 2, Capacity: 2}}, Streams: []policy.Stream{{Channel: "chat", PerHour: 20, HandlingS: 300, PatienceS: 200}}}} {
		if day.Kind == policy.DayOwn {
			sides[0].Staffing[0].Group = "1"
		}
		c, err := s.Compare(t.Context(), owner, sides, day)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range c.Played {
			got, want := commanded(t, p.Scenario, p.Plan), p.Result
			got.Way, want.Way = "", ""
			if raw, again := asJSON(t, want), asJSON(t, got); raw != again || p.Result.All.Arrived == 0 {
				t.Errorf("%s, side %d: the command says\n%s\nthe comparison\n%s", day.Kind, i, again, raw)
			}
		}
		if reflect.DeepEqual(c.Played[0].Result.All, c.Played[1].Result.All) {
			t.Errorf("%s: the sides do not differ", day.Kind)
		}
	}
}

// commanded plays the files of a side by the command.
func commanded(t *testing.T, scenario simulate.Scenario, plan dispatch.Plan) simulate.Result {
	t.Helper()
	dir := t.TempDir()
	files := map[string]any{"day.json": scenario, "policy.json": plan}
	for name, v := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(asJSON(t, v)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	err := app.Simulation{File: filepath.Join(dir, "day.json"), Policies: []string{filepath.Join(dir, "policy.json")}, Days: 1, JSON: true, Out: &out}.Run(t.Context())
	var said struct {
		Policies []struct{ Days []simulate.Result }
	}
	if err == nil {
		err = json.Unmarshal([]byte(out.String()), &said)
	}
	if err != nil {
		t.Fatal(err)
	}
	return said.Policies[0].Days[0]
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
