package pluginv1_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// The reference page lists every method with its scope and its budget, and
// nothing else.
func TestReferencePages(t *testing.T) {
	var want []string
	for _, s := range pluginv1.Services() {
		by := "plugin"
		if strings.HasPrefix(string(s.Name()), "Host") {
			by = "host"
		}
		for i := range s.Methods().Len() {
			m := s.Methods().Get(i)
			o := pluginv1.OptionsOf(m)
			scope, budget := "", "stream"
			if o.Scope != "" {
				scope = "`" + o.Scope + "` "
			}
			if o.Budget > 0 {
				budget = strconv.FormatInt(o.Budget.Milliseconds(), 10)
			}
			want = append(want, fmt.Sprintf("| `%s.%s` | %s | %s| %s |", s.Name(), m.Name(), by, scope, budget))
		}
	}
	for _, page := range []string{"protocol.md", "protocol.zh-CN.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "docs", "build-plugins", page))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, "| `") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s has\n%s\nthe protocol has\n%s", page, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestMethodOf(t *testing.T) {
	m, ok := pluginv1.MethodOf(pluginv1.HostRuntimeService_ReportHealth_FullMethodName)
	if !ok || m != (pluginv1.Method{Scope: "health:report", Idempotent: true, Budget: 2 * time.Second}) {
		t.Errorf("got %+v %v", m, ok)
	}
	for _, other := range []string{"", "/", "/grpc.health.v1.Health/Check", "/patchbay.plugin.v1.PluginService", "/patchbay.plugin.v1.PluginService/Nothing"} {
		if _, ok := pluginv1.MethodOf(other); ok {
			t.Errorf("%q is a method of ours", other)
		}
	}
}

// A unary call without a budget would have no deadline.
func TestUnaryMethodsHaveABudget(t *testing.T) {
	for _, s := range pluginv1.Services() {
		for i := range s.Methods().Len() {
			m := s.Methods().Get(i)
			stream := m.IsStreamingClient() || m.IsStreamingServer()
			if budget := pluginv1.OptionsOf(m).Budget; stream != (budget == 0) {
				t.Errorf("%s: budget %v", m.FullName(), budget)
			}
		}
	}
}
