package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func backupCommand() *cobra.Command {
	var o app.BackupOptions
	cmd := &cobra.Command{
		Use: "backup --to FILE|FOLDER/|-", Args: cobra.NoArgs,
		Short: "Write a verified backup of everything, while the server runs",
		Long: "Writes the database, the attachments and what plugins keep into one file, as of one moment, while the\n" +
			"server runs. It is read back whole before it gets its name. With --recipient or --passphrase-file it is\n" +
			"encrypted with age, and holds the master key too; a plain one does so only with --include-keys.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd.Flags())
			if err != nil {
				return err
			}
			o.Version, o.Out, o.Log = version, cmd.OutOrStdout(), os.Stderr
			return app.Backup(cmd.Context(), c, o)
		},
	}
	addPlaces(cmd)
	f := cmd.Flags()
	f.StringVar(&o.To, "to", "", "file, folder (a name with the time is made in it) or - for standard output")
	f.StringArrayVar(&o.Recipients, "recipient", nil, "public key of age (age1...) to encrypt for; may be given more than once")
	f.StringArrayVar(&o.RecipientFiles, "recipients-file", nil, "file of public keys, one a line")
	f.StringVar(&o.PassphraseFile, "passphrase-file", "", "file of a passphrase to encrypt with, instead of public keys")
	f.BoolVar(&o.IncludeKeys, "include-keys", false, "put the master key into a backup that is not encrypted")
	f.BoolVar(&o.NoKeys, "no-keys", false, "leave the master key out of an encrypted backup")
	f.IntVar(&o.Keep, "keep", 0, "remove all but so many of the folder's backups afterwards; 0 = none")
	cmd.AddCommand(verifyCommand(), keygenCommand())
	return cmd
}

func verifyCommand() *cobra.Command {
	var identities []string
	var passphrase string
	cmd := &cobra.Command{
		Use: "verify FILE|-", Short: "Read a backup to its end and check everything in it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.VerifyBackup(cmd.Context(), args[0], cmd.InOrStdin(), identities, passphrase, cmd.OutOrStdout())
		},
	}
	openers(cmd, &identities, &passphrase)
	return cmd
}

// openers adds the flags that open an encrypted backup.
func openers(cmd *cobra.Command, identities *[]string, passphrase *string) {
	cmd.Flags().StringArrayVar(identities, "identity", nil, "secret key of age (AGE-SECRET-KEY-...) or a file of them; may be given more than once")
	cmd.Flags().StringVar(passphrase, "passphrase-file", "", "file of the passphrase")
}

func keygenCommand() *cobra.Command {
	return &cobra.Command{
		Use: "keygen", Short: "Make a key pair of age for backups", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.NewBackupKey(cmd.OutOrStdout()) },
	}
}

func restoreCommand() *cobra.Command {
	var o app.RestoreOptions
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Bring a backup back into an empty data folder", Args: cobra.ExactArgs(1),
		Long: "Reads and checks the whole backup, then fills an empty data folder with it, and an empty PostgreSQL database\n" +
			"where database.url names one. A backup of SQLite may be restored into PostgreSQL and the reverse. Clients\n" +
			"that were connected to the lost installation fetch everything anew.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd.Flags())
			if err != nil {
				return err
			}
			o.File, o.Out, o.Log = args[0], cmd.OutOrStdout(), os.Stderr
			return app.Restore(cmd.Context(), c, o)
		},
	}
	addPlaces(cmd)
	openers(cmd, &o.Identities, &o.PassphraseFile)
	f := cmd.Flags()
	f.StringVar(&o.KeyFile, "key-file", "", "the master key's file, for a backup that does not hold it")
	f.BoolVar(&o.WithoutKeys, "without-keys", false, "go on without the master key: sealed secrets must be made anew")
	f.StringVar(&o.Erasures, "erasures", "", "list of erasures (erasures.jsonl of the lost data folder) to apply again")
	f.BoolVar(&o.Check, "check", false, "read and check everything, and change nothing")
	return cmd
}
