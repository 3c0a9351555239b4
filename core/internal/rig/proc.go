package rig

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Children returns the processes that pid has started and that still run, from
// /proc.
func Children(pid int) ([]int, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, fmt.Errorf("look for the children of %d: %w", pid, err)
	}
	var out []int
	for _, t := range tasks {
		text, err := os.ReadFile(t)
		if err != nil {
			continue // the thread has ended
		}
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				out = append(out, child)
			}
		}
	}
	return out, nil
}

// Runs reports whether a process is there and no zombie.
func Runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	return ok && !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// Resident returns the resident memory of a process in bytes, from /proc.
func Resident(pid int) (int64, error) { return memory(pid, "VmRSS:") }

// Peak returns the most resident memory that a process has ever had.
func Peak(pid int) (int64, error) { return memory(pid, "VmHWM:") }

// Anonymous returns how much of it is the process's own: not pages of its
// program, which the system shares and drops as it likes.
func Anonymous(pid int) (int64, error) { return memory(pid, "RssAnon:") }

func memory(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of %d: %w", pid, err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name { // "VmRSS:  61208 kB", proc(5)
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err //nolint:wrapcheck // it names the text
		}
	}
	return 0, fmt.Errorf("process %d has no %s", pid, name)
}
