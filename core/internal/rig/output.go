package rig

import (
	"bytes"
	"sync"
)

// Output is what a process prints. It is safe for concurrent use.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns all of it.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Tail returns the end of it, for messages.
func (o *Output) Tail() string {
	const most = 4 << 10
	s := o.String()
	return s[max(0, len(s)-most):]
}
