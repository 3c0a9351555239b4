//go:build mutant

package mutant

import "os"

// On reports whether PATCHBAY_MUTANT names the bug.
func On(name string) bool { return os.Getenv("PATCHBAY_MUTANT") == name }
