//go:build !unix

package program

import "os/exec"

// grouped has nothing to do: here a command alone is ended.
func grouped(*exec.Cmd) {}
