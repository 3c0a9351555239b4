package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func pluginLicenseCommand(c *app.PluginCommands) *cobra.Command {
	cmd := &cobra.Command{
		Use: "license", Short: "Licenses of paid plugins",
		Long: "add, list and remove ask a running server, as the other commands do.\n" +
			"key and issue are for vendors and work on this machine alone.",
	}
	cmd.AddCommand(
		asking(c, &cobra.Command{
			Use: "add <file>", Short: "Add a license; - reads it from the standard input", Args: cobra.ExactArgs(1),
			Long: "The server verifies it with the vendor's keys, which the plugin brings, and tells nobody else.",
		}, func(cmd *cobra.Command, args []string) error {
			return c.AddLicense(cmd.Context(), args[0], cmd.InOrStdin())
		}),
		asking(c, &cobra.Command{Use: "list", Short: "List the licenses", Args: cobra.NoArgs},
			func(cmd *cobra.Command, _ []string) error { return c.Licenses(cmd.Context()) }),
		asking(c, &cobra.Command{Use: "remove <id>", Short: "Remove a license; nothing else goes", Args: cobra.ExactArgs(1)},
			func(cmd *cobra.Command, args []string) error { return c.RemoveLicense(cmd.Context(), args[0]) }),
		licenseKeyCommand(), licenseIssueCommand())
	return cmd
}

func licenseKeyCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "key", Short: "For vendors: make the key that licenses are signed with", Args: cobra.NoArgs,
		Long: "Writes the private key into a new file and prints the public key, which belongs into commerce.license_keys.\n" +
			"The file must not lie inside a Git working tree.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			public, err := app.NewLicenseKey(out)
			if err == nil {
				cmd.Println(public)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "license.key", "file to write the private key into")
	return cmd
}

func licenseIssueCommand() *cobra.Command {
	var o app.LicenseOrder
	cmd := &cobra.Command{
		Use: "issue", Short: "For vendors: sign a license and print it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, err := app.IssueLicense(o, time.Now())
			if err == nil {
				cmd.Println(token)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.KeyFile, "signing-key", "license.key", "file with the private key")
	f.StringVar(&o.Product, "product", "", "what is sold: the plugin's id, or its commerce.product")
	f.StringVar(&o.Customer, "customer", "", "whom it is sold to")
	f.StringVar(&o.Vendor, "vendor", "", "who sells it")
	f.StringVar(&o.Edition, "edition", "", "for example pro")
	f.StringSliceVar(&o.Features, "feature", nil, "a word that the program knows; may be repeated")
	f.StringSliceVar(&o.Limits, "limit", nil, "for example agents=25; may be repeated")
	f.IntVar(&o.Days, "days", 0, "days until it expires, from now on")
	f.StringVar(&o.Expires, "expires", "", "day on which it expires, such as 2027-11-22; without it and --days it never does")
	f.StringVar(&o.Begins, "begins", "", "day from which on it counts; without it at once")
	f.StringVar(&o.Maintained, "maintained-until", "", "versions released before this day run for ever")
	f.IntVar(&o.GraceDays, "grace-days", 0, "days after it expires in which everything works, 7 to 90; 0 = as the manifest says")
	f.BoolVar(&o.Trial, "trial", false, "to try things out")
	f.StringVar(&o.ID, "id", "", "your number of it; without one a new one is made")
	_ = cmd.MarkFlagRequired("product") // it exists
	return cmd
}
