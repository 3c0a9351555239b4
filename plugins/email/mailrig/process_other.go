//go:build !linux

package mailrig

import (
	"os/exec"
	"syscall"
)

// attributes needs nothing special here: do not run these tests as root.
func attributes(*account) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// killGroup has no group to end.
func killGroup(int) error { return nil }

// hold starts the process.
func (s *server) hold(c *exec.Cmd) error {
	s.release = func() {}
	if err := c.Start(); err != nil {
		return err
	}
	s.process = c.Process
	go func() {
		s.err = c.Wait()
		close(s.ended)
	}()
	return nil
}
