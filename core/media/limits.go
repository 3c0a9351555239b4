package media

import "time"

// Limits bound what comes in.
type Limits struct {
	Upload       int64 // bytes of one file
	Pixels       int64 // of an image that is decoded
	DecodeMemory int64 // bytes that all decodings may take at a time
	MinFree      int64 // bytes that uploads leave free on the disk
}

// Bounds that are not configured.
const (
	ChunkSize = 1 << 20        // bytes of one piece of an upload
	Lifetime  = 24 * time.Hour // of what no message took
	Grace     = time.Hour      // before a file without a row is an orphan
)
