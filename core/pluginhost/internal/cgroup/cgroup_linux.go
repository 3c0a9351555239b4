package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mounts is where the kernel's second version of control groups is looked for.
func mounts() []string { return []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} }

// controllers is what we ask for.
func controllers() []string { return []string{"memory", "cpu", "pids"} }

// period is that of a CPU quota, in microseconds.
const period = 100_000

// Tree is the part of the control groups that is ours.
type Tree struct {
	dir    string
	has    []string // controllers in force
	mu     sync.Mutex
	number int
}

// Open finds our part of the control groups and makes it ready; the error says
// in a sentence without its end why there is none. name tells servers on one
// machine apart.
//
// A group that has processes cannot hand its controllers on to groups below it,
// so the server itself moves to a group "core" beside those of the plugins. It
// touches nothing but the group it was started in, and only when that was given
// to it: systemd's Delegate=yes, or a container with its own writable tree.
func Open(name string) (*Tree, error) {
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, errors.New("this system has no control groups")
	}
	own, ok := ownGroup(string(self))
	if !ok {
		return nil, errors.New("this system has no control groups of version 2")
	}
	for _, mount := range mounts() {
		base := filepath.Join(mount, own)
		if _, err := os.Stat(filepath.Join(base, "cgroup.controllers")); err == nil {
			return open(base, name)
		}
	}
	return nil, errors.New("the control groups of version 2 are not mounted where this server sees them")
}

func ownGroup(text string) (string, bool) {
	for line := range strings.Lines(text) {
		if own, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return own, true
		}
	}
	return "", false
}

func open(base, name string) (*Tree, error) {
	offered, err := os.ReadFile(filepath.Join(base, "cgroup.controllers")) //nolint:gosec // the kernel's file
	if err != nil {
		return nil, fmt.Errorf("the control group %s cannot be read: %w", base, err)
	}
	var has []string
	for _, c := range controllers() {
		if slices.Contains(strings.Fields(string(offered)), c) {
			has = append(has, c)
		}
	}
	if len(has) == 0 {
		return nil, fmt.Errorf("the control group of this server (%s) offers no controllers", base)
	}
	dir := filepath.Join(base, "plugins-"+name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // the kernel's folder
		return nil, fmt.Errorf("the control group of this server (%s) is not its own to divide; with systemd, Delegate=yes gives it: %w", base, err)
	}
	t := &Tree{dir: dir, has: has}
	t.sweep()
	if err := hand(base, has); err != nil {
		return nil, fmt.Errorf("the control group of this server (%s) does not hand on its controllers: %w", base, err)
	}
	if err := write(dir, "cgroup.subtree_control", plus(has)); err != nil {
		return nil, fmt.Errorf("the control group of the plugins (%s) does not hand on its controllers: %w", dir, err)
	}
	return t, nil
}

// hand passes controllers on to the groups below base; this process leaves it
// when that is what it takes.
func hand(base string, has []string) error {
	err := write(base, "cgroup.subtree_control", plus(has))
	if err == nil {
		return nil
	}
	core := filepath.Join(base, "core")
	if err := os.Mkdir(core, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // the kernel's folder
		return err
	}
	if err := write(core, "cgroup.procs", strconv.Itoa(os.Getpid())); err != nil {
		return err
	}
	return write(base, "cgroup.subtree_control", plus(has))
}

func plus(names []string) string { return "+" + strings.Join(names, " +") }

func write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) //nolint:gosec // the kernel's file
}

// sweep removes groups that an earlier server left.
func (t *Tree) sweep() {
	left, err := os.ReadDir(t.dir)
	if err != nil {
		return
	}
	for _, e := range left {
		if e.IsDir() {
			(&Group{dir: filepath.Join(t.dir, e.Name())}).Remove()
		}
	}
}

// Has reports whether a controller is in force: "memory", "cpu", "pids".
func (t *Tree) Has(controller string) bool { return slices.Contains(t.has, controller) }

// Group makes a group for one process. memory is in bytes, cpu in cores; 0 is
// no limit.
func (t *Tree) Group(name string, memory int64, cpu float64, pids int) (*Group, error) {
	t.mu.Lock()
	t.number++
	dir := filepath.Join(t.dir, fmt.Sprintf("%s-%d-%d", name, os.Getpid(), t.number))
	t.mu.Unlock()
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // the kernel's folder
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	g := &Group{dir: dir}
	var errAll error
	set := func(controller, file, value string) {
		if t.Has(controller) {
			errAll = errors.Join(errAll, write(dir, file, value))
		}
	}
	if memory > 0 {
		set("memory", "memory.max", strconv.FormatInt(memory, 10))
		set("memory", "memory.high", strconv.FormatInt(memory/10*9, 10))
		set("memory", "memory.oom.group", "1")
		if t.Has("memory") { // not every kernel accounts for swap
			_ = write(dir, "memory.swap.max", "0")
		}
	}
	if cpu > 0 {
		set("cpu", "cpu.max", fmt.Sprintf("%d %d", int64(math.Ceil(cpu*period)), period))
	}
	if pids > 0 {
		set("pids", "pids.max", strconv.Itoa(pids))
	}
	file, err := os.Open(dir) //nolint:gosec // the kernel's folder
	if errAll = errors.Join(errAll, err); errAll != nil {
		g.Remove()
		return nil, fmt.Errorf("limit a control group: %w", errAll)
	}
	g.file = file
	return g, nil
}

// Group is the group of one process and of all it starts.
type Group struct {
	dir  string
	file *os.File
}

// FD is the descriptor of the group's folder, to start a process in it.
func (g *Group) FD() int { return int(g.file.Fd()) }

// OOMKills returns how often the kernel ended something in the group because it
// was out of memory.
func (g *Group) OOMKills() int {
	text, err := os.ReadFile(filepath.Join(g.dir, "memory.events"))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if name == "oom_kill" {
			n, _ := strconv.Atoi(value)
			return n
		}
	}
	return 0
}

// Remove ends what is left in the group and removes it. It waits a moment for
// the kernel to let go of them.
func (g *Group) Remove() {
	if g.file != nil {
		_ = g.file.Close()
	}
	_ = write(g.dir, "cgroup.kill", "1")
	for range 50 {
		if err := os.Remove(g.dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}
