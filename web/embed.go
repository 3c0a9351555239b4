// Package web holds what the binary serves to browsers: the built console and
// the demo page. `npm run build` fills console/dist; a binary built without it
// serves a page that says how to build the console, so Go alone is enough to
// compile.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:console/dist placeholder demo
var files embed.FS

// Console returns the built console, or the placeholder page when it was not
// built. Either has an index.html.
func Console() fs.FS {
	if console := sub("console/dist"); built(console) {
		return console
	}
	return sub("placeholder")
}

// Demo returns the demo page: a shop to try the widget in. Its index.html has
// the comment <!-- patchbay:snippet --> where the widget's line belongs.
func Demo() fs.FS { return sub("demo") }

func built(console fs.FS) bool {
	_, err := fs.Stat(console, "index.html")
	return err == nil
}

// sub returns a folder of the embedded files. The names are constants, and a
// valid name never fails.
func sub(name string) fs.FS {
	folder, err := fs.Sub(files, name)
	if err != nil {
		return files
	}
	return folder
}
