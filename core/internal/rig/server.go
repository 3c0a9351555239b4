package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/sdk/plugintest/loopback"
)

// Options say how a server is started.
type Options struct {
	Product Product
	DataDir string
	Address string    // host:port; "" = a free port of loopback
	Env     []string  // settings beyond those made here, as NAME=value
	Args    []string  // after "serve"
	Log     io.Writer // gets everything the process prints; nil = nobody
	Wrap    []string  // a command before the server's own, which must exec it
	User    *syscall.Credential
}

// Server is one process of `patchbay serve`.
type Server struct {
	Address  string
	Launched time.Time

	cmd    *exec.Cmd
	exited chan struct{}
}

// Launch starts a server and does not wait for it to be ready.
func Launch(ctx context.Context, o Options) (*Server, error) {
	s := &Server{Address: o.Address, exited: make(chan struct{})}
	if s.Address == "" {
		var err error
		if s.Address, err = FreeAddress(ctx); err != nil {
			return nil, err
		}
	}
	args := slices.Concat(o.Wrap, []string{o.Product.Binary, "serve"}, o.Args)
	s.cmd = exec.Command(args[0], args[1:]...) //nolint:noctx // ended by Kill or Terminate
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: o.User}
	s.cmd.Env = append(foreign(os.Environ()),
		"PATCHBAY_SERVER_ADDRESS="+s.Address, "PATCHBAY_DATA_DIR="+o.DataDir, "PATCHBAY_PLUGINS_DEV_DIR="+o.Product.Plugins,
		"PATCHBAY_LIMITS_MEMBER=0", "PATCHBAY_LIMITS_ADDRESS=0", "PATCHBAY_LIMITS_VISITOR=0") // one machine plays everybody
	s.cmd.Env = append(s.cmd.Env, o.Env...)
	s.cmd.Stdout, s.cmd.Stderr = o.Log, o.Log
	s.cmd.WaitDelay = time.Second // a child that holds the pipes must not hold us
	s.Launched = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // its state is in ProcessState
		close(s.exited)
	}()
	return s, nil
}

// foreign drops settings of ours from an environment.
func foreign(env []string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, "PATCHBAY_") {
			out = append(out, e)
		}
	}
	return out
}

// FreeAddress returns a port of loopback that nobody listens on.
func FreeAddress(ctx context.Context) (string, error) {
	all, err := loopback.Free(ctx, 1)
	if err != nil {
		return "", err
	}
	return all[0], nil
}

// URL is the address of the server for requests, without a slash at the end.
func (s *Server) URL() string { return "http://" + s.Address }

// PID is the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Exited is closed when the process has ended.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// ExitCode is the process's answer once it has ended; -1 = it was killed.
func (s *Server) ExitCode() int { return s.cmd.ProcessState.ExitCode() }

var errExited = errors.New("the server ended before it was ready")

// Ready waits until the server says that it is, and returns how long that took
// since the launch.
func (s *Server) Ready(ctx context.Context) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for {
		if s.ask(ctx, client) {
			return time.Since(s.Launched), nil
		}
		select {
		case <-s.exited:
			return 0, fmt.Errorf("%w, with status %d", errExited, s.ExitCode())
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for the server: %w", ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

func (s *Server) ask(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Kill ends the process with SIGKILL, as a crash does, and waits for its end.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
}

// Terminate asks the process to drain and end.
func (s *Server) Terminate() { _ = s.cmd.Process.Signal(syscall.SIGTERM) }

// Wait waits for the end of the process and returns its exit code.
func (s *Server) Wait(ctx context.Context) (int, error) {
	select {
	case <-s.exited:
		return s.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for the server to end: %w", ctx.Err())
	}
}
