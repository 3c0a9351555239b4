// Package docs holds the guides that a running server shows to those who write
// programs against it, at /docs/api/<name>.
package docs

import "embed"

//go:embed api/*.md reference/*.md
var guides embed.FS

// Guides returns the guides: api/ and reference/, <name>.md in English and
// <name>.zh-CN.md in Chinese.
func Guides() embed.FS { return guides }
