package telemetry_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

func text(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	out, _, err := m.Text()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestFiguresOfPlugins(t *testing.T) {
	m := telemetry.NewMetrics("1")
	tell := func(plugin extension.PluginID, figures ...extension.Figure) error {
		return m.Figures(plugin, "pin_1", figures)
	}
	synced := extension.Figure{Name: "orders_synced", Kind: extension.Counter, Value: 2, Labels: map[string]string{"shop": "north"}}
	for range 2 {
		if err := tell("acme/erp", synced, extension.Figure{Name: "queue", Kind: extension.Gauge, Value: -1}, extension.Figure{Name: "call", Kind: extension.Duration, Value: .3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tell("acme/other", synced); err != nil { // the same name, of another plugin
		t.Fatal(err)
	}
	got := text(t, m)
	for _, want := range []string{
		`patchbay_plugin_orders_synced{instance="pin_1",plugin="acme/erp",shop="north"} 4`, `patchbay_plugin_queue{instance="pin_1",plugin="acme/erp"} -1`,
		`patchbay_plugin_call_count{instance="pin_1",plugin="acme/erp"} 2`, `patchbay_plugin_call_bucket{instance="pin_1",plugin="acme/erp",le="0.5"} 2`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for name, figure := range map[string]extension.Figure{
		"another kind": {Name: "queue", Kind: extension.Counter}, "no kind": {Name: "x"}, "no name": {Kind: extension.Gauge},
		"a name with a dash": {Name: "a-b", Kind: extension.Gauge}, "a histogram's own": {Name: "call_count", Kind: extension.Gauge},
		"no number": {Name: "x", Kind: extension.Gauge, Value: math.NaN()}, "a counter that falls": {Name: "x", Kind: extension.Counter, Value: -1},
		"our label": {Name: "x", Kind: extension.Gauge, Labels: map[string]string{"plugin": "forged"}},
	} {
		if err := tell("acme/other", figure); !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var err error
	for i := 0; i <= extension.MaxFigureSeries && err == nil; i++ {
		err = tell("acme/flood", extension.Figure{Name: "flood", Kind: extension.Counter, Labels: map[string]string{"id": strconv.Itoa(i)}})
	}
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != "plugin.full" {
		t.Errorf("a flood of labels: %v", err)
	}
	if err := tell("acme/erp", synced); err != nil || !strings.Contains(text(t, m), "patchbay_build_info") {
		t.Errorf("after the flood: %v", err)
	}
}
