// Package ocitest reads container images back, by other code than what writes
// them, and checks everything that the OCI image specification lets a registry
// or a runtime check: sizes, digests, the hashes of layers, platforms.
package ocitest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
)

// Archive is what an archive holds.
type Archive struct {
	Images []Image
	Blobs  int
	Docker []byte // manifest.json, in an archive to load
}

// Image is one image, its layers laid over each other.
type Image struct {
	Arch, User, WorkingDir, StopSignal string
	Entrypoint, Cmd, Env               []string
	Labels                             map[string]string
	Layers                             int
	Files                              map[string]File // by name, without a slash at either end
}

// File is a file or a folder of an image.
type File struct {
	Header *tar.Header
	Data   []byte
}

type descriptor struct {
	MediaType string
	Digest    string
	Size      int
	Platform  struct{ Architecture, OS string }
}

type files map[string][]byte

// Read reads an archive and checks it.
func Read(r io.Reader) (Archive, error) {
	all, err := untar(r)
	if err != nil {
		return Archive{}, err
	}
	f := files{}
	blobs := 0
	for name, file := range all {
		f[name] = file.Data
		if strings.HasPrefix(name, "blobs/sha256/") && file.Header.Typeflag == tar.TypeReg {
			blobs++
		}
	}
	if string(f["oci-layout"]) != `{"imageLayoutVersion":"1.0.0"}` {
		return Archive{}, fmt.Errorf("oci-layout is %q", f["oci-layout"])
	}
	out := Archive{Blobs: blobs, Docker: f["manifest.json"]}
	out.Images, err = f.index(f["index.json"])
	return out, err
}

func (f files) index(data []byte) ([]Image, error) {
	var index struct {
		SchemaVersion int
		Manifests     []descriptor
	}
	if err := json.Unmarshal(data, &index); err != nil || index.SchemaVersion != 2 {
		return nil, fmt.Errorf("an index of version %d: %w", index.SchemaVersion, err)
	}
	var out []Image
	for _, d := range index.Manifests {
		blob, err := f.blob(d)
		if err != nil {
			return nil, err
		}
		i, err := f.image(blob)
		if err != nil {
			return nil, err
		}
		if i.Arch != d.Platform.Architecture || d.Platform.OS != "linux" {
			return nil, fmt.Errorf("an image of %s is listed as one of %+v", i.Arch, d.Platform)
		}
		out = append(out, i)
	}
	return out, nil
}

func (f files) blob(d descriptor) ([]byte, error) {
	data, ok := f["blobs/sha256/"+strings.TrimPrefix(d.Digest, "sha256:")]
	if !ok || len(data) != d.Size || digest(data) != d.Digest {
		return nil, fmt.Errorf("the blob %s of %d bytes is not there (%d bytes, %s)", d.Digest, d.Size, len(data), digest(data))
	}
	return data, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (f files) image(data []byte) (Image, error) {
	var m struct {
		Config descriptor
		Layers []descriptor
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return Image{}, fmt.Errorf("read a manifest: %w", err)
	}
	data, err := f.blob(m.Config)
	if err != nil {
		return Image{}, err
	}
	var c struct {
		Architecture string
		Config       struct {
			User, WorkingDir, StopSignal string
			Entrypoint, Cmd, Env         []string
			Labels                       map[string]string
		}
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return Image{}, fmt.Errorf("read a configuration: %w", err)
	}
	if len(c.RootFS.DiffIDs) != len(m.Layers) {
		return Image{}, fmt.Errorf("%d hashes for %d layers", len(c.RootFS.DiffIDs), len(m.Layers))
	}
	out := Image{
		Arch: c.Architecture, User: c.Config.User, WorkingDir: c.Config.WorkingDir, StopSignal: c.Config.StopSignal,
		Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd, Env: c.Config.Env, Labels: c.Config.Labels,
		Layers: len(m.Layers), Files: map[string]File{},
	}
	for i, d := range m.Layers {
		if err := f.layer(d, c.RootFS.DiffIDs[i], out.Files); err != nil {
			return Image{}, err
		}
	}
	return out, nil
}

func (f files) layer(d descriptor, plain string, into map[string]File) error {
	data, err := f.blob(d)
	if err != nil {
		return err
	}
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("open a layer: %w", err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		return fmt.Errorf("read a layer: %w", err)
	}
	if digest(text) != plain {
		return fmt.Errorf("a layer is %s and not %s", digest(text), plain)
	}
	entries, err := untar(bytes.NewReader(text))
	maps.Copy(into, entries)
	return err
}

func untar(r io.Reader) (map[string]File, error) {
	out := map[string]File{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read an archive: %w", err)
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", h.Name, err)
		}
		out[strings.Trim(h.Name, "/")] = File{h, data}
	}
}
