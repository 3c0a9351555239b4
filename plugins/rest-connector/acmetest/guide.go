package acmetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Guide returns the mapping that a page of the guide teaches with; root is the
// path to the repository.
func Guide(tb testing.TB, root, page string) string {
	tb.Helper()
	blocks := Blocks(tb, root, page)
	if len(blocks) == 0 {
		tb.Fatalf("%s has no example", page)
	}
	return blocks[0]
}

// Blocks returns every YAML block of a page of the guide.
func Blocks(tb testing.TB, root, page string) []string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "build-plugins", page))
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, part := range strings.Split(string(text), "\n```yaml\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		out = append(out, block)
	}
	return out
}
