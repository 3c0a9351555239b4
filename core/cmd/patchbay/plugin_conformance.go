package main

import (
	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func pluginTestCommand() *cobra.Command {
	var t app.TestPlugin
	cmd := &cobra.Command{
		Use: "test [folder]", Short: "Run the conformance kit on a plugin: does it keep the contract?", Args: cobra.MaximumNArgs(1),
		Long: "It builds the plugin in a folder (a built one is taken as it is), starts it as a server would, plays the core and the far side,\n" +
			"and says of each of nineteen scenarios whether it passed. What the kit must know stands in conformance.yaml beside plugin.yaml.\n" +
			"docs/build-plugins/conformance.md tells each scenario. The exit status is 1 when one failed.",
		Example: "  patchbay plugin test\n  patchbay plugin test plugins/echo --only 3,4",
	}
	f := cmd.Flags()
	f.BoolVar(&t.Long, "long", false, "the long form: 10,000 deliveries, 20 kills, 10 minutes of memory")
	f.IntSliceVar(&t.Only, "only", nil, "numbers of scenarios: --only 3,4")
	f.BoolVar(&t.JSON, "json", false, "a line of JSON for each scenario")
	f.StringVar(&t.Spec, "spec", "", "a conformance.yaml elsewhere")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t.Folder, t.Out = append(args, ".")[0], cmd.OutOrStdout()
		return t.Run(cmd.Context())
	}
	return cmd
}
