package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// What bounds a run of ffmpeg.
const (
	mostSound    = 16 << 20 // bytes of a recording
	mostTwin     = 8 << 20  // bytes of what is made of it
	mostMemory   = 1 << 20  // KiB of address space
	mostPlayed   = "3600"   // seconds that are made of it
	ffmpegPeriod = 30 * time.Second
	ffmpegs      = 2 // at a time
)

// FFmpeg makes recordings playable. It implements media.Transcoder and is safe
// for concurrent use.
type FFmpeg struct {
	runner
	paths Paths
}

// NewFFmpeg returns an FFmpeg that runs the program at a path.
func NewFFmpeg(path string, paths Paths) *FFmpeg {
	// The shell bounds memory and processor time, where the system lets it, then
	// becomes ffmpeg.
	limits := fmt.Sprintf(`ulimit -v %d 2>/dev/null; ulimit -t %d 2>/dev/null; exec "$0" "$@"`, mostMemory, int(ffmpegPeriod/time.Second))
	return &FFmpeg{newRunner(Command{Argv: []string{"sh", "-c", limits, path}, Timeout: ffmpegPeriod, AtOnce: ffmpegs}), paths}
}

// FindFFmpeg returns where ffmpeg is: what is configured, or the one that the
// system has. Off, or none there: "". An error says why the configured one is
// not used.
func FindFFmpeg(configured string) (string, error) {
	switch configured {
	case "off":
		return "", nil
	case "":
		path, err := exec.LookPath("ffmpeg")
		if err != nil {
			return "", nil //nolint:nilerr // the system has none, and nobody asked for one
		}
		return path, nil
	}
	return exec.LookPath(configured)
}

// Version asks ffmpeg which one it is: "5.1.9".
func (f *FFmpeg) Version(ctx context.Context) (string, error) {
	output, status, err := f.run(ctx, "-version")
	if err == nil && status != 0 {
		err = fmt.Errorf("it ended with %d: %s", status, firstLine(output, ""))
	}
	if err != nil {
		return "", err
	}
	words := strings.Fields(output)
	if len(words) < 3 || words[0] != "ffmpeg" { //nolint:mnd // ffmpeg version 5.1.9
		return "", errors.New("it does not answer as ffmpeg does")
	}
	return words[2], nil
}

// Transcode implements media.Transcoder.
func (f *FFmpeg) Transcode(ctx context.Context, id media.ID, p media.Part) ([]byte, error) {
	path, err := f.paths.Path(id, p)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > mostSound {
		return nil, fmt.Errorf("it has %d bytes, more than %d", info.Size(), mostSound)
	}
	dir, err := os.MkdirTemp("", "patchbay-twin-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // among temporary files
	twin := filepath.Join(dir, "twin.m4a")
	output, status, err := f.run(ctx,
		"-nostdin", "-hide_banner", "-loglevel", "error", "-max_alloc", "67108864", "-protocol_whitelist", "file,pipe",
		"-threads", "1", "-i", "file:"+path, "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", mostPlayed,
		"-threads", "1", "-ac", "1", "-c:a", "aac", "-b:a", "32k", "-fs", strconv.Itoa(mostTwin), "-movflags", "+faststart", "-f", "ipod", "file:"+twin)
	if err == nil && status != 0 {
		err = fmt.Errorf("ffmpeg ended with %d: %s", status, firstLine(output, path))
	}
	if err != nil {
		return nil, err
	}
	if info, err = os.Stat(twin); err != nil || info.Size() > 2*mostTwin {
		return nil, errors.Join(err, errors.New("ffmpeg made nothing of it, or too much"))
	}
	return os.ReadFile(twin) //nolint:gosec // our own folder
}
