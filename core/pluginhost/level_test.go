package pluginhost_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// Plugins are told the level of the core's own log.
func TestTheLevelThatPluginsAreTold(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelDebug: "debug", slog.LevelInfo: "info", slog.LevelWarn: "warn", slog.LevelError: "error", slog.LevelError + 4: "error",
	} {
		var out strings.Builder
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
		if got := pluginhost.LeastLevel(t.Context(), log); got != want {
			t.Errorf("%v: %q, want %q", level, got, want)
		}
	}
}
