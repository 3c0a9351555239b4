package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tutorial shows this code: every block of it stands here, word for word.
func TestTutorialShowsThisCode(t *testing.T) {
	var here strings.Builder
	for _, name := range []string{"main.go", "plugin.yaml", "main_test.go"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		here.Write(data)
	}
	code := unindent(here.String())
	for _, page := range []string{"first-channel.md", "first-channel.zh-CN.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", "build-plugins", page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := 0
		for i, part := range strings.Split(string(data), "\n```") {
			language, block, _ := strings.Cut(part, "\n")
			if i%2 == 0 || language != "go" && language != "yaml" {
				continue
			}
			blocks++
			if !strings.Contains(code, unindent(block)) {
				t.Errorf("%s shows what is not here:\n%s", page, block)
			}
		}
		if blocks < 7 {
			t.Errorf("%s: only %d blocks were found", page, blocks)
		}
	}
}

func unindent(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}
