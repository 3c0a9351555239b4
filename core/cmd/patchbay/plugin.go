package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "plugin", Short: "Work with plugins",
		Long: "new, dev, test and build work on this machine. The other commands ask a running server, by its API:\n" +
			"--url, --key and --workspace, or PATCHBAY_URL, PATCHBAY_KEY and PATCHBAY_WORKSPACE, say which, who and where.",
	}
	c := &app.PluginCommands{}
	cmd.AddCommand(pluginNewCommand(), pluginTestCommand(), pluginDevCommand(), pluginBuildCommand(),
		asking(c, &cobra.Command{Use: "list", Short: "List the plugins of a running server", Args: cobra.NoArgs},
			func(cmd *cobra.Command, _ []string) error { return c.List(cmd.Context()) }),
		asking(c, &cobra.Command{Use: "status <plugin>", Short: "Show how a plugin fares, what keeps it in its place, and its last steps", Args: cobra.ExactArgs(1)},
			func(cmd *cobra.Command, args []string) error { return c.Status(cmd.Context(), args[0]) }),
		asking(c, &cobra.Command{Use: "enable <plugin>", Short: "Switch a plugin on, on every server", Args: cobra.ExactArgs(1)},
			func(cmd *cobra.Command, args []string) error { return c.Do(cmd.Context(), "enable", args[0]) }),
		asking(c, &cobra.Command{Use: "disable <plugin>", Short: "Switch a plugin off, on every server", Args: cobra.ExactArgs(1)},
			func(cmd *cobra.Command, args []string) error { return c.Do(cmd.Context(), "disable", args[0]) }),
		asking(c, &cobra.Command{Use: "restart <plugin>", Short: "Restart a plugin's process", Args: cobra.ExactArgs(1)},
			func(cmd *cobra.Command, args []string) error { return c.Do(cmd.Context(), "restart", args[0]) }),
		asking(c, &cobra.Command{Use: "rollback <plugin>", Short: "Go back to the version before", Args: cobra.ExactArgs(1)},
			func(cmd *cobra.Command, args []string) error { return c.Upgrade(cmd.Context(), args[0], true, nil) }),
		pluginUpgradeCommand(c), pluginPinCommand(c), pluginLogsCommand(c), pluginLicenseCommand(c))
	return cmd
}

// asking completes a command that asks a running server.
func asking(c *app.PluginCommands, cmd *cobra.Command, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	or := func(name, other string) string {
		if value := os.Getenv(name); value != "" {
			return value
		}
		return other
	}
	var url, key, workspace string
	f := cmd.Flags()
	f.StringVar(&url, "url", "", "address of the server (PATCHBAY_URL; otherwise http://127.0.0.1:8080)")
	f.StringVar(&key, "key", "", "API key with the scopes plugin.read and plugin.manage (PATCHBAY_KEY, which others on the machine cannot read)")
	f.StringVar(&workspace, "workspace", "", "id of a workspace that the key is of (PATCHBAY_WORKSPACE)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.URL, c.Key, c.Workspace, c.Out = url, key, workspace, cmd.OutOrStdout()
		if c.URL == "" {
			c.URL = or("PATCHBAY_URL", "http://127.0.0.1:8080")
		}
		if c.Key == "" {
			c.Key = os.Getenv("PATCHBAY_KEY")
		}
		if c.Workspace == "" {
			c.Workspace = os.Getenv("PATCHBAY_WORKSPACE")
		}
		return run(cmd, args)
	}
	return cmd
}

func pluginUpgradeCommand(c *app.PluginCommands) *cobra.Command {
	var accept []string
	cmd := asking(c, &cobra.Command{
		Use: "upgrade <plugin>", Short: "Put what the plugins folder holds in place of the version that runs", Args: cobra.ExactArgs(1),
		Long: "The new version starts beside the old one and takes over without a pause. When it does not start, the old one goes on.\n" +
			"What the new version needs and the old one does not has to be named with --accept.",
	}, func(cmd *cobra.Command, args []string) error {
		return c.Upgrade(cmd.Context(), args[0], false, accept)
	})
	cmd.Flags().StringSliceVar(&accept, "accept", nil, "permission that the new version may have")
	return cmd
}

func pluginPinCommand(c *app.PluginCommands) *cobra.Command {
	return asking(c, &cobra.Command{
		Use: "pin <plugin> [version]", Short: "Keep a plugin at a version; without one, take the pin away", Args: cobra.RangeArgs(1, 2),
	}, func(cmd *cobra.Command, args []string) error {
		return c.Pin(cmd.Context(), args[0], append(args, "")[1])
	})
}

func pluginLogsCommand(c *app.PluginCommands) *cobra.Command {
	var follow bool
	cmd := asking(c, &cobra.Command{Use: "logs <plugin>", Short: "Print the last lines that a plugin wrote", Args: cobra.ExactArgs(1)},
		func(cmd *cobra.Command, args []string) error { return c.Logs(cmd.Context(), args[0], follow) })
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what it writes, until you stop it")
	return cmd
}

func pluginBuildCommand() *cobra.Command {
	build := &cobra.Command{
		Use: "build <folder>...", Short: "Build plugins from their folders into a directory that plugins.dev_dir accepts",
		Args: cobra.MinimumNArgs(1),
	}
	out := build.Flags().StringP("out", "o", "bin/plugins", "directory to build into")
	build.RunE = func(cmd *cobra.Command, folders []string) error {
		for _, folder := range folders {
			made, err := app.BuildPlugin(cmd.Context(), folder, *out)
			if err != nil {
				return err
			}
			cmd.Println(made)
		}
		return nil
	}
	return build
}
