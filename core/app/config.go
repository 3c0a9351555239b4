package app

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/patchbay-im/patchbay/core/config"
	"github.com/patchbay-im/patchbay/core/system"
)

// Config is the whole configuration.
type Config = config.Config

// LoadConfig reads the configuration from a file, environment and flags.
func LoadConfig(file string, env []string, flags *pflag.FlagSet) (Config, error) {
	return config.Load(config.Source{File: file, Env: env, Flags: flags})
}

// ConfigFlags adds a flag for every setting.
func ConfigFlags(fs *pflag.FlagSet) { config.Flags(fs) }

// ConfigReference returns the reference page of all settings.
func ConfigReference() string { return config.Reference() }

// How bad a finding of Doctor is.
const (
	LevelWarning = system.Warning
	LevelProblem = system.Problem
)

// LocaleOf is the language of sentences for a locale of a terminal (zh_CN.UTF-8).
func LocaleOf(language string) system.Locale {
	if strings.HasPrefix(strings.ToLower(language), "zh") {
		return system.Chinese
	}
	return system.English
}
