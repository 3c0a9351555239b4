package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// strict makes a command, and all below it, say what is wrong with arguments and
// how it is meant: cobra takes an unknown word after a group of commands for a
// wish for help, and counts arguments without telling which.
func strict(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		strict(sub)
	}
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args, cmd.SuggestionsMinimumDistance = known, 2
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		return
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return fmt.Errorf("%w\nusage: %s (--help says more)", err, cmd.UseLine())
			}
			return nil
		}
	}
}

// known accepts no argument of a group: its commands are taken before.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	similar := ""
	if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
		similar = "; did you mean " + strings.Join(names, " or ") + "?"
	}
	return fmt.Errorf("%s has no command %q%s (%s --help lists them)", cmd.CommandPath(), args[0], similar, cmd.CommandPath())
}
