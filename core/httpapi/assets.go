package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
)

// asset is a file as it is served: raw and, where that helps, compressed.
type asset struct {
	raw, gzip, brotli []byte
	etag, mime        string
	immutable         bool
}

// assets serves a file tree from memory. Files are read and compressed when
// they are first asked for, so a start costs nothing.
type assets struct {
	files fs.FS
	mu    sync.Mutex
	known map[string]*asset
}

func newAssets(files fs.FS) *assets {
	return &assets{files: files, known: make(map[string]*asset)}
}

// minCompressed is the size under which compression does not pay.
const minCompressed = 1024

// find returns a file of the tree; nil when there is none.
func (a *assets) find(name string) *asset {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.known[name]; ok {
		return f
	}
	raw, err := fs.ReadFile(a.files, name)
	if err != nil { // not remembered: the names that do not exist have no end
		return nil
	}
	f := newAsset(name, raw)
	a.known[name] = f
	return f
}

func newAsset(name string, raw []byte) *asset {
	sum := sha256.Sum256(raw)
	f := &asset{
		raw: raw, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		mime: mime.TypeByExtension(path.Ext(name)), immutable: hashed(name),
	}
	if path.Ext(name) == ".webmanifest" { // which systems know it differs
		f.mime = "application/manifest+json"
	}
	if f.mime == "" {
		f.mime = fiber.MIMEOctetStream
	}
	if len(raw) >= minCompressed && compressible(f.mime) {
		f.gzip, f.brotli = gzipped(raw), brotlied(raw)
	}
	return f
}

// hashed reports whether the bundler put a content hash into the name: such a
// file never changes.
func hashed(name string) bool { return strings.Contains(name, "assets/") }

func compressible(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.Contains(media, "javascript") || strings.Contains(media, "json") || strings.Contains(media, "svg")
}

func gzipped(raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(raw) // a bytes.Buffer does not fail
	_ = w.Close()
	return b.Bytes()
}

func brotlied(raw []byte) []byte {
	const quality = 9 // 11 takes ten times as long for two per cent
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, quality)
	_, _ = w.Write(raw) // a bytes.Buffer does not fail
	_ = w.Close()
	return b.Bytes()
}

// send answers with the form the browser takes best.
func (f *asset) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderETag, f.etag)
	c.Set(fiber.HeaderContentType, f.mime)
	c.Vary(fiber.HeaderAcceptEncoding)
	if f.immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == f.etag {
		return c.SendStatus(http.StatusNotModified)
	}
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	switch {
	case f.brotli != nil && headerHasCoding(accepted, "br"):
		c.Set(fiber.HeaderContentEncoding, "br")
		return c.Send(f.brotli)
	case f.gzip != nil && headerHasCoding(accepted, "gzip"):
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.gzip)
	default:
		return c.Send(f.raw)
	}
}

func headerHasCoding(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) && strings.ReplaceAll(params, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// consoleCSP lets the console load its own files and nothing else; what plugins
// show in frames is added to it.
const consoleCSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// staticRoutes serves the console, and its index for every page of it, after
// all other routes.
func (s *Server) staticRoutes() {
	s.get("/*", accessPublic, func(c *fiber.Ctx) error {
		if f := s.assets.find(c.Params("*")); f != nil && c.Params("*") != "" {
			return s.sendConsole(c, f)
		}
		if pathUnder(c.Path(), "/api/") || pathUnder(c.Path(), "/w/") || !strings.Contains(c.Get(fiber.HeaderAccept), "text/html") {
			return errs.Absent()
		}
		index := s.assets.find("index.html")
		if index == nil {
			return errs.New(errs.Internal, "console.missing", "The console is not in this build.")
		}
		return s.sendConsole(c, index)
	})
}

func (s *Server) sendConsole(c *fiber.Ctx, f *asset) error {
	c.Set(fiber.HeaderContentSecurityPolicy, consoleCSP+"; frame-src "+s.frameSources(c))
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	return f.send(c)
}
