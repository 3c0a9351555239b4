package main_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// tool is a program of scripts/kube-tools.sh; "" = it is not built here.
func tool(t *testing.T, name string) string {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), root+"/scripts/kube-tools.sh", "--path", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(strings.TrimSpace(string(folder)), name)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// shop is a registry of containers on loopback, and what is done with it.
type shop struct {
	t       *testing.T
	address string
	env     []string
}

func openShop(t *testing.T) *shop {
	t.Helper()
	address, err := rig.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	s := &shop{t: t, address: address, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + os.TempDir(), "COSIGN_PASSWORD=",
		"PATCHBAY_CACHE=" + filepath.Dir(filepath.Dir(filepath.Dir(tool(t, "crane")))),
	}}
	cmd := exec.Command(tool(t, "crane"), "registry", "serve", "--address", address) //nolint:noctx // ended below
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if !answers(ctx, "http://"+address+"/v2/") {
		t.Fatal("the registry did not start")
	}
	return s
}

// try runs a program in the root of a tree.
func (s *shop) try(tree string, env []string, program string, args ...string) (string, error) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), program, args...)
	cmd.Dir, cmd.Env = tree, append(s.env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		return out.String() + errs.String(), err
	}
	return out.String(), nil
}

func (s *shop) do(tree string, env []string, program string, args ...string) string {
	s.t.Helper()
	out, err := s.try(tree, env, program, args...)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return out
}

// treeOf is a copy of the tree's scripts with a dist of its own, which the test
// may spoil.
func treeOf(t *testing.T, from string) string {
	t.Helper()
	tree := t.TempDir()
	for to, from := range map[string]string{"scripts": root + "/scripts", "dist": from} {
		if err := os.CopyFS(filepath.Join(tree, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

// What CI does with a tag, against a registry of our own: published, read back
// as the very bytes of dist/, published again without a change, refused with
// other bytes; signed with a key, and the signatures verified.
func TestARehearsalOfPublishing(t *testing.T) {
	if made(t, "-chart.tgz") == "" {
		t.Skip("no archives were made: `make release-snapshot` makes them")
	}
	crane, helm := tool(t, "crane"), tool(t, "helm4")
	if crane == "" || helm == "" {
		t.Fatal("crane and helm4 are missing: scripts/kube-tools.sh crane helm4")
	}
	s := openShop(t)
	tree := treeOf(t, dist(t))
	publish := filepath.Join(tree, "scripts/publish.sh")
	where := s.address + "/shop"

	first := s.do(tree, nil, publish, where, "--plain-http")
	if again := s.do(tree, nil, publish, where, "--plain-http"); again != first {
		t.Errorf("published again, it says\n%s\nand not\n%s", again, first)
	}
	t.Log(first)
	image, digest, _ := strings.Cut(strings.TrimPrefix(strings.SplitN(first, "\n", 2)[0], "published "), "@")
	if got := strings.TrimSpace(s.do(tree, nil, crane, "digest", "--insecure", image)); got != digest {
		t.Errorf("the registry has %s as %s", image, got)
	}
	s.do(tree, nil, crane, "validate", "--insecure", "--remote", image)
	index := s.do(tree, nil, crane, "manifest", "--insecure", image)
	for _, architecture := range []string{"amd64", "arm64"} {
		if !strings.Contains(index, `"architecture":"`+architecture+`"`) {
			t.Errorf("no image for %s: %s", architecture, index)
		}
	}

	version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(made(t, "-chart.tgz")), "patchbay-"), "-chart.tgz")
	pulled := t.TempDir()
	s.do(tree, nil, helm, "pull", "--plain-http", "oci://"+where+"/charts/patchbay", "--version", strings.ReplaceAll(version, "_", "+"), "-d", pulled)
	files, err := filepath.Glob(pulled + "/*.tgz")
	if err != nil || len(files) != 1 {
		t.Fatalf("pulled %q, %v", files, err)
	}
	if !bytes.Equal(read(t, files[0]), read(t, made(t, "-chart.tgz"))) {
		t.Error("the chart that comes back is another")
	}
	if said := s.do(tree, nil, helm, "template", "rel", files[0]); !strings.Contains(said, "image: ghcr.io/patchbay-im/patchbay:"+strings.ReplaceAll(version, "_", "-")) {
		t.Error("the chart does not name the image of its version")
	}
	s.signed(tree, publish, where)
	s.spoiled(tree, publish, where)
}

// signed publishes with a key of its own, and verifies what came of it.
func (s *shop) signed(tree, publish, where string) {
	s.t.Helper()
	cosign := tool(s.t, "cosign")
	if cosign == "" {
		s.t.Log("SKIPPED: signing is not rehearsed, cosign is not built: scripts/kube-tools.sh cosign")
		return
	}
	s.do(tree, nil, cosign, "generate-key-pair")
	said := s.do(tree, []string{"COSIGN=" + cosign, "COSIGN_FLAGS=--key cosign.key --tlog-upload=false"}, publish, where, "--plain-http")
	for line := range strings.Lines(said) {
		words := strings.Fields(line)
		if words[0] != "published" {
			continue
		}
		repository, digest, _ := strings.Cut(words[1], "@")
		if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
			repository = repository[:i]
		}
		s.do(tree, nil, cosign, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry", repository+"@"+digest)
	}
	sums, err := filepath.Glob(tree + "/dist/*-checksums.txt")
	if err != nil || len(sums) != 1 {
		s.t.Fatalf("%q, %v", sums, err)
	}
	verify := []string{"verify-blob", "--key", "cosign.pub", "--insecure-ignore-tlog", "--bundle", sums[0] + ".sigstore.json", sums[0]}
	s.do(tree, nil, cosign, verify...)
	if err := os.WriteFile(sums[0], append(read(s.t, sums[0]), '\n'), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if out, err := s.try(tree, nil, cosign, verify...); err == nil {
		s.t.Errorf("a changed list of checksums is verified: %s", out)
	}
}

// spoiled: the same version with other bytes is not published, and neither is a
// folder that is not what its checksums say.
func (s *shop) spoiled(tree, publish, where string) {
	s.t.Helper()
	charts, err := filepath.Glob(tree + "/dist/*-chart.tgz")
	if err != nil || len(charts) != 1 {
		s.t.Fatalf("%q, %v", charts, err)
	}
	if err := os.WriteFile(charts[0], append(read(s.t, charts[0]), 0), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if out, err := s.try(tree, nil, publish, where, "--plain-http"); err == nil || !strings.Contains(out, "is not what its checksums say") {
		s.t.Errorf("a spoiled file: %v\n%s", err, out)
	}
	s.do(filepath.Join(tree, "dist"), nil, "bash", "-c", "sha256sum $(cut -d' ' -f3 *-checksums.txt) >sums && mv sums *-checksums.txt")
	if out, err := s.try(tree, nil, publish, where, "--plain-http"); err == nil || !strings.Contains(out, "A version is published once") {
		s.t.Errorf("other bytes of the same version: %v\n%s", err, out)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
