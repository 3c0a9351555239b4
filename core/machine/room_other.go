//go:build !linux && !darwin

package machine

import (
	"os"

	"github.com/patchbay-im/patchbay/core/system"
)

func room(string, *system.Disk) error { return nil }

func openLimit() int64 { return 0 }

func others(os.FileInfo) bool { return false }
