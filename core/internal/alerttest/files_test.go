package alerttest_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	rulesFile     = "../../../charts/patchbay/files/rules.yaml"
	dashboardFile = "../../../charts/patchbay/files/dashboard.json"
)

func promQL() parser.Parser { return parser.NewParser(parser.Options{}) }

// ruleGroups reads the rules as Prometheus does, which refuses unknown fields,
// expressions that are none, and templates that do not parse.
func ruleGroups(t *testing.T) *rulefmt.RuleGroups {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rulesFile, false, model.UTF8Validation, promQL(), promslog.NewNopLogger())
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) == 0 {
		t.Fatal("no rules")
	}
	return groups
}

// TestRulesSayWhatToDo holds every rule to what the one who is woken needs.
func TestRulesSayWhatToDo(t *testing.T) {
	for _, g := range ruleGroups(t).Groups {
		for _, r := range g.Rules {
			if s := r.Labels["severity"]; s != "critical" && s != "warning" {
				t.Errorf("%s has the severity %q", r.Alert, s)
			}
			if !strings.HasPrefix(r.Alert, "Patchbay") || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s says %q", r.Alert, r.Annotations)
			}
		}
	}
}

// dashboard is as much of Grafana's model as names metrics.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Query, Type string }
	}
}

// expressions are all that rules and dashboard ask, by where they stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, g := range ruleGroups(t).Groups {
		for _, r := range g.Rules {
			out["alert "+r.Alert] = r.Expr
		}
	}
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", "$instance", ".*")
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			out["panel "+p.Title+": "+target.Expr] = variables.Replace(target.Expr)
		}
	}
	for _, v := range d.Templating.List {
		if metric, ok := strings.CutPrefix(v.Query, "label_values("); ok {
			metric, _, _ = strings.Cut(metric, ",")
			out["variable "+v.Name] = metric
		}
	}
	return out
}

// ofPrometheus are the names that Prometheus adds by itself.
func ofPrometheus(label string) bool {
	return slices.Contains([]string{"instance", "job", "le", "__name__"}, label)
}

// TestNames looks every name, label and value that rules and dashboard use up
// in the answer of a running server.
func TestNames(t *testing.T) {
	served := scrape(t)
	asked := 0
	for where, text := range expressions(t) {
		e, err := promQL().ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		grouped, known := map[string]bool{}, map[string]bool{}
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			switch x := n.(type) {
			case *parser.AggregateExpr:
				for _, label := range x.Grouping {
					grouped[label] = true
				}
			case *parser.VectorSelector:
				asked++
				maps.Copy(known, served.check(t, where, x))
			}
			return nil
		})
		for label := range grouped {
			if !ofPrometheus(label) && !known[label] {
				t.Errorf("%s groups by %s, which none of its metrics has", where, label)
			}
		}
	}
	if asked < 40 {
		t.Errorf("only %d selectors were found", asked)
	}
}

// check looks a selector up, and returns the labels that its metric has.
func (s series) check(t *testing.T, where string, x *parser.VectorSelector) map[string]bool {
	t.Helper()
	known := make(map[string]bool)
	if x.Name == "up" {
		return known
	}
	if len(s[x.Name]) == 0 {
		t.Errorf("%s asks for %s, which the server does not answer", where, x.Name)
		return known
	}
	for _, one := range s[x.Name] {
		for label := range one {
			known[label] = true
		}
	}
	for _, m := range x.LabelMatchers {
		if ofPrometheus(m.Name) {
			continue
		}
		if !known[m.Name] {
			t.Errorf("%s: %s has no label %s", where, x.Name, m.Name)
		} else if m.Type.String() == "=" && !slices.ContainsFunc(s[x.Name], func(one map[string]string) bool { return one[m.Name] == m.Value }) {
			t.Errorf("%s: %s is never %s", where, x.Name, m)
		}
	}
	return known
}
