package main_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/mounttest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/internal/ship/ocitest"
)

const root = "../../.."

// dist is the folder that `make image` or `make release-snapshot` filled.
func dist(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PATCHBAY_TEST_DIST")
	if dir == "" {
		t.Skip("`make image` runs this, on what it made")
	}
	return filepath.Join(root, dir)
}

// made returns the one file of a release whose name ends so; "" = none.
func made(t *testing.T, end string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dist(t), "patchbay-*"+end))
	if err != nil || len(all) > 1 {
		t.Fatalf("%d files end in %s (%v): empty the folder first", len(all), end, err)
	}
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func readImage(t *testing.T, file string) ocitest.Archive {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	out, err := ocitest.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return out
}

func TestImagesHoldWhatTheyNeedAndNoMore(t *testing.T) {
	all := readImage(t, made(t, "-image.oci.tar"))
	if len(all.Images) != 2 {
		t.Fatalf("%d images, not one for each of two architectures", len(all.Images))
	}
	for _, i := range all.Images {
		t.Run(i.Arch, func(t *testing.T) { checkImage(t, i) })
	}
	if one := readImage(t, made(t, "-image-"+runtime.GOARCH+".tar")); len(one.Images) != 1 || one.Docker == nil {
		t.Error("the archive to load has no manifest.json, or other images")
	}
}

func checkImage(t *testing.T, i ocitest.Image) {
	t.Helper()
	if i.User != "65532:65532" || i.StopSignal != "SIGTERM" || !slices.Equal(i.Entrypoint, []string{"/opt/patchbay/patchbay"}) || !slices.Equal(i.Cmd, []string{"serve"}) {
		t.Errorf("it runs %v %v as %s until %s", i.Entrypoint, i.Cmd, i.User, i.StopSignal)
	}
	for name, mode := range map[string]int64{
		"opt/patchbay/patchbay": 0o755, "opt/patchbay/plugins/patchbay-webchat/plugin": 0o755, "opt/patchbay/plugins/patchbay-webchat/plugin.json": 0o644,
		"opt/patchbay/plugins/patchbay-webchat/ui/loader.js": 0o644, "opt/patchbay/LICENSE": 0o644, "opt/patchbay/THIRD-PARTY-NOTICES.txt": 0o644,
		"opt/patchbay/sbom.spdx.json": 0o644, "etc/patchbay/patchbay.yaml": 0o644, "tmp": 0o1777, "data": 0o700,
	} {
		if f, ok := i.Files[name]; !ok || f.Header.Mode != mode {
			t.Errorf("/%s: there %v, mode %o", name, ok, f.Header.Mode)
		}
	}
	if d := i.Files["data"].Header; d.Uid != 65532 || d.Gid != 65532 {
		t.Errorf("/data belongs to %d:%d", d.Uid, d.Gid)
	}
	for name, f := range i.Files {
		if f.Header.Mode&0o6000 != 0 || f.Header.Mode&0o002 != 0 && name != "tmp" {
			t.Errorf("/%s has the mode %o", name, f.Header.Mode)
		}
		if base := path.Base(name); base == "sh" || base == "busybox" || strings.Contains(name, "echo") {
			t.Errorf("/%s has no place here", name)
		}
	}
	if !x509.NewCertPool().AppendCertsFromPEM(i.Files["etc/ssl/certs/ca-certificates.crt"].Data) {
		t.Error("no certificate authorities")
	}
}

// inside mounts an image's files as a runtime does, on a root that cannot be
// written, and becomes the program. $1 is the root, $2 the data, $3 the backups.
const inside = `set -e
mount --bind "$1" "$1"
mount -t proc none "$1/proc"
mount -t tmpfs -o mode=755 none "$1/dev"
for d in null zero random urandom; do : >"$1/dev/$d"; mount --bind "/dev/$d" "$1/dev/$d"; done
mount -t tmpfs -o mode=1777 none "$1/tmp"
mount --bind "$2" "$1/data"
mount --bind "$3" "$1/backups"
mount -o remount,ro,bind "$1"
root=$1; shift 3
exec chroot --userspec=65532:65532 --groups= "$root" "$@"`

