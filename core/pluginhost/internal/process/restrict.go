package process

import (
	"fmt"
	"math"
	"os"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/cgroup"
)

// environment tells a Go program of its limits, so that it collects its garbage
// before it is ended, and does not start more threads than it has processors.
func (l Limits) environment() []string {
	var out []string
	if l.Memory > 0 {
		out = append(out, fmt.Sprintf("GOMEMLIMIT=%d", l.Memory/10*8))
	}
	if l.CPU > 0 {
		out = append(out, fmt.Sprintf("GOMAXPROCS=%d", int(math.Ceil(l.CPU))))
	}
	return out
}

// restrict prepares this thread, which the child inherits from, and the child's
// control group, and notes what is in force.
func (r *process) restrict() error {
	reach := basics()
	if err := restrictThread(); err != nil {
		return err
	}
	group := r.enterGroup(&reach)
	if err := r.confine(&reach); err != nil {
		if group != nil {
			group.Remove()
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.group, r.reach = group, reach
	return nil
}

// enterGroup has the child start in a control group of its own.
func (r *process) enterGroup(reach *Reached) *cgroup.Group {
	why, group := r.spec.Ungrouped, (*cgroup.Group)(nil)
	if r.spec.Groups != nil {
		var err error
		group, err = r.spec.Groups.Group("plugin", r.spec.Limits.Memory, r.spec.Limits.CPU, r.spec.Limits.PIDs)
		if err != nil {
			why, group = err.Error(), nil
		} else {
			startIn(r.cmd, group)
		}
	}
	limited := func(m extension.Isolation, controller string) {
		switch {
		case group == nil:
			reach.note(m, why)
		case !r.spec.Groups.Has(controller):
			reach.note(m, "the control group of this server has no "+controller+" controller")
		default:
			reach.note(m, "")
		}
	}
	if group != nil || why != "" {
		limited(extension.MemoryLimited, "memory")
		limited(extension.CPULimited, "cpu")
		limited(extension.ProcessesLimited, "pids")
	}
	if r.spec.Limits.Memory > 0 && (group == nil || !r.spec.Groups.Has("memory")) && resident(os.Getpid()) > 0 {
		reach.note(extension.MemoryWatched, "")
	}
	return group
}

// outOfMemory reports whether the process ended for want of memory.
func (r *process) outOfMemory() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.overran || r.group != nil && r.group.OOMKills() > 0
}

// overrun kills the process for want of memory.
func (r *process) overrun() {
	r.mu.Lock()
	r.overran = true
	r.mu.Unlock()
	r.kill()
}

func (r *process) reached() Reached {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reach
}

// leaveGroup removes the control group, with all that is left in it.
func (r *process) leaveGroup() {
	r.mu.Lock()
	group := r.group
	r.group = nil
	r.mu.Unlock()
	if group != nil {
		group.Remove()
	}
}
