package machine

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/system"
)

// Limits looks at what this process uses and may use. What a system does not
// tell is 0.
func Limits() system.Limits {
	out := system.Limits{MostFiles: openLimit(), Goroutines: int64(runtime.NumGoroutine())}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		out.Files = int64(len(open))
	}
	out.Memory = kibibytes("/proc/self/status", "VmRSS:")
	out.MostMemory, out.Available = kibibytes("/proc/meminfo", "MemTotal:"), kibibytes("/proc/meminfo", "MemAvailable:")
	// A container's share, where it is smaller (cgroup v2, then v1).
	for _, g := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		most, ok := number(g[0])
		if used, known := number(g[1]); ok && known && most > 0 && most < out.MostMemory {
			out.MostMemory, out.Available = most, min(out.Available, max(0, most-used))
		}
	}
	return out
}

// kibibytes reads a line such as "VmRSS:  1234 kB", in bytes.
func kibibytes(file, name string) int64 {
	text, err := os.ReadFile(file) //nolint:gosec // a name of ours
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if rest, ok := strings.CutPrefix(string(line), name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64) // 0 = not told
			return n << 10
		}
	}
	return 0
}

func number(file string) (int64, bool) {
	text, err := os.ReadFile(file) //nolint:gosec // a name of ours
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil // "max" is none
}

// Open lists those of the files that others than their owner may read, with
// their modes. Files that are not there are passed over. A group may read a
// file that is mounted for it (Kubernetes' secrets), so for such ones only
// everybody counts.
func Open(files []string, mounted func(file string) bool) []string {
	var out []string
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			continue
		}
		if mounted(file) && info.Mode().Perm()&0o007 == 0 {
			continue
		}
		if others(info) {
			out = append(out, file+" ("+info.Mode().Perm().String()+")")
		}
	}
	return out
}
