package main

import (
	"io"
	"strings"
	"testing"
)

// TestWrongArguments types what is no command, or too little of one.
func TestWrongArguments(t *testing.T) {
	for typed, want := range map[string]string{
		"fly":                        `patchbay has no command "fly"`,
		"plugin fly":                 `patchbay plugin has no command "fly" (patchbay plugin --help lists them)`,
		"plugin lst":                 `did you mean list`,
		"plugin license fly":         `patchbay plugin license has no command "fly"`,
		"config fly":                 `patchbay config has no command "fly"`,
		"plugin new":                 "usage: patchbay plugin new <name>",
		"plugin status":              "usage: patchbay plugin status <plugin>",
		"plugin pin a b c":           "usage: patchbay plugin pin <plugin> [version]",
		"version now":                "usage: patchbay version",
		"backup verify":              "usage: patchbay backup verify FILE|-",
		"plugin list --colour":       "--colour",
		"serve --plugins.nothing=on": "--plugins.nothing",
	} {
		cmd := root()
		cmd.SetArgs(strings.Fields(typed))
		cmd.SetOut(io.Discard)
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("patchbay %s: %v, want %q", typed, err, want)
		}
	}
	var help strings.Builder
	cmd := root()
	cmd.SetArgs([]string{"plugin"})
	cmd.SetOut(&help)
	if err := cmd.ExecuteContext(t.Context()); err != nil || !strings.Contains(help.String(), "Available Commands:") {
		t.Errorf("a group alone: %v\n%s", err, help.String())
	}
}
