package program_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/program"
)

func ffmpeg(t *testing.T, files folder) *program.FFmpeg {
	t.Helper()
	path, err := program.FindFFmpeg("")
	if err != nil || path == "" {
		if os.Getenv("PATCHBAY_TEST_REQUIRE") != "" {
			t.Fatal("no ffmpeg: scripts/test-deps.sh brings it", err)
		}
		t.Skip("no ffmpeg")
	}
	return program.NewFFmpeg(path, files)
}

// amr is a recording of so many frames of 20 ms (RFC 4867, 5.3: mode 12.2).
func amr(frames int) string {
	return "#!AMR\n" + strings.Repeat("\x3c"+strings.Repeat("\x5a", 31), frames)
}

func TestAnAMRRecordingIsMadePlayable(t *testing.T) {
	files := folder(t.TempDir())
	f := ffmpeg(t, files)
	version, err := f.Version(t.Context())
	if err != nil || version == "" {
		t.Errorf("version %q, %v", version, err)
	}
	files.put(t, "att_1", amr(100))
	twin, err := f.Transcode(t.Context(), "att_1", media.Original)
	if err != nil || media.Sniff(twin) != "audio/mp4" {
		t.Fatalf("%d bytes of %s, %v", len(twin), media.Sniff(twin), err)
	}
	if !bytes.Contains(twin[:min(len(twin), 4096)], []byte("moov")) {
		t.Error("it cannot be played before it is loaded whole")
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "patchbay-twin-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v stays, %v", left, err)
	}
}

// What ffmpeg is given by strangers leads it nowhere else, and what is no sound
// has no twin.
func TestWhatCannotBePlayed(t *testing.T) {
	files := folder(t.TempDir())
	f := ffmpeg(t, files)
	secret := filepath.Join(string(files), "secret.wav")
	if err := os.WriteFile(secret, []byte("RIFF"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"SILK":       "\x02#!SILK_V3\x10\x00",
		"a playlist": "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n",
		"a list":     "ffconcat version 1.0\nfile '" + secret + "'\n",
		"text":       "plain text",
	} {
		files.put(t, "att_1", text)
		if twin, err := f.Transcode(t.Context(), "att_1", media.Original); err == nil {
			t.Errorf("%s became %d bytes", name, len(twin))
		}
	}
	if _, err := f.Transcode(t.Context(), "att_none", media.Original); err == nil {
		t.Error("made of nothing")
	}
}

func TestFindFFmpeg(t *testing.T) {
	if path, err := program.FindFFmpeg("off"); path != "" || err != nil {
		t.Errorf("off: %q, %v", path, err)
	}
	if path, err := program.FindFFmpeg("/nowhere/ffmpeg"); err == nil {
		t.Errorf("found %q", path)
	}
	t.Setenv("PATH", t.TempDir())
	if path, err := program.FindFFmpeg(""); path != "" || err != nil {
		t.Errorf("the system has none: %q, %v", path, err)
	}
}
