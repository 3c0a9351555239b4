package specimen

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"syscall"
)

// beginOutside does what some faults do outside of the process.
func (s *specimen) beginOutside() error {
	switch s.fault {
	case Calls:
		var lc net.ListenConfig
		listener, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("open a port: %w", err)
		}
		s.file = listener
	case Spawns:
		cmd := exec.Command("/bin/sleep", "120") //nolint:noctx // it must outlive us
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("leave something behind: %w", err)
		}
	}
	return nil
}
