package socket

import "slices"

// Found is what a decoder made of a stream: "t<text>", "p<ping>", "c<close>",
// and at the end "!<code>" when it failed.
type Found []string

// Decode feeds the chunks to a decoder until it wants no more.
func Decode(limit int, chunks ...[]byte) Found {
	var d decoder
	var pool assemblies
	s := &recording{}
	for _, chunk := range chunks {
		if len(chunk) == 0 {
			continue
		}
		fail := d.feed(slices.Clone(chunk), limit, &pool, s)
		if fail != nil {
			s.found = append(s.found, "!"+string(rune(fail.code)))
			break
		}
		if s.stopped {
			break
		}
	}
	return s.found
}

type recording struct {
	found   Found
	stopped bool
}

func (s *recording) admit() bool { return true }

func (s *recording) text(p []byte) bool {
	s.found = append(s.found, "t"+string(p))
	return true
}

func (s *recording) ping(p []byte) bool {
	s.found = append(s.found, "p"+string(p))
	return true
}

func (s *recording) closing(p []byte) bool {
	s.found = append(s.found, "c"+string(p))
	s.stopped = true
	return false
}
