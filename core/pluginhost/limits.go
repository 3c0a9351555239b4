package pluginhost

import (
	"fmt"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/cgroup"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// What a plugin may use when its manifest does not say.
const (
	defaultMemoryMB = 128
	defaultCPU      = 1
	defaultPIDs     = 64
)

func memoryOf(r manifest.Resources) int64 {
	if r.MemoryMB > 0 {
		return int64(r.MemoryMB) << 20
	}
	return defaultMemoryMB << 20
}

func cpuOf(r manifest.Resources) float64 {
	if r.CPU > 0 {
		return r.CPU
	}
	return defaultCPU
}

func pidsOf(r manifest.Resources) int {
	if r.PIDs > 0 {
		return r.PIDs
	}
	return defaultPIDs
}

// groups are the control groups of the plugins, or why there are none.
type groups struct {
	tree *cgroup.Tree
	why  string
}

func (h *Host) openGroups(name string) groups {
	tree, err := cgroup.Open(name)
	if err != nil {
		return groups{why: err.Error()}
	}
	return groups{tree: tree}
}

func (h *Host) trusts(id channel.PluginID) bool { return slices.Contains(h.options.Trusted, id) }

// allows refuses a process that is less isolated than the server demands.
func (h *Host) allows(r process.Reached) error {
	if h.options.MinIsolation != extension.Confined || r.Confined() {
		return nil
	}
	why := "this system cannot do it"
	for _, l := range r.Lacking {
		if l.Measure == extension.FilesFenced {
			why = l.Why
		}
	}
	return &process.StartError{Permanent: true, Detail: fmt.Sprintf(
		"plugins.min_isolation demands that it is confined to its own files, and it is not: %s. Run the server where that is possible, or set plugins.min_isolation to %s.",
		why, extension.Trusted)}
}

// isolation says what keeps a process in its place.
func isolation(r process.Reached) (tier extension.Tier, measures []extension.Isolation, lacking []extension.Lacking) {
	tier = extension.Trusted
	if r.Confined() {
		tier = extension.Confined
	}
	for _, l := range r.Lacking {
		lacking = append(lacking, extension.Lacking(l))
	}
	return tier, r.Measures, lacking
}
