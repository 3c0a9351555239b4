//go:build !linux && !darwin

package blob

import "math"

// Free implements media.Files. Nobody is asked on this system: a full disk
// shows when it is written to.
func (s *Store) Free() (int64, error) { return math.MaxInt64, nil }
