package oci_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/ship/oci"
	"github.com/patchbay-im/patchbay/core/internal/ship/ocitest"
	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

func set() oci.Set {
	return oci.Set{Name: "example.com/a:1", Tag: "1", Created: time.Unix(1_700_000_000, 0)}
}

func images() []oci.Image {
	base := []pack.Entry{pack.File("etc/passwd", 0o644, []byte("x"))}
	var out []oci.Image
	for _, arch := range []string{"amd64", "arm64"} {
		out = append(out, oci.Image{
			Arch: arch, Layers: [][]pack.Entry{base, {pack.File("app", 0o755, []byte(arch))}}, Run: oci.Run{User: "1:1", Entrypoint: []string{"/app"}},
		})
	}
	return out
}

func TestALayoutIsWhole(t *testing.T) {
	var out bytes.Buffer
	if err := oci.Layout(&out, set(), images()); err != nil {
		t.Fatal(err)
	}
	got, err := ocitest.Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Images) != 2 || got.Images[0].Arch != "amd64" || got.Images[1].Arch != "arm64" {
		t.Fatalf("images: %+v", got.Images)
	}
	if got.Blobs != 7 { // two manifests, two configurations, a base in common, two programs
		t.Errorf("%d blobs: a layer in common is kept once", got.Blobs)
	}
	for _, i := range got.Images {
		if string(i.Files["app"].Data) != i.Arch || string(i.Files["etc/passwd"].Data) != "x" {
			t.Errorf("%s: %v", i.Arch, i.Files)
		}
		if i.User != "1:1" {
			t.Errorf("%s runs as %s", i.Arch, i.User)
		}
	}
}

func TestAnArchiveToLoad(t *testing.T) {
	var one, two bytes.Buffer
	if err := oci.Archive(&one, set(), images()[1]); err != nil {
		t.Fatal(err)
	}
	if err := oci.Archive(&two, set(), images()[1]); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same image gives other bytes")
	}
	got, err := ocitest.Read(&one)
	if err != nil {
		t.Fatal(err)
	}
	var docker []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(got.Docker, &docker); err != nil || len(docker) != 1 {
		t.Fatalf("manifest.json: %v %s", err, got.Docker)
	}
	if docker[0].RepoTags[0] != "example.com/a:1" || len(docker[0].Layers) != 2 || len(got.Images) != 1 {
		t.Errorf("%+v", docker)
	}
}

func TestABrokenImageIsFound(t *testing.T) {
	var out bytes.Buffer
	if err := oci.Layout(&out, set(), images()); err != nil {
		t.Fatal(err)
	}
	whole := out.Bytes()
	at := bytes.Index(whole, []byte(`"diff_ids":["sha256:`)) + len(`"diff_ids":["sha256:`)
	broken := bytes.Clone(whole)
	broken[at] ^= 1
	if _, err := ocitest.Read(bytes.NewReader(broken)); err == nil {
		t.Error("a layer of another hash was read")
	}
}
