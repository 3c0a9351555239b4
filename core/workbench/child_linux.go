package workbench

import "syscall"

// withUs makes a child end with this process, however that ends.
func withUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