// The image serves: as nobody, on a root that cannot be written, with its
// plugin, without anything of this machine.
func TestTheImageRuns(t *testing.T) {
	file := made(t, "-image-"+runtime.GOARCH+".tar")
	mounttest.Need(t)
	rootfs, data, backups := t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.Chmod(rootfs, 0o755); err != nil {
		t.Fatal(err)
	}
	unpack(t, readImage(t, file).Images[0], rootfs)
	if err := errors.Join(os.Chown(data, 65532, 65532), os.Chown(backups, 65532, 65532), os.Mkdir(filepath.Join(rootfs, "backups"), 0o755)); err != nil {
		t.Fatal(err)
	}
	wrap := []string{"unshare", "-m", "sh", "-c", inside, "sh", rootfs, data, backups}
	var log bytes.Buffer
	const email, password = "owner@example.com", "correct horse battery staple"
	s, err := rig.Launch(t.Context(), rig.Options{
		Product: rig.Product{Binary: "/opt/patchbay/patchbay"}, DataDir: "/data", Log: &log,
		Wrap: wrap,
		Env:  []string{"PATCHBAY_CONFIG=/etc/patchbay/patchbay.yaml", "PATCHBAY_ADMIN_EMAIL=" + email, "PATCHBAY_ADMIN_PASSWORD=" + password},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	if _, err := s.Ready(t.Context()); err != nil {
		s.Kill()
		t.Fatalf("%v\n%s", err, log.String())
	}
	isolated(t, s.PID())
	owner, err := rig.NewAPI(s.URL()).SignIn(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	inbox, err := owner.Connect(t.Context(), "Shop", "patchbay/webchat", map[string]any{})
	if err != nil {
		t.Fatalf("the plugin of the image does not serve: %v", err)
	}
	t.Logf("serves inbox %s", inbox.ID)
	backUp(t, wrap, backups)
	s.Terminate()
	if code, err := s.Wait(t.Context()); err != nil || code != 0 {
		t.Errorf("it ended with %d, %v:\n%s", code, err, log.String())
	}
}

// backUp does what the chart's CronJob does: another container of the same
// image, beside the server, on the same volume.
func backUp(t *testing.T, wrap []string, backups string) {
	t.Helper()
	patchbay := func(args ...string) {
		args = slices.Concat(wrap[1:], []string{"/opt/patchbay/patchbay"}, args)
		cmd := exec.CommandContext(t.Context(), wrap[0], args...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PATCHBAY_CONFIG=/etc/patchbay/patchbay.yaml"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args[len(wrap):], err, out)
		}
	}
	patchbay("backup", "--to", "/backups/", "--keep", "14")
	files, err := filepath.Glob(filepath.Join(backups, "patchbay-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d backups were made: %v", len(files), err)
	}
	patchbay("backup", "verify", "/backups/"+filepath.Base(files[0]))
}

// isolated checks that the process is nobody and that its root is not this
// machine's and cannot be written.
func isolated(t *testing.T, pid int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Uid:\t65532\t65532\t65532\t65532", "Gid:\t65532\t65532\t65532\t65532", "CapEff:\t0000000000000000"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in its status:\n%s", want, status)
		}
	}
	mounts, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	readOnly := false
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 5 && f[4] == "/" {
			readOnly = strings.HasPrefix(f[5], "ro")
		}
	}
	if !readOnly {
		t.Errorf("its root can be written:\n%s", mounts)
	}
}

func unpack(t *testing.T, i ocitest.Image, to string) {
	t.Helper()
	names := make([]string, 0, len(i.Files))
	for name := range i.Files {
		names = append(names, name)
	}
	slices.Sort(names) // folders before what is in them
	for _, name := range names {
		f, at := i.Files[name], filepath.Join(to, name)
		mode := os.FileMode(f.Header.Mode & 0o777)
		var err error
		if f.Header.Typeflag == tar.TypeDir {
			err = os.Mkdir(at, mode)
		} else {
			err = os.WriteFile(at, f.Data, mode)
		}
		if err = errors.Join(err, os.Chmod(at, mode), os.Lchown(at, f.Header.Uid, f.Header.Gid)); err != nil {
			t.Fatal(err)
		}
	}
}

// Everybody who builds this again gets these very bytes: a second run, in
// another folder, is compared with the first by its checksums.
func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	sums, err := os.ReadFile(made(t, "-checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	i := readImage(t, made(t, "-image.oci.tar")).Images[0]
	created, err := time.Parse(time.RFC3339, i.Labels["org.opencontainers.image.created"])
	if err != nil {
		t.Fatal(err)
	}
	what := []string{"image"}
	if made(t, "-"+runtime.GOOS+"-"+runtime.GOARCH+".tar.gz") != "" {
		what = append(what, "archives")
	}
	again := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{
		"run", "./core/internal/ship", "-version", i.Labels["org.opencontainers.image.version"],
		"-plugins", "plugins/webchat", "-arch", runtime.GOARCH, "-snapshot", "-out", again,
	}, what...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(created.Unix(), 10))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the second run: %v\n%s", err, out)
	}
	compared := 0
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "-image.oci.tar") { // has one architecture now
			continue
		}
		compared++
		if !strings.Contains(string(sums), line) {
			t.Errorf("another sum than at first: %s", line)
		}
	}
	if compared < len(what) {
		t.Errorf("%d files were compared:\n%s", compared, out)
	}
}

func TestArchivesHoldWhatTheyNeed(t *testing.T) {
	if made(t, "-linux-amd64.tar.gz") == "" {
		t.Skip("no archives were made: `make release-snapshot` makes them")
	}
	for _, system := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"} {
		file := made(t, "-"+system+".tar.gz")
		folder := strings.TrimSuffix(filepath.Base(file), ".tar.gz")
		names := list(t, file)
		for _, want := range []string{"patchbay", "plugins/patchbay-webchat/plugin", "plugins/patchbay-webchat/ui/loader.js", "LICENSE", "README.md", "README.zh-CN.md", "THIRD-PARTY-NOTICES.txt", "sbom.spdx.json"} {
			if !slices.Contains(names, folder+"/"+want) {
				t.Errorf("%s has no %s", system, want)
			}
		}
	}
	chart := list(t, made(t, "-chart.tgz"))
	if !slices.Contains(chart, "patchbay/values.schema.json") || slices.ContainsFunc(chart, func(n string) bool { return strings.HasPrefix(n, "patchbay/ci") }) {
		t.Errorf("the chart holds %v", chart)
	}
}

func list(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h.Name)
	}
}

// A version that nobody can look up is not published by mistake.
func TestWhatIsNoRelease(t *testing.T) {
	for version, says := range map[string]string{"0.1.0+abc1234": "is no release", "0.1.0+abc-dirty": "is no release", "dev": "no semantic version"} {
		cmd := exec.CommandContext(t.Context(), "go", "run", "./core/internal/ship", "-version", version, "image")
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), says) {
			t.Errorf("%s: %v %s", version, err, out)
		}
	}
}
