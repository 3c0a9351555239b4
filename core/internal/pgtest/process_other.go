//go:build !linux

package pgtest

import (
	"os/exec"
	"syscall"
)

// attributes needs nothing special here: do not run these tests as root.
func attributes(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }

// hold starts the process.
func (s *Server) hold(c *exec.Cmd) error {
	s.release, s.ended = func() {}, make(chan error, 1)
	if err := c.Start(); err != nil {
		return err
	}
	s.process = c.Process
	go func() { s.ended <- c.Wait() }()
	return nil
}
