package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

// What `patchbay doctor` ends with, as monitoring programs expect it.
const (
	statusWarning = 1
	statusProblem = 2
	statusUnknown = 3
)

func doctorCommand() *cobra.Command {
	var asJSON bool
	var language string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Examine the installation, and say what is wrong and what to do", Args: cobra.NoArgs,
		Long: "Looks at the database, the disk, backups, the public address and its certificate, WebSockets through it,\n" +
			"clocks, plugins, keys and limits, with the server running or stopped. Give it the settings of `serve`.\n" +
			"It changes nothing. It ends with 0 when all is well, 1 with warnings, 2 with problems, and 3 when it\n" +
			"could not look.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd.Flags())
			if err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "patchbay: the configuration is wrong, so nothing was looked at:\n"+app.Said(err)) //nolint:errcheck // a closed terminal
				return exitStatus(statusUnknown)
			}
			file, err := configFile(cmd.Flags())
			if err != nil {
				return err
			}
			level, err := app.Doctor(cmd.Context(), c, app.DoctorOptions{
				Version: version, File: file, Locale: app.LocaleOf(languageOf(language)), JSON: asJSON, Out: cmd.OutOrStdout(),
			})
			switch {
			case err != nil:
				return err
			case level == app.LevelProblem:
				return exitStatus(statusProblem)
			case level == app.LevelWarning:
				return exitStatus(statusWarning)
			}
			return nil
		},
	}
	addSettings(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for programs")
	cmd.Flags().StringVar(&language, "lang", "", "language: en or zh-CN (default: the terminal's)")
	return cmd
}

// languageOf is the language that was asked for, or the terminal's.
func languageOf(asked string) string {
	for _, l := range []string{asked, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")} {
		if l != "" {
			return strings.ToLower(l)
		}
	}
	return ""
}

func bundleCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "support-bundle --to FILE.zip", Short: "Pack what helps others to help you, without secrets and customers' texts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd.Flags())
			if err != nil {
				return err
			}
			file, err := configFile(cmd.Flags())
			if err != nil {
				return err
			}
			return app.SupportBundle(cmd.Context(), c, to, app.DoctorOptions{Version: version, File: file, Out: cmd.OutOrStdout()})
		},
	}
	addSettings(cmd)
	cmd.Flags().StringVar(&to, "to", "", "file to write; it must not be there yet")
	return cmd
}
