//go:build !linux

package workbench

import "syscall"

// withUs leaves a child as it is: this system has no way to end it with us.
func withUs() *syscall.SysProcAttr { return nil }
