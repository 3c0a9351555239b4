package manifest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the process and of its routes.
const (
	minMemoryMB, maxMemoryMB = 16, 16384
	minCPU, maxCPU           = 0.05, 64
	minPIDs, maxPIDs         = 16, 4096
	maxPort                  = 65535
	maxBodyKB                = 1024
	minRate, maxRate         = 0.01, 10000
	maxBurst                 = 10000
	maxInFlight              = 4096
)

func (c *checker) word(path []string, word string, allowed ...string) {
	if word != "" && !slices.Contains(allowed, word) {
		c.fault(path, "%q is not known here; there are: %s", word, strings.Join(allowed, ", "))
	}
}

func (c *checker) runtime(m Manifest) {
	r := m.Runtime
	c.word([]string{"runtime", "type"}, r.Type, RuntimeExecutable, RuntimeNone)
	c.word([]string{"runtime", "placement"}, r.Placement, PlacementEveryNode, PlacementSingle)
	c.word([]string{"runtime", "upgrade"}, r.Upgrade, UpgradeOverlap, UpgradeExclusive)
	if r.Type != RuntimeNone {
		return
	}
	path := []string{"runtime", "type"}
	for _, k := range m.Kinds {
		if k != KindTemplate && k != KindPanel {
			c.fault(path, "%q needs a program: without one there are templates and panels with pages alone", k)
		}
	}
	for i, p := range m.Panels {
		if p.Page == "" {
			c.fault([]string{"panels", strconv.Itoa(i)}, `a card needs a program, and runtime.type says "none": name a page`)
		}
	}
	for _, s := range []struct {
		key   string
		there bool
	}{
		{"permissions", len(m.Permissions) > 0},
		{"network", len(m.Network) > 0},
		{"config_schema", len(m.ConfigSchema) > 0},
		{"routes", len(m.Routes) > 0},
		{"resources", m.Resources != Resources{}},
		{"limits", m.Limits != Limits{}},
	} {
		if s.there {
			c.fault([]string{s.key}, `needs a program, and runtime.type says "none"`)
		}
	}
	if r.Placement != "" || r.Upgrade != "" {
		c.fault([]string{"runtime"}, `placement and upgrade are for programs, and type says "none"`)
	}
}

func (c *checker) resources(r Resources) {
	if r.MemoryMB != 0 && (r.MemoryMB < minMemoryMB || r.MemoryMB > maxMemoryMB) {
		c.fault([]string{"resources", "memory_mb"}, "must be %d to %d", minMemoryMB, maxMemoryMB)
	}
	if r.CPU != 0 && (r.CPU < minCPU || r.CPU > maxCPU) {
		c.fault([]string{"resources", "cpu"}, "must be %v to %d", minCPU, maxCPU)
	}
	if r.PIDs != 0 && (r.PIDs < minPIDs || r.PIDs > maxPIDs) {
		c.fault([]string{"resources", "pids"}, "must be %d to %d: a Go program alone has some ten threads", minPIDs, maxPIDs)
	}
}

func (c *checker) limits(l Limits) {
	if l.RatePerS != 0 && (l.RatePerS < minRate || l.RatePerS > maxRate) {
		c.fault([]string{"limits", "rate_per_s"}, "must be %v to %d", minRate, maxRate)
	}
	switch {
	case l.Burst < 0 || l.Burst > maxBurst:
		c.fault([]string{"limits", "burst"}, "must be 1 to %d", maxBurst)
	case l.Burst > 0 && l.RatePerS == 0:
		c.fault([]string{"limits", "burst"}, "goes with rate_per_s, which is not there")
	}
	if l.MaxInFlight < 0 || l.MaxInFlight > maxInFlight {
		c.fault([]string{"limits", "max_in_flight"}, "must be 1 to %d", maxInFlight)
	}
}

func (c *checker) network(m Manifest) {
	label := `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	name := regexp.MustCompile(`^(\*\.` + label + `\.)?(` + label + `\.)*` + label + `$`)
	fields := fieldsOf(m.ConfigSchema)
	for i, n := range m.Network {
		path := []string{"network", strconv.Itoa(i)}
		switch {
		case (n.Host == "") == (n.FromConfig == ""):
			c.fault(path, "must have either host or from_config")
		case n.Host != "" && (len(n.Host) > 253 || !name.MatchString(n.Host)):
			c.fault(append(path, "host"), `must be a name in lower case, without a scheme, a port or a path, or "*." and a name of at least two parts`)
		case n.FromConfig != "" && fields[n.FromConfig].kind != "string":
			c.fault(append(path, "from_config"), "%q is no field of config_schema that holds a text", n.FromConfig)
		}
		for j, port := range n.Ports {
			if port < 1 || port > maxPort || slices.Contains(n.Ports[:j], port) {
				c.fault(append(slices.Clone(path), "ports", strconv.Itoa(j)), "must be 1 to %d, each once", maxPort)
			}
		}
		c.text(append(slices.Clone(path), "reason"), n.Reason, minReason, maxReason)
	}
}

func (c *checker) routes(list []Route) {
	plain := regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*/?(/\*)?$`)
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
	seen := make(map[string]bool, len(list))
	for i, r := range list {
		path := []string{"routes", strconv.Itoa(i)}
		inner := strings.Split(strings.Trim(r.Path, "/"), "/")
		switch {
		case !strings.HasPrefix(r.Path, "/") || !plain.MatchString(r.Path) || strings.Contains(r.Path, "//") ||
			slices.Contains(inner, "..") || slices.Contains(inner, "."):
			c.fault(append(path, "path"), `must begin with "/" and have parts of letters, digits, ".", "_", "~" and "-"; the last one may be "*"`)
		case seen[r.Path]:
			c.fault(append(path, "path"), "%q stands twice", r.Path)
		}
		seen[r.Path] = true
		if len(r.Methods) == 0 {
			c.fault(append(slices.Clone(path), "methods"), "is missing; there are: %s", strings.Join(methods, ", "))
		}
		for j, method := range r.Methods {
			if !slices.Contains(methods, method) || slices.Contains(r.Methods[:j], method) {
				c.fault(append(slices.Clone(path), "methods", strconv.Itoa(j)), "%q is not known here, or stands twice; there are: %s", method, strings.Join(methods, ", "))
			}
		}
		if r.MaxBodyKB < 0 || r.MaxBodyKB > maxBodyKB {
			c.fault(append(slices.Clone(path), "max_body_kb"), "must be 0 (64) to %d", maxBodyKB)
		}
	}
}
