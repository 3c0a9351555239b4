package main

import (
	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func accountCommand() *cobra.Command {
	reset := &cobra.Command{
		Use: "reset-link EMAIL", Short: "Make a link that sets a new password, for somebody who cannot sign in", Args: cobra.ExactArgs(1),
		Long: "Writes to the database itself; the server may run meanwhile. The link works once, for 24 hours.\n" +
			"Using it ends every session of the account. A second factor stays as it was.",
	}
	addPlaces(reset)
	reset.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := settings(cmd.Flags())
		if err != nil {
			return err
		}
		return app.ResetLink(cmd.Context(), c, args[0], cmd.OutOrStdout())
	}
	cmd := &cobra.Command{Use: "account", Short: "Help people back in"}
	cmd.AddCommand(reset)
	return cmd
}
