package mailrig

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// attributes makes a server end with this program, and gives it a group.
func attributes(as *account) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if as != nil && os.Geteuid() == 0 {
		a.Credential = &syscall.Credential{Uid: uint32(as.uid), Gid: uint32(as.gid)}
	}
	return a
}

// killGroup ends what is left of a server's group.
func killGroup(leader int) error {
	if err := syscall.Kill(-leader, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// hold starts the process from a thread that lives as long as it: the signal at
// the parent's death follows the thread, not the program.
func (s *server) hold(c *exec.Cmd) error {
	started, held := make(chan error, 1), make(chan struct{})
	s.release = func() { close(held) }
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err != nil {
			return
		}
		go func() {
			s.err = c.Wait()
			close(s.ended)
		}()
		<-held
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process = c.Process
	return nil
}
