package main

import (
	"github.com/spf13/cobra"

	"github.com/patchbay-im/patchbay/core/app"
)

func simulateCommand() *cobra.Command {
	var s app.Simulation
	cmd := &cobra.Command{
		Use: "simulate [SCENARIO.yaml]", Short: "Play days of customers against policies of dispatch, and compare them", Args: cobra.MaximumNArgs(1),
		Long: "Who comes, how long they take and when they leave is in a file or made up, and the same for every policy; what\n" +
			"differs is the policy's doing. A policy is a file, or default, everyday, round-robin, least-loaded, poll.\n" +
			"Nothing is read but the files, and nothing is changed. docs/operate/simulate.md describes them.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				s.File = args[0]
			}
			s.Out = cmd.OutOrStdout()
			return s.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Synthetic, "synthetic", "", "a made-up day: everyday (calls, chats, mails) or digital (tickets instead of calls)")
	f.Float64Var(&s.Load, "load", 1.25, "how much comes on a made-up day")
	f.StringArrayVar(&s.Policies, "policy", nil, "a policy's file or name; give it again to compare. The first says what work weighs to round-robin, least-loaded and poll")
	f.IntVar(&s.Days, "days", 1, "how many days, each drawn anew; figures are their means")
	f.BoolVar(&s.JSON, "json", false, "print JSON, for programs")
	return cmd
}
