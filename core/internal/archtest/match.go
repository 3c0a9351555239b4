package archtest

import (
	"slices"
	"strings"
)

// match reports whether a pattern selects a path, and the root of the tree it
// lies in: the part of the path before "...".
func match(pattern, path string) (root string, ok bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, w := range want {
		switch {
		case w == "...":
			return strings.Join(have[:i], "/"), true
		case i >= len(have) || w != "*" && w != have[i]:
			return "", false
		}
	}
	return path, len(have) == len(want)
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		_, ok := match(pattern, path)
		return ok
	})
}

// sameTree reports whether two packages lie in the same tree of a pattern, so
// that plugins/a is no neighbour of plugins/b.
func sameTree(pattern, a, b string) bool {
	rootA, okA := match(pattern, a)
	rootB, okB := match(pattern, b)
	return okA && okB && rootA == rootB
}

// suite reports whether a package is a conformance suite or a harness, which
// by convention is named <what>test and lies below what it tests.
func suite(path string) bool {
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	return last != "test" && strings.HasSuffix(last, "test")
}

// standard reports whether an import is of the standard library: the first
// part of any other import path is a domain name.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}
