package conformance

import (
	"bytes"
	"sync"
)

// maxOutput bounds what is kept of a plugin's output, in bytes; more is dropped.
const maxOutput = 4 << 20

// output keeps what a plugin prints.
//
// Concurrency: safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := maxOutput - o.text.Len(); room > 0 {
		_, _ = o.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// String returns what was kept.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
