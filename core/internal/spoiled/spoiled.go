// Package spoiled makes bad secrets of good ones, for tests.
package spoiled

import (
	"slices"
	"strings"
)

// Ways are what is done to a good secret of at least eight letters, by name. With
// another door's, one that was used and one that has expired, which take more
// than the text, they are fourteen.
func Ways() map[string]func(good string) string {
	swap := func(s string, i int) string {
		c := byte('A')
		if s[i] == c {
			c = 'B'
		}
		return s[:i] + string(c) + s[i+1:]
	}
	return map[string]func(string) string{
		"empty":             func(string) string { return "" },
		"cut":               func(s string) string { return s[:len(s)-1] },
		"the first half":    func(s string) string { return s[:len(s)/2] },
		"longer":            func(s string) string { return s + "A" },
		"first letter":      func(s string) string { return swap(s, len(s)-len(s[strings.LastIndexAny(s, "._")+1:])) },
		"a letter within":   func(s string) string { return swap(s, len(s)-6) },
		"other case":        func(s string) string { return strings.Map(swapCase, s) },
		"backwards":         func(s string) string { b := []byte(s); slices.Reverse(b); return string(b) },
		"a space within":    func(s string) string { return s[:4] + " " + s[4:] },
		"twice":             func(s string) string { return s + s },
		"a JWT without alg": func(string) string { return "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9." },
	}
}

func swapCase(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 'a' + 'A'
	case r >= 'A' && r <= 'Z':
		return r - 'A' + 'a'
	}
	return r
}
