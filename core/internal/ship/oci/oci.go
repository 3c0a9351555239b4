// Package oci writes container images without a daemon and without a base
// image: an OCI layout (image-spec 1.1) of one image for each architecture, and
// archives of single images that `docker load` of any age and `podman load`
// read. Sources: the OCI image layout specification, and the layout of `docker
// save` (manifest.json) that Docker documents.
package oci

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"

	annotationName = "org.opencontainers.image.ref.name"
)

// Run is how a container of an image is run.
type Run struct {
	User         string              `json:",omitempty"`
	ExposedPorts map[string]struct{} `json:",omitempty"`
	Env          []string            `json:",omitempty"`
	Entrypoint   []string            `json:",omitempty"`
	Cmd          []string            `json:",omitempty"`
	Volumes      map[string]struct{} `json:",omitempty"`
	WorkingDir   string              `json:",omitempty"`
	Labels       map[string]string   `json:",omitempty"`
	StopSignal   string              `json:",omitempty"`
}

// Image is one architecture's image.
type Image struct {
	Arch   string // as Go calls it; the system is linux
	Layers [][]pack.Entry
	Run    Run
}

// Set is what a release's images have in common.
type Set struct {
	Name    string // repository:tag, for loading
	Tag     string
	Created time.Time
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type config struct {
	Created      time.Time `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       Run       `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
	History      []history `json:"history"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type history struct {
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
}

// blobs are the contents of a layout, by name within it.
type blobs map[string][]byte

func (b blobs) add(mediaType string, data []byte) descriptor {
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	b["blobs/sha256/"+name] = data
	return descriptor{MediaType: mediaType, Digest: "sha256:" + name, Size: int64(len(data))}
}

func (b blobs) addJSON(mediaType string, v any) (descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return descriptor{}, fmt.Errorf("encode a part of the image: %w", err)
	}
	return b.add(mediaType, data), nil
}

// made is an image as blobs.
type made struct {
	manifest descriptor
	config   string
	layers   []string
}

func (b blobs) image(s Set, i Image) (made, error) {
	c := config{
		Created: s.Created.UTC(), Architecture: i.Arch, OS: "linux", Config: i.Run, RootFS: rootFS{Type: "layers"},
	}
	m := manifest{SchemaVersion: 2, MediaType: typeManifest}
	out := made{}
	for _, entries := range i.Layers {
		layer, plain, err := b.layer(entries, s.Created)
		if err != nil {
			return made{}, err
		}
		m.Layers = append(m.Layers, layer)
		out.layers = append(out.layers, blobPath(layer))
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, plain)
		c.History = append(c.History, history{s.Created.UTC(), "patchbay"})
	}
	var err error
	if m.Config, err = b.addJSON(typeConfig, c); err != nil {
		return made{}, err
	}
	if out.manifest, err = b.addJSON(typeManifest, m); err != nil {
		return made{}, err
	}
	out.config = blobPath(m.Config)
	out.manifest.Platform = &platform{i.Arch, "linux"}
	out.manifest.Annotations = map[string]string{annotationName: s.Tag}
	return out, nil
}

// layer adds a layer and returns the digest of its uncompressed form too.
func (b blobs) layer(entries []pack.Entry, at time.Time) (descriptor, string, error) {
	var zipped bytes.Buffer
	zip, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return descriptor{}, "", err
	}
	sum := sha256.New()
	if err := pack.Tar(io.MultiWriter(zip, sum), entries, at); err != nil {
		return descriptor{}, "", err
	}
	if err := zip.Close(); err != nil {
		return descriptor{}, "", fmt.Errorf("compress a layer: %w", err)
	}
	return b.add(typeLayer, zipped.Bytes()), "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

func blobPath(d descriptor) string { return "blobs/sha256/" + d.Digest[len("sha256:"):] }

// close adds what a layout begins with.
func (b blobs) close(top ...descriptor) error {
	b["oci-layout"] = []byte(`{"imageLayoutVersion":"1.0.0"}`)
	data, err := json.Marshal(index{2, typeIndex, top})
	if err != nil {
		return fmt.Errorf("encode the index: %w", err)
	}
	b["index.json"] = data
	return nil
}

func (b blobs) write(w io.Writer, at time.Time) error {
	entries := make([]pack.Entry, 0, len(b))
	for name, data := range b {
		entries = append(entries, pack.File(name, 0o644, data))
	}
	return pack.Tar(w, entries, at)
}

// Layout writes the layout of all images, as one archive. Its index names the
// images themselves, so that pushing it (crane push --index, on the unpacked
// folder) makes the index that runtimes choose their architecture from.
func Layout(w io.Writer, s Set, images []Image) error {
	b := blobs{}
	var all []descriptor
	for _, i := range images {
		m, err := b.image(s, i)
		if err != nil {
			return err
		}
		all = append(all, m.manifest)
	}
	if err := b.close(all...); err != nil {
		return err
	}
	return b.write(w, s.Created)
}

// Archive writes one image, as `docker load` and `podman load` read it.
func Archive(w io.Writer, s Set, i Image) error {
	b := blobs{}
	m, err := b.image(s, i)
	if err != nil {
		return err
	}
	if err := b.close(m.manifest); err != nil {
		return err
	}
	docker, err := json.Marshal([]struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{{m.config, []string{s.Name}, m.layers}})
	if err != nil {
		return fmt.Errorf("encode the archive's manifest: %w", err)
	}
	b["manifest.json"] = docker
	return b.write(w, s.Created)
}
