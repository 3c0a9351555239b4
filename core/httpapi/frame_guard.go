package httpapi

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// WebRTC is the one way out of a page that no policy closes: browsers do not
// heed the directive for it. So every script of a page takes it from its realm
// before it does anything else. Whatever runs in a page, or in a document that it
// nests, is a file of its tree: nothing inline, nothing made of text, nothing
// from elsewhere.
//
// A classic script says so without a name that it could give another meaning to,
// since its functions are there before its first line; a module has a guard
// imported before all else. Browsers ask for modules with the mode "cors" and
// for classic scripts with "no-cors"; one that does not say how it asks gets the
// module's form, which a classic script cannot run.
const (
	guardName     = "~guard.js"
	guardClassic  = "delete this.RTCPeerConnection;delete this.webkitRTCPeerConnection;delete this.mozRTCPeerConnection;"
	guardModule   = "delete globalThis.RTCPeerConnection;delete globalThis.webkitRTCPeerConnection;delete globalThis.mozRTCPeerConnection;\n"
	strictPrelude = `"use strict";`
)

// guarded is a script as it is served to who asks for it so.
func guarded(f *asset, tree, mode string) *asset {
	prefix := "import " + `"` + tree + guardName + `";`
	if mode == "no-cors" {
		prefix = guardClassic
		start := bytes.TrimLeft(f.raw, " \t\r\n\uFEFF")
		if bytes.HasPrefix(start, []byte(`"use strict"`)) || bytes.HasPrefix(start, []byte(`'use strict'`)) {
			prefix = strictPrelude + prefix
		}
	}
	out := newAsset("x.js", append([]byte(prefix), f.raw...))
	out.mime, out.immutable = f.mime, true
	return out
}

// sendGuarded answers with a file of a page's tree.
func (s *Server) sendGuarded(c *fiber.Ctx, t *frameTree, name, tree string) error {
	f := t.files[name]
	if !strings.HasPrefix(f.mime, "text/javascript") || name == guardName {
		return f.send(c)
	}
	mode := "cors"
	if c.Get("Sec-Fetch-Mode") == "no-cors" {
		mode = "no-cors"
	}
	c.Vary("Sec-Fetch-Mode")
	s.frames.mu.Lock()
	key := mode + " " + name
	g, ok := t.guarded[key]
	if !ok {
		g = guarded(f, tree, mode)
		t.guarded[key] = g
	}
	s.frames.mu.Unlock()
	return g.send(c)
}
