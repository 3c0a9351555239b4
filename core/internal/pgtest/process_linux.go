package pgtest

import (
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// attributes makes the server run as an unprivileged user, who must own dir,
// and end with this program.
func attributes(dir string) (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if os.Geteuid() != 0 {
		return a, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return a, os.Chown(dir, int(uid), int(gid))
}

// hold starts the process from a thread that lives as long as it: the signal
// at the parent's death follows the thread, not the program.
func (s *Server) hold(c *exec.Cmd) error {
	started, held := make(chan error, 1), make(chan struct{})
	s.release = func() { close(held) }
	s.ended = make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err != nil {
			return
		}
		go func() { s.ended <- c.Wait() }()
		<-held
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process = c.Process
	return nil
}
