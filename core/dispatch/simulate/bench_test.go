package simulate_test

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
)

// The scenarios of docs/operate/dispatch-benchmark.md are the tests TestS1 to
// TestS10. `go test` plays a few seeds within wide bounds; PATCHBAY_TEST_LONG=1
// plays as many as the marks need, and -table writes what came of them.
var (
	long  = os.Getenv("PATCHBAY_TEST_LONG") == "1"
	table = flag.String("table", "", "folder of dispatch-benchmark.md and its translation, whose tables are written anew")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if *table != "" { // also when a mark was missed
		if err := writeTables(*table); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// pick returns what the long form takes, or the short one.
func pick[T any](inLong, inShort T) T {
	if long {
		return inLong
	}
	return inShort
}

func fifo() simulate.Way { return simulate.Planned("FIFO + longest idle", dispatch.Plan{}) }

// baselines are the ways of others, in the table's order.
func baselines(plan dispatch.Plan) []simulate.Way {
	return []simulate.Way{simulate.RoundRobin(plan), simulate.Polled(plan, 5*time.Minute), simulate.LeastLoaded(plan)}
}

// runs plays a scenario with the seeds from 1.
func runs(t *testing.T, s simulate.Scenario, way simulate.Way, seeds int) []simulate.Result {
	t.Helper()
	out := make([]simulate.Result, seeds)
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range seeds {
		g.Go(func() (err error) {
			one := s
			one.Seed = uint64(i + 1)
			out[i], err = simulate.Run(ctx, one, way)
			out[i].Agents = nil
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return out
}

// estimate is a mean over seeds and its standard error.
type estimate struct {
	mean, se float64
}

func over(results []simulate.Result, measure func(simulate.Result) float64) estimate {
	var sum, squares float64
	n := float64(len(results))
	for _, r := range results {
		v := measure(r)
		sum += v
		squares += v * v
	}
	m := sum / n
	return estimate{m, math.Sqrt(max(squares/n-m*m, 0) / max(n-1, 1))}
}

// measure is one number of a result, and how it is written.
type measure struct {
	en, zh string
	of     func(simulate.Result) float64
	format func(float64) string
}

func inSeconds(v float64) string {
	if v >= 7200 {
		return fmt.Sprintf("%.1f h", v/3600)
	}
	return fmt.Sprintf("%.1f s", v)
}
func inPercent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
func inIndex(v float64) string   { return fmt.Sprintf("%.4f", v) }

func meanWait() measure {
	return measure{"mean wait", "平均等待", func(r simulate.Result) float64 { return r.All.Wait.Mean }, inSeconds}
}

func withinTarget(en, zh string) measure {
	return measure{en, zh, func(r simulate.Result) float64 { return r.All.Within }, inPercent}
}

func abandoned() measure {
	return measure{"abandoned", "放弃率", func(r simulate.Result) float64 { return float64(r.All.Abandoned) / float64(r.All.Arrived) }, inPercent}
}

// row is a line of the table.
type row struct {
	id, en, zh     string // scenario
	measure        measure
	reference      string
	ours           estimate
	others         []estimate // as baselines; short form: none
	markEN, markZH string
	pass           bool
	beyond         bool // known to be out of reach, and said so: no failure
}

var rows []row

// add keeps a line, plays the baselines for it in the long form, and fails the
// test when it misses its mark.
func (r row) add(t *testing.T, results [][]simulate.Result) {
	t.Helper()
	for _, list := range results {
		r.others = append(r.others, over(list, r.measure.of))
	}
	rows = append(rows, r)
	var line strings.Builder
	fmt.Fprintf(&line, "%s %s, %s: %s ± %.2g; reference %s; mark %s", r.id, r.en, r.measure.en, r.measure.format(r.ours.mean), r.ours.se, r.reference, r.markEN)
	for i, o := range r.others {
		fmt.Fprintf(&line, "; %s %s", baselines(dispatch.Plan{})[i].Name, r.measure.format(o.mean))
	}
	t.Log(line.String())
	if !r.pass && !r.beyond {
		t.Errorf("missed: %s", line.String())
	}
}

// others plays the baselines, in the long form.
func others(t *testing.T, s simulate.Scenario, plan dispatch.Plan, seeds int) [][]simulate.Result {
	t.Helper()
	var out [][]simulate.Result
	if long {
		for _, way := range baselines(plan) {
			out = append(out, runs(t, s, way, seeds))
		}
	}
	return out
}

// near reports whether a value is within a share of a reference.
func near(v, reference, share float64) bool { return math.Abs(v-reference) <= share*reference }

const (
	tableBegin = "<!-- dispatchbench: begin -->"
	tableEnd   = "<!-- dispatchbench: end -->"
)

// writeTables replaces what stands between the marks of both languages.
func writeTables(folder string) error {
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Or(len(a.id)-len(b.id), strings.Compare(a.id, b.id)) })
	for name, of := range map[string]func() string{"dispatch-benchmark.md": tableEN, "dispatch-benchmark.zh-CN.md": tableZH} {
		path := filepath.Join(folder, name)
		old, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, rest, found := strings.Cut(string(old), tableBegin)
		_, after, closed := strings.Cut(rest, tableEnd)
		if !found || !closed {
			return fmt.Errorf("%s has no marks for the table", path)
		}
		if err := os.WriteFile(path, []byte(before+tableBegin+"\n"+of()+tableEnd+after), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func tableEN() string {
	var b strings.Builder
	b.WriteString("| # | scenario | measured | reference | Patchbay | FIFO + round robin | 5-minute poll | least loaded | mark | reached |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.id, r.en, r.measure.en, r.reference, r.written(), r.theirs(), r.markEN, map[bool]string{true: "yes", false: "**no**"}[r.pass])
	}
	return b.String()
}

func tableZH() string {
	var b strings.Builder
	b.WriteString("| # | 场景 | 指标 | 参考值 | 接线台 | 先到先得 + 轮询分配 | 每 5 分钟轮询 | 最少负载 | 目标 | 达成 |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.id, r.zh, r.measure.zh, r.reference, r.written(), r.theirs(), r.markZH, map[bool]string{true: "是", false: "**否**"}[r.pass])
	}
	return b.String()
}

func (r row) written() string {
	return fmt.Sprintf("**%s** ± %s", r.measure.format(r.ours.mean), r.measure.format(r.ours.se))
}

func (r row) theirs() string {
	cells := make([]string, 3)
	for i := range cells {
		cells[i] = "—"
		if i < len(r.others) {
			cells[i] = r.measure.format(r.others[i].mean)
		}
	}
	return strings.Join(cells, " | ")
}
