package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func pluginNewCommand() *cobra.Command {
	n := app.NewPlugin{Version: version}
	cmd := &cobra.Command{
		Use: "new <name>", Short: "Write a small plugin that works, in Go, with its tests", Args: cobra.ExactArgs(1),
		Long: "It writes a folder of the plugin's name: manifest, program, tests, README and a CI workflow; where there is a far side, one in memory.\n" +
			"Kinds: " + strings.Join(app.PluginKinds(), ", ") + ". Several make one plugin that has them all.",
		Example: "  patchbay plugin new my-channel --kind channel",
	}
	f := cmd.Flags()
	f.StringSliceVarP(&n.Kinds, "kind", "k", nil, "what it is: one or more of "+strings.Join(app.PluginKinds(), ", "))
	f.StringVar(&n.Dir, "dir", "", "folder to make, or an empty one (otherwise one of the plugin's name, here)")
	f.StringVar(&n.Module, "module", "", "name of the Go module (otherwise example.com/<publisher>/<name>)")
	f.StringVar(&n.Publisher, "publisher", "", "who publishes it: the first half of its id (otherwise example)")
	f.StringVar(&n.Replace, "replace", "", "checkout of Patchbay to build it with (otherwise the release, or the checkout this program was built in)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		n.Name, n.Out = args[0], cmd.OutOrStdout()
		return n.Write()
	}
	return cmd
}

func pluginDevCommand() *cobra.Command {
	d := app.DevPlugin{Version: version}
	cmd := &cobra.Command{
		Use: "dev [folder]", Short: "Run a plugin from its sources, in a server of its own, and follow every change", Args: cobra.MaximumNArgs(1),
		Long: "It builds the plugin, starts it in a server that keeps nothing, connects it with the settings in dev.yaml, and opens a page to try it on.\n" +
			"When a source changes it builds again, and the new version takes over from the old one as in an upgrade. What does not build changes nothing.",
	}
	f := cmd.Flags()
	f.StringToStringVar(&d.Set, "set", nil, "a setting by JSON pointer, instead of dev.yaml's: --set /token=abc")
	f.StringVar(&d.Address, "address", "", "host:port of the console, of this machine (otherwise a free port)")
	f.StringVar(&d.Page, "page", "", "host:port of the page to try it on, of this machine (otherwise a free port)")
	f.BoolVar(&d.Attach, "attach", false, "wait for a program that you run in a debugger, and attach to it")
	f.StringVar(&d.Locale, "locale", "en", "language of the workspace: en or zh-CN")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d.Folder, d.Out = append(args, ".")[0], cmd.OutOrStdout()
		return d.Run(cmd.Context())
	}
	return cmd
}
