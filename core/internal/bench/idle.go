package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Before its memory is read a process answers some probes, so that garbage
// left over from opening connections is collected, and is left alone for a while.
const (
	probes = 5000
	settle = 3 * time.Second
)

// rest brings a server to rest and returns its resident memory.
func rest(ctx context.Context, server *rig.Server) (int64, error) {
	api := rig.NewAPI(server.URL())
	defer api.HTTP.CloseIdleConnections()
	for range probes {
		if _, err := api.Raw(ctx, http.MethodGet, "/readyz", nil); err != nil {
			return 0, fmt.Errorf("probe the server: %w", err)
		}
	}
	pause(ctx, settle)
	return rig.Resident(server.PID()) //nolint:wrapcheck // it says what it read
}

// measureIdle returns the server's memory for each idle visitor's connection,
// in bytes: what the process has more with all of them than with a few. The
// server has just started, so that what opening sessions took does not hide it,
// and has done nothing else.
func measureIdle(ctx context.Context, product rig.Product, dir string, count int) (float64, error) {
	s, err := openSite(ctx, product, dir)
	if err != nil {
		return 0, err
	}
	defer s.close() //nolint:errcheck // a log in a temporary folder
	if err := s.admit(ctx, count); err != nil {
		return 0, err
	}
	if err := s.restart(ctx); err != nil {
		return 0, err
	}
	few := count / 10 // warm: buffers and code are there
	sockets, err := s.sockets(ctx, few, nil)
	if err != nil {
		return 0, err
	}
	defer shut(sockets)
	before, err := rest(ctx, s.server)
	if err != nil {
		return 0, err
	}
	s.visitors = s.visitors[few:]
	more, err := s.sockets(ctx, count-few, nil)
	if err != nil {
		return 0, err
	}
	defer shut(more)
	after, err := rest(ctx, s.server)
	if err != nil {
		return 0, err
	}
	for _, sock := range slices.Concat(sockets, more) {
		select {
		case <-sock.Closed():
			return 0, errors.New("an idle socket was closed")
		default:
		}
	}
	return float64(after-before) / float64(count-few), nil
}

// memory is what a process takes, in bytes.
type memory struct {
	resident int64
	own      int64 // not pages of its program
}

// measureStart returns launch to ready of servers without data, and their
// memory when they have nothing to do.
func measureStart(ctx context.Context, product rig.Product, dir string, times int) (ready []float64, calm memory, err error) {
	for i := range times {
		data := filepath.Join(dir, fmt.Sprintf("start-%d", i))
		if err := os.MkdirAll(data, 0o700); err != nil {
			return nil, calm, fmt.Errorf("make a data folder: %w", err)
		}
		s, err := rig.Launch(ctx, rig.Options{Product: product, DataDir: data})
		if err != nil {
			return nil, calm, fmt.Errorf("start the server: %w", err)
		}
		took, err := s.Ready(ctx)
		if err == nil && i == times-1 {
			calm.resident, err = rest(ctx, s)
			if err == nil {
				calm.own, err = rig.Anonymous(s.PID())
			}
		}
		s.Kill()
		if err != nil {
			return nil, calm, err
		}
		ready = append(ready, float64(took.Microseconds())/1000)
	}
	return ready, calm, nil
}
