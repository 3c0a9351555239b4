//go:build !linux && !darwin

package backup

import "os"

func free(*os.File) (int64, bool) { return 0, false }
