package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/lru"
)

const framesPrefix = "/frames/"

// Bounds of the files of a plugin's pages.
const (
	maxFrameFiles = 500
	maxFrameBytes = 20 << 20
	maxFrameTrees = 32 // plugins and versions whose files are held
)

// frameTypes are the files that pages may be made of. What is not here is not
// served: no maps of sources, no programs, no archives.
func frameTypes() map[string]string {
	return map[string]string{
		".html": fiber.MIMETextHTMLCharsetUTF8, ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8", ".json": "application/json", ".txt": fiber.MIMETextPlainCharsetUTF8, ".svg": "image/svg+xml",
		".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
		".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf",
	}
}

// frames holds the files of plugins' pages as they are served: a tree for each
// plugin and its files, under a name that changes with them.
type frames struct {
	mu    sync.Mutex
	trees *lru.Map[string, *frameTree]
	last  map[extension.PluginID]string // the signature of the files on disk, and the tree that it stands for
}

// frameTree is what one version of a plugin has.
type frameTree struct {
	version string // a hash of all files
	files   map[string]*asset
	guarded map[string]*asset // scripts as they are served, by how they are asked for
}

// pagesOf lists the pages of a plugin.
func (s *Server) pagesOf(plugin extension.PluginID) []string {
	var out []string
	for _, p := range s.Panels.Panels.Panels() {
		if p.Plugin == plugin && p.Page != "" {
			out = append(out, path.Clean(p.Page))
		}
	}
	return out
}

// frameFiles returns what a plugin's pages are made of now.
func (s *Server) frameFiles(plugin extension.PluginID, pages []string) (*frameTree, error) {
	files, ok := s.PluginUI(channel.PluginID(plugin))
	if !ok || len(pages) == 0 {
		return nil, errs.Absent()
	}
	names, signature, err := listFrame(files, pages)
	if err != nil {
		return nil, err
	}
	f := &s.frames
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trees == nil {
		f.trees, f.last = lru.New[string, *frameTree](maxFrameTrees), make(map[extension.PluginID]string)
	}
	key := string(plugin) + " " + signature
	if t, ok := f.trees.Get(key); ok && f.last[plugin] == signature {
		return t, nil
	}
	t, err := readFrame(files, names)
	if err != nil {
		return nil, err
	}
	f.trees.Put(key, t)
	f.last[plugin] = signature
	return t, nil
}

// listFrame finds the files that pages may be made of: those of known types in
// the folders of the pages and below, without what begins with a dot; of HTML
// the pages alone. The signature changes when one of them does.
func listFrame(files fs.FS, pages []string) (names []string, signature string, err error) {
	types, sum := frameTypes(), sha256.New()
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular(), types[path.Ext(name)] == "", !besidePage(name, pages):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names = append(names, name)
		_, _ = sum.Write([]byte(name + "\x00" + info.ModTime().String() + "\x00" + strconv.FormatInt(info.Size(), 10)))
		if len(names) > maxFrameFiles {
			return tooManyFrameFiles()
		}
		return nil
	})
	return names, string(sum.Sum(nil)), err
}

func tooManyFrameFiles() error {
	return unavailable("panel.files", "The plugin's pages have more than 500 files or 20 MiB. Its publisher must make them smaller.")
}

// besidePage reports whether a file is a page, or may belong to one.
func besidePage(name string, pages []string) bool {
	if path.Ext(name) == ".html" {
		return slices.Contains(pages, name)
	}
	return slices.ContainsFunc(pages, func(p string) bool {
		dir := path.Dir(p)
		return dir == "." || strings.HasPrefix(name, dir+"/")
	})
}

// readFrame reads files into a tree.
func readFrame(files fs.FS, names []string) (*frameTree, error) {
	t, types, sum, total := &frameTree{files: make(map[string]*asset), guarded: make(map[string]*asset)}, frameTypes(), sha256.New(), 0
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err //nolint:wrapcheck // logged as it is
		}
		if total += len(raw); total > maxFrameBytes {
			return nil, tooManyFrameFiles()
		}
		f := newAsset(name, raw)
		f.mime, f.immutable = types[path.Ext(name)], true
		t.files[name] = f
		_, _ = sum.Write([]byte(name + f.etag))
	}
	_, _ = sum.Write([]byte(ownOriginOnly + noPowers)) // what is kept for ever is not kept with older powers
	t.files[guardName] = newAsset(guardName, []byte(guardModule))
	t.files[guardName].mime, t.files[guardName].immutable = types[".js"], true
	t.version = base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
	return t, nil
}

