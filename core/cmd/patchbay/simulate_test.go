package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"
)

// typed runs a command of ours and returns what it prints.
func typed(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// TestSimulateAsDocumented types the example of the page, with its files, and
// finds what the page prints.
func TestSimulateAsDocumented(t *testing.T) {
	seen := 0
	for _, p := range pages(t) {
		if !strings.HasPrefix(p.name, "docs/operate/simulate.") {
			continue
		}
		seen++
		var files []string
		var printed string
		for _, b := range p.blocks() {
			switch b.language {
			case "yaml":
				files = append(files, b.code)
			case "text":
				printed = b.code
			}
		}
		if len(files) != 2 || printed == "" {
			t.Fatalf("%s: %d files", p.name, len(files))
		}
		t.Chdir(t.TempDir())
		for i, name := range []string{"scenario.yaml", "policy.yaml"} {
			if err := os.WriteFile(name, []byte(files[i]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := typed(t, "simulate", "scenario.yaml", "--days", "10", "--policy", "policy.yaml", "--policy", "round-robin")
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		if runtime.GOARCH != "amd64" { // others may round a logarithm differently
			continue
		}
		if got != printed {
			t.Errorf("%s prints\n%s\nand it is\n%s", p.name, printed, got)
		}
	}
	if seen != 2 {
		t.Errorf("%d pages", seen)
	}
}

func TestSimulateForPrograms(t *testing.T) {
	got, err := typed(t, "simulate", "--synthetic", "digital", "--load", "0.5", "--days", "2", "--policy", "everyday", "--policy", "least-loaded", "--policy", "poll", "--policy", "default", "--json")
	var answer struct {
		Policies []struct {
			Policy   string `json:"policy"`
			Warnings []any  `json:"warnings"`
			Days     []struct {
				Seed   uint64 `json:"seed"`
				All    struct{ Arrived, Served int }
				Series []any
				Queues []struct{ Name string }
			} `json:"days"`
		} `json:"policies"`
	}
	if err == nil {
		err = json.Unmarshal([]byte(got), &answer)
	}
	if err != nil || len(answer.Policies) != 4 {
		t.Fatalf("%v\n%s", err, got)
	}
	for _, p := range answer.Policies {
		if len(p.Days) != 2 || p.Days[1].Seed != p.Days[0].Seed+1 || len(p.Days[0].Series) != 32 || len(p.Days[0].Queues) != 16 ||
			p.Days[0].All.Arrived != answer.Policies[0].Days[0].All.Arrived || p.Days[0].All.Served == 0 || p.Warnings == nil {
			t.Errorf("%s: %d days", p.Policy, len(p.Days))
		}
	}
}

func TestSimulateRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"typo.yaml":   "surplus_s: 3600\n",
		"short.yaml":  "length_s: 3600\nqueues: [{name: chat, channel: fax, traffic: {per_hour: 5}, handling: {mean_s: 60}}]\nstaff: [{name: one}]\n",
		"plan.yaml":   "order: {by: luck}\n",
		"starve.yaml": "order: {by: value}\nstarvation: -1\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"simulate":                                                            "simulation.input",
		"simulate none.yaml":                                                  "none.yaml",
		"simulate typo.yaml":                                                  `unknown field "surplus_s"`,
		"simulate short.yaml":                                                 "/queues/0/channel",
		"simulate a b":                                                        "usage: patchbay simulate [SCENARIO.yaml]",
		"simulate --synthetic weekend":                                        "--synthetic must be",
		"simulate --synthetic everyday x":                                     "not both",
		"simulate --synthetic everyday --load 0":                              "--load must be",
		"simulate --synthetic everyday --days 0":                              "--days must be",
		"simulate --synthetic everyday --policy plan.yaml":                    "/order/by",
		"simulate --synthetic everyday --policy none.yaml":                    "none.yaml",
		"simulate --synthetic everyday --policy short.yaml":                   "short.yaml does not fit",
		"simulate --synthetic everyday" + strings.Repeat(" --policy poll", 7): "6 times at most",
	} {
		if _, err := typed(t, strings.Fields(line)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("patchbay %s: %v, want %q", line, err, want)
		}
	}
	got, err := typed(t, "simulate", "--synthetic", "everyday", "--load", "0.2", "--policy", "starve.yaml")
	if err != nil || !strings.Contains(got, "starve.yaml: warning: /order/by: ") {
		t.Errorf("%v\n%s", err, got)
	}
}
