package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/patchbay-im/patchbay/core/internal/ship/oci"
	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

const (
	nobody = 65532 // the user of the container, as in other images without a shell
	home   = "opt/patchbay"
	image  = "ghcr.io/patchbay-im/patchbay"
)

func (s *ship) images(ctx context.Context) error {
	set := oci.Set{Name: image + ":" + s.tag(), Tag: s.tag(), Created: s.at}
	var all []oci.Image
	for _, arch := range []string{"amd64", "arm64"} {
		if s.only != "" && arch != s.only {
			continue
		}
		b, err := s.build(ctx, target{"linux", arch})
		if err != nil {
			return err
		}
		i, err := s.image(b, arch)
		if err != nil {
			return err
		}
		all = append(all, i)
		name := fmt.Sprintf("patchbay-%s-image-%s.tar", s.fileVersion(), arch)
		if err := s.create(name, func(f *os.File) error { return oci.Archive(f, set, i) }); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("patchbay-%s-image.oci.tar", s.fileVersion())
	return s.create(name, func(f *os.File) error { return oci.Layout(f, set, all) })
}

// tag is the version as a registry takes it.
func (s *ship) tag() string { return strings.ReplaceAll(s.version, "+", "-") }

func (s *ship) image(b built, arch string) (oci.Image, error) {
	app, err := b.tree(home)
	if err != nil {
		return oci.Image{}, err
	}
	return oci.Image{Arch: arch, Layers: [][]pack.Entry{s.base(), app}, Run: oci.Run{
		User:         fmt.Sprintf("%d:%d", nobody, nobody),
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Env:          []string{"PATH=/" + home, "HOME=/data", "PATCHBAY_CONFIG=/etc/patchbay/patchbay.yaml"},
		Entrypoint:   []string{"/" + home + "/patchbay"},
		Cmd:          []string{"serve"},
		Volumes:      map[string]struct{}{"/data": {}},
		WorkingDir:   "/data",
		StopSignal:   "SIGTERM",
		Labels: map[string]string{
			"org.opencontainers.image.title":       "Patchbay",
			"org.opencontainers.image.description": "Customer service where everything plugs in",
			"org.opencontainers.image.version":     s.version,
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.url":         "https://github.com/patchbay-im/patchbay",
			"org.opencontainers.image.source":      "https://github.com/patchbay-im/patchbay",
			"org.opencontainers.image.created":     s.at.Format(time.RFC3339),
		},
	}}, nil
}

// defaults is the configuration of a container: the lowest in precedence, so
// that a file mounted over it, variables and flags all go before it. Plain HTTP
// ends at the container's own network; TLS stands before it.
const defaults = `# Mount your own file here, or set PATCHBAY_* variables.
data_dir: /data
server:
  address: ":8080"
  insecure_http: true
`

// base is the layer below: what a program expects of a system, and no program.
func (s *ship) base() []pack.Entry {
	own := func(e pack.Entry) pack.Entry {
		e.UID, e.GID = nobody, nobody
		return e
	}
	return []pack.Entry{
		pack.File("etc/passwd", 0o644, []byte("root:x:0:0:root:/:/sbin/nologin\npatchbay:x:65532:65532:patchbay:/data:/sbin/nologin\n")),
		pack.File("etc/group", 0o644, []byte("root:x:0:\npatchbay:x:65532:\n")),
		pack.File("etc/patchbay/patchbay.yaml", 0o644, []byte(defaults)),
		pack.File("etc/ssl/certs/ca-certificates.crt", 0o644, authorities()),
		own(pack.Dir("data", 0o700)),
		pack.Dir("tmp", fs.ModeSticky|0o777),
		// Where a runtime mounts on a root that cannot be written.
		pack.Dir("dev", 0o755), pack.Dir("proc", 0o755), pack.Dir("sys", 0o755), pack.Dir("run", 0o755),
	}
}

// authorities are the certificate authorities that Mozilla trusts, from a
// pinned module. Those trusted for a part of their certificates only are left
// out: a file of certificates cannot say that.
func authorities() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
		}
	}
	return out.Bytes()
}