// frameAddress is where a page is shown from: below a name that changes with the
// files, so that they may be kept for ever.
func (s *Server) frameAddress(plugin extension.PluginID, page string) (string, error) {
	t, err := s.frameFiles(plugin, s.pagesOf(plugin))
	if err != nil {
		return "", err
	}
	if t.files[path.Clean(page)] == nil {
		return "", unavailable("panel.page_missing", "The plugin's page "+page+" is not in its files. Its publisher must build it again.")
	}
	return framesPrefix + string(plugin) + "/" + t.version + "/" + path.Clean(page), nil
}

func (s *Server) frameRoutes() {
	s.get(framesPrefix+":publisher/:name/:version/*", accessPublic, s.frame)
}

// frame serves a file of a plugin's page. It is public, holds no secret, and is
// good for nothing outside of the frame: a document lives in an origin of its
// own, and no page of ours gets a script from here.
func (s *Server) frame(c *fiber.Ctx) error {
	plugin := extension.PluginID(c.Params("publisher") + "/" + c.Params("name"))
	t, err := s.frameFiles(plugin, s.pagesOf(plugin))
	if err != nil {
		return err
	}
	name, tree := c.Params("*"), strings.TrimSuffix(c.Path(), c.Params("*"))
	f := t.files[name]
	if f == nil || c.Params("version") != t.version || ofOurPages(c, strings.HasPrefix(f.mime, "text/html")) {
		return errs.Absent()
	}
	c.Set(fiber.HeaderContentSecurityPolicy, s.pageCSP(c, tree))
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*") // the frame's origin is nobody's
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Set("Permissions-Policy", noPowers)
	c.Set("Connection-Allowlist", ownOriginOnly)
	c.Set("X-DNS-Prefetch-Control", "off")
	c.Set("Origin-Agent-Cluster", "?1")
	c.Vary("Sec-Fetch-Site", "Sec-Fetch-Dest", fiber.HeaderHost)
	return s.sendGuarded(c, t, name, tree)
}

// ofOurPages reports whether a page of our own origin asks for a file other than
// to show it in a frame: none does, unless somebody made it.
func ofOurPages(c *fiber.Ctx, document bool) bool {
	if document {
		dest := c.Get("Sec-Fetch-Dest")
		return dest != "" && dest != "iframe" && dest != "document"
	}
	return c.Get("Sec-Fetch-Site") == "same-origin"
}

// ownOriginOnly lets a page connect to where it came from and nowhere else
// (https://wicg.github.io/connection-allowlists). It holds for what the content
// security policy says nothing of: names that are looked up and connections that
// are opened because a page hints at them, and WebRTC. Chromium heeds it, and no
// other browser so far.
const ownOriginOnly = "(response-origin)"

// noPowers takes from a page what a browser would have it ask people for.
const noPowers = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), clipboard-write=(), display-capture=(), " +
	"fullscreen=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), " +
	"microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), " +
	"usb=(), web-share=(), window-management=(), xr-spatial-tracking=()"

// pageCSP lets a page load the files of its own tree and nothing else, and speak
// to nobody. In its origin of nobody 'self' matches nothing, so what is allowed
// is named.
func (s *Server) pageCSP(c *fiber.Ctx, tree string) string {
	var own, consoles []string
	for _, origin := range s.ownOrigins(c) {
		own, consoles = append(own, origin+tree), append(consoles, origin)
	}
	files := strings.Join(own, " ")
	return "default-src 'none'; script-src " + files + "; style-src " + files + " 'unsafe-inline'; img-src data: blob: " + files +
		"; font-src " + files + "; connect-src 'none'; media-src 'none'; object-src 'none'; frame-src 'none'; child-src 'none'; worker-src 'none'; " +
		"manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors " + strings.Join(consoles, " ") +
		"; sandbox allow-scripts allow-forms; webrtc 'block'"
}

// ownOrigins are the origins under which people know this server: as they asked
// for it now, and as it is configured.
func (s *Server) ownOrigins(c *fiber.Ctx) []string {
	scheme := "http://" // stands for https as well
	if s.SecureCookies {
		scheme = "https://"
	}
	var out []string
	for _, origin := range safeOrigins([]string{scheme + string(c.Request().Header.Host()), s.BaseURL}) {
		if !slices.Contains(out, origin) && !strings.ContainsAny(strings.TrimPrefix(strings.TrimPrefix(origin, "https://"), "http://"), "/?#@*\\") {
			out = append(out, origin)
		}
	}
	return out
}

// frameSources are where the console may show frames from.
func (s *Server) frameSources(c *fiber.Ctx) string {
	var out []string
	for _, origin := range s.ownOrigins(c) {
		out = append(out, origin+framesPrefix, origin+messagePages)
	}
	if len(out) == 0 {
		return "'none'"
	}
	return strings.Join(out, " ")
}

// messagePages is where the pages of messages' HTML are: a policy knows folders,
// and no patterns. All else there is data, which a frame shows as text.
const messagePages = "/api/v1/workspaces/"
