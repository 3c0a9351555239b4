package conformance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

const sigterm = syscall.SIGTERM

// orphaned is scenario 10: without a host it ends.
func orphaned(r *run) (string, error) {
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	began := now()
	p.leave()
	if p.process == nil {
		timer := time.NewTimer(exitBudget)
		defer timer.Stop()
		select {
		case <-p.gone:
			return fmt.Sprintf("It noticed after %s that the host was gone.", round(now().Sub(began))), nil
		case <-timer.C:
			return "", fmt.Errorf("%s after the host was gone it has not noticed", exitBudget)
		}
	}
	if !p.exits(exitBudget) {
		return "", fmt.Errorf("%s after the connection to the host was gone its process still runs; it ends by itself", exitBudget)
	}
	first := now().Sub(began)
	second, err := r.withoutParent()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("It ended %s after the connection was gone, and %s after its parent was killed.", round(first), round(second)), nil
}

// withoutParent has a shell start the program, and kills the shell: a core that
// died before there was a connection.
func (r *run) withoutParent() (time.Duration, error) {
	dir, err := r.folder()
	if err != nil {
		return 0, err
	}
	said := filepath.Join(dir, "said")
	cmd := exec.CommandContext(r.ctx, "/bin/sh", "-c", pluginv1.HostKey+`=$$ "$0" >"$1" 2>/dev/null & echo $! >"$1.pid"; exec sleep 120`, r.target.Program, said)
	cmd.Dir = dir
	cmd.Env = append(surroundings(dir), pluginv1.CookieKey+"="+pluginv1.CookieValue, "PLUGIN_UNIX_SOCKET_DIR="+dir,
		"PLUGIN_PROTOCOL_VERSIONS="+strconv.Itoa(pluginv1.Version))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start a shell: %w", err)
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }() // whatever is left
	var pid int
	ready := r.until(readyBudget, func() bool {
		line, _ := os.ReadFile(said)
		id, _ := os.ReadFile(said + ".pid")
		pid, _ = strconv.Atoi(strings.TrimSpace(string(id)))
		return pid > 0 && slices.ContainsFunc(strings.Split(string(line), "\n"), isHandshake)
	})
	if !ready {
		return 0, errors.New("started by a shell it prints no handshake")
	}
	began := now()
	err = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	if err != nil {
		return 0, fmt.Errorf("kill the shell: %w", err)
	}
	if !r.until(exitBudget, func() bool { return !runs(pid) }) {
		return 0, fmt.Errorf("%s after its parent was killed its process still runs; it ends by itself", exitBudget)
	}
	return now().Sub(began), nil
}

// runs reports whether a process is there and no zombie.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// memory is scenario 12: below what the manifest says, and not growing.
func memory(r *run) (string, error) {
	if err := r.needsProcess("this one's memory is the kit's own, too"); err != nil {
		return "", err
	}
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	if p.memory() == 0 {
		return "", notApplicable("This system does not tell how much memory a process has.")
	}
	if err := p.works(300, lanes); err != nil {
		return "", err
	}
	limit := int64(r.manifest.Resources.MemoryMB)
	if limit == 0 {
		limit = defaultMemoryMB
	}
	var readings []int64
	load := r.pick(5*time.Second, 10*time.Minute)
	for end := now().Add(load); now().Before(end); {
		if err := p.works(100, lanes); err != nil {
			return "", err
		}
		readings = append(readings, p.memory())
		if last := readings[len(readings)-1]; last > limit<<20 {
			return "", fmt.Errorf("it has %d MiB under load, and its manifest says %d", last>>20, limit)
		}
	}
	if len(readings) < 4 {
		return "", errors.New("it is too slow for a reading: fewer than four hundred tasks were done")
	}
	quarter := len(readings) / 4
	grown := least(readings[len(readings)-quarter:]) - most(readings[:quarter])
	if grown > slack {
		return "", fmt.Errorf("under a steady load of %s it grew by %d MiB, to %d; it should level off", load, grown>>20, readings[len(readings)-1]>>20)
	}
	return fmt.Sprintf("At most %d MiB of %d under a load of %d tasks in %s, and no growth.", most(readings)>>20, limit, 100*len(readings), load), nil
}

// defaultMemoryMB is for manifests that say nothing.
const defaultMemoryMB = 128

func least(list []int64) int64 {
	out := list[0]
	for _, n := range list {
		out = min(out, n)
	}
	return out
}

func most(list []int64) int64 {
	out := list[0]
	for _, n := range list {
		out = max(out, n)
	}
	return out
}

// memory returns how many bytes the process occupies; 0 = nobody knows.
func (p *plug) memory() int64 {
	if p.process == nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.process.PID))
	if err != nil {
		return 0
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(text), &total, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// uninstall is scenario 17: nothing is left, and nothing goes on.
func uninstall(r *run) (string, error) {
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	if err := p.works(20, 5); err != nil && !isInapplicable(err) {
		return "", err
	}
	if err := p.remove(); err != nil {
		return "", err
	}
	before := p.core.callsOf(instanceID)
	if err := p.pause(r.pick(500*time.Millisecond, 30*time.Second)); err != nil {
		return "", err
	}
	if n := p.core.callsOf(instanceID) - before; n > 0 {
		return "", fmt.Errorf("after RemoveInstance it called the host %d times for the instance that is gone", n)
	}
	if err := p.forgotten(); err != nil {
		return "", err
	}
	if _, err := p.drained(); err != nil {
		return "", err
	}
	if p.process == nil {
		return "After RemoveInstance it left the instance alone; processes and files are matters of a process.", nil
	}
	if err := p.endsWell(); err != nil {
		return "", err
	}
	if left := processesIn(p.dir); len(left) > 0 {
		defer killAll(left)
		return "", fmt.Errorf("its process ended and %d that it started did not: %s; they end with it", len(left), names(left))
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return "", fmt.Errorf("its data folder cannot be removed: %w", err)
	}
	if err := p.pause(200 * time.Millisecond); err != nil {
		return "", err
	}
	if _, err := os.Stat(p.dir); err == nil {
		return "", errors.New("its data folder came back after it was removed")
	}
	return "No process, no file and no call to the host was left.", nil
}

// forgotten wants Health to say nothing of the instance.
func (p *plug) forgotten() error {
	h, err := p.health()
	if err == nil && h != nil {
		err = fmt.Errorf("after RemoveInstance Health still speaks of it: %v", h)
	}
	return err
}

// processesIn returns the processes that have a folder as their HOME: whatever
// a plugin started has its surroundings.
func processesIn(dir string) []int {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "environ"))
		if err == nil && strings.Contains("\x00"+string(env), "\x00HOME="+dir+"\x00") && runs(pid) {
			out = append(out, pid)
		}
	}
	return out
}

func killAll(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it ended by itself
	}
}

func names(pids []int) string {
	var out []string
	for _, pid := range pids {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		out = append(out, fmt.Sprintf("%s (%d)", strings.TrimSpace(string(name)), pid))
	}
	return strings.Join(out, ", ")
}
