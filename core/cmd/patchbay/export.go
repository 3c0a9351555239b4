package main

import (
	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func exportCommand() *cobra.Command {
	var o app.ExportOptions
	cmd := &cobra.Command{
		Use: "export", Short: "Write what is kept of a workspace, or of one person, into an open format", Args: cobra.NoArgs,
		Long: "A zip with a line of JSON for each thing, tables of contacts and tickets, and the files of messages; no secret is in it.\n" +
			"The format is described in docs/operate/export.md. The server may run meanwhile. For a copy to restore from use backup.",
	}
	f := cmd.Flags()
	f.StringVar(&o.Workspace, "workspace", "", "id or name; not needed when there is only one")
	f.StringVar(&o.Contact, "contact", "", "id of a contact: only what is kept of them")
	f.StringVar(&o.To, "to", "", "the file to make, or - for standard output")
	f.BoolVar(&o.NoFiles, "no-files", false, "leave the bytes of attachments out")
	addPlaces(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := settings(cmd.Flags())
		if err != nil {
			return err
		}
		o.Out, o.Log = cmd.OutOrStdout(), cmd.ErrOrStderr()
		return app.Export(cmd.Context(), c, o)
	}
	return cmd
}
