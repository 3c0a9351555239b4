// Command patchbay is the whole product in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

// version is a semantic version, so that a plugin's range of cores can be
// checked against it. The linker adds what was built from.
var version = "0.1.0+dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		code := 1
		if status, ok := errors.AsType[exitStatus](err); ok {
			code = int(status)
		} else {
			fmt.Fprintln(os.Stderr, "patchbay: "+app.Said(err))
		}
		stop()
		os.Exit(code) //nolint:gocritic // stop has run
	}
}

// exitStatus ends the process with a status, without a word: all was said.
type exitStatus int

// Error is not shown.
func (e exitStatus) Error() string { return fmt.Sprintf("status %d", int(e)) }

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "patchbay",
		Short:         "Patchbay (接线台): customer service where everything plugs in",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.SetOut(os.Stdout) // cobra would print to standard error
	cmd.AddCommand(serveCommand(), accountCommand(), configCommand(), pluginCommand(), openapiCommand(), backupCommand(), restoreCommand(), auditCommand(), exportCommand(), doctorCommand(), bundleCommand(), simulateCommand(), versionCommand())
	strict(cmd)
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { cmd.Println(version) },
	}
}
