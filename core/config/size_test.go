package config_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/config"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]config.Size{
		"0": 0, "4096": 4096, "25MiB": 25 << 20, " 1 GiB ": 1 << 30, "64KiB": 64 << 10, "2TiB": 2 << 40,
	} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %d, %v", text, got, err)
		}
		var again config.Size
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%q is written %q, which is %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "MiB", "25MB", "25 M", "-1", "1.5GiB", "9223372036854775807KiB", "1e3"} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestMediaSettings(t *testing.T) {
	c, err := config.Load(config.Source{File: file(t, "media:\n  max_upload: 1GiB\n  min_free: 1048576\n"), Env: []string{"PATCHBAY_MEDIA_MAX_MEGAPIXELS=12"}})
	if err != nil || c.Media.MaxUpload != 1<<30 || c.Media.MinFree != 1<<20 || c.Media.MaxMegapixels != 12 || c.Media.DecodeMemory != 256<<20 {
		t.Errorf("%+v, %v", c.Media, err)
	}
	for yaml, want := range map[string]string{
		"media:\n  max_upload: 1KiB\n":    "media.max_upload 1KiB is not between",
		"media:\n  max_upload: much\n":    "is not a size",
		"media:\n  max_megapixels: 0\n":   "media.max_megapixels 0 is not between",
		"media:\n  decode_memory: 1MiB\n": "media.decode_memory 1MiB is not between",
		"media:\n  maxupload: 1MiB\n":     "media.maxupload",
	} {
		if _, err := config.Load(config.Source{File: file(t, yaml)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", yaml, err)
		}
	}
}
