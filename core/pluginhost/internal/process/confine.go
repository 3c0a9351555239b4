package process

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/extension"
)

// Limits bound what a process uses.
type Limits struct {
	Memory int64   // bytes; 0 = no limit
	CPU    float64 // cores; 0 = no limit
	PIDs   int     // threads and processes; 0 = no limit
}

// Lacking is a measure that is not in force, and why.
type Lacking struct {
	Measure extension.Isolation
	Why     string // a sentence without its end
}

// Reached says what keeps a process in its place, and what does not.
type Reached struct {
	Measures []extension.Isolation
	Lacking  []Lacking
}

// Confined reports whether files are out of the process's reach.
func (r *Reached) Confined() bool {
	return slices.Contains(r.Measures, extension.FilesFenced)
}

func (r *Reached) note(m extension.Isolation, why string) {
	if why == "" {
		r.Measures = append(r.Measures, m)
		return
	}
	r.Lacking = append(r.Lacking, Lacking{Measure: m, Why: why})
}
