package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// AttachFlag is the argument of a program that waits for a core; the file it
// says where to find it follows.
const AttachFlag = "--attach"

// ServeAttached serves a plugin that no core has started: somebody runs it, in
// a debugger as a rule. Where it serves it writes to file, for a core that waits
// for that (patchbay plugin dev --attach), and prints for any other. It ends when
// the core is gone.
func ServeAttached(s stamp.Stamp, log *slog.Logger, level *slog.LevelVar, newValues func(context.Context, Start) (Abilities, error), file string) error {
	reattach := make(chan *goplugin.ReattachConfig, 1)
	failed := make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background()) //nolint:forbidigo // the process itself
	defer stop()
	go func() {
		config := <-reattach
		if err := tellWhere(file, config); err != nil {
			failed <- err
			stop()
		}
	}()
	serve(s, log, level, newValues, &goplugin.ServeTestConfig{Context: ctx, ReattachConfigCh: reattach})
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// tellWhere writes where a process serves: a file appears whole, or not at all.
func tellWhere(file string, c *goplugin.ReattachConfig) error {
	data, err := json.Marshal(pluginv1.Attach{PID: c.Pid, Network: c.Addr.Network(), Address: c.Addr.String()})
	if err != nil {
		return err
	}
	work := filepath.Join(filepath.Dir(file), "."+filepath.Base(file))
	if err := os.WriteFile(work, data, 0o600); err != nil {
		return fmt.Errorf("say where this plugin serves: %w. The file is the one that patchbay plugin dev --attach names", err)
	}
	if err := os.Rename(work, file); err != nil {
		return fmt.Errorf("say where this plugin serves: %w", err)
	}
	fmt.Fprintf(os.Stderr, "PATCHBAY_REATTACH=%s\n", data)
	return nil
}
