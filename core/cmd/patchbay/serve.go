package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/patchbay-im/patchbay/core/app"
)

// settings reads the configuration of a command: file, environment, flags.
func settings(fs *pflag.FlagSet) (app.Config, error) {
	file, err := configFile(fs)
	if err != nil {
		return app.Config{}, err
	}
	return app.LoadConfig(file, os.Environ(), fs)
}

// configFile names the configuration's file; "" = none.
func configFile(fs *pflag.FlagSet) (string, error) {
	file, err := fs.GetString("config")
	if err != nil {
		return "", fmt.Errorf("read the flag --config: %w", err)
	}
	if file == "" {
		file = os.Getenv("PATCHBAY_CONFIG")
	}
	return file, nil
}

// addSettings gives a command a flag for every setting.
func addSettings(cmd *cobra.Command) {
	cmd.Flags().StringP("config", "c", "", "YAML file of the configuration (or PATCHBAY_CONFIG)")
	app.ConfigFlags(cmd.Flags())
}

// addPlaces is addSettings for a command that works beside the server: it takes
// the same, so that it may be given what serve was given, and its help lists
// only what says where things are.
func addPlaces(cmd *cobra.Command) {
	if cmd.Long == "" {
		cmd.Long = cmd.Short + "."
	}
	cmd.Long += "\n\nIt takes every setting of `patchbay serve`; below are those that say where things are."
	own := map[string]bool{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { own[f.Name] = true })
	addSettings(cmd)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "config", "data-dir", "database.url", "secrets.key-file":
		default:
			f.Hidden = !own[f.Name]
		}
	})
}

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd.Flags())
			if err != nil {
				return err
			}
			file, err := configFile(cmd.Flags())
			if err != nil {
				return err
			}
			return app.Serve(cmd.Context(), c, app.Options{Version: version, Out: cmd.OutOrStdout(), Log: os.Stderr, ConfigFile: file})
		},
	}
	addSettings(cmd)
	return cmd
}

func configCommand() *cobra.Command {
	check := &cobra.Command{
		Use: "check", Short: "Read the configuration and say what is wrong with it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd.Flags())
			if err != nil {
				return err
			}
			cmd.Print(c.Redacted())
			cmd.Println("The configuration is valid.")
			return nil
		},
	}
	addSettings(check)
	reference := &cobra.Command{
		Use: "reference", Short: "Print the reference page of all settings", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { cmd.Print(app.ConfigReference()) },
	}
	cmd := &cobra.Command{Use: "config", Short: "Check and explain the configuration"}
	cmd.AddCommand(check, reference)
	return cmd
}

func openapiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Print the OpenAPI 3.1 document", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc, err := app.OpenAPI(version)
			if err != nil {
				return err
			}
			cmd.Println(string(doc))
			return nil
		},
	}
}
