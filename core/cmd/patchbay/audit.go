package main

import (
	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func auditCommand() *cobra.Command {
	verify := &cobra.Command{
		Use: "verify", Short: "Check that nobody changed the audit log, and name the first bad row", Args: cobra.NoArgs,
		Long: "Computes every hash of the audit log anew. It only reads, from the data folder or from PostgreSQL; the server may run meanwhile.\n" +
			"The hash of the last row that it prints, kept elsewhere, proves later that nothing before it was changed.",
	}
	workspace := verify.Flags().String("workspace", "", "id of the only workspace to verify")
	addPlaces(verify)
	verify.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := settings(cmd.Flags())
		if err != nil {
			return err
		}
		return app.VerifyAudit(cmd.Context(), c, *workspace, cmd.OutOrStdout())
	}
	cmd := &cobra.Command{Use: "audit", Short: "Work with the audit log"}
	cmd.AddCommand(verify)
	return cmd
}
