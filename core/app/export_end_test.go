package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/mounttest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// manyViews is so many lines that an export of them takes a while.
const manyViews = 400_000

// TestExportsEnd: an export that is cancelled, killed with its server or on the
// command line, or that meets a full disk, says so and leaves nothing that looks
// like one; the next is whole.
func TestExportsEnd(t *testing.T) {
	d, raw := drillOn(t, "")
	raw.exec(`INSERT INTO page_view (workspace_id, inbox_id, external_id, at, url, title, referrer, duration)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT ?, ?, 'somebody', ? - i, 'https://shop.example/' || i, 'Tea', '', 0 FROM n`, manyViews, d.owner.Workspace, d.live.ID, time.Now().UnixMicro())

	id := d.underWay()
	if _, err := d.owner.Call(t.Context(), http.MethodDelete, d.owner.At("/exports/"+id), nil, nil); err != nil {
		t.Fatal(err)
	}
	d.ends(id, "cancelled", "")

	id = d.underWay()
	d.server.Kill()
	if left := d.pressed(); len(left) != 1 || !strings.HasSuffix(left[0], ".part") {
		t.Errorf("the kill met %v", left)
	}
	d.start()
	d.ends(id, "failed", "export.interrupted")

	d.killedByHand()
	d.fullDisks(id)
}

// exporting is an export as its list tells of it.
type exporting struct {
	State, Code string
	Done, Total int64
}

func (d *drilled) exporting(id string) exporting {
	d.t.Helper()
	var j exporting
	if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At("/exports/"+id), nil, &j); err != nil {
		d.t.Fatal(err)
	}
	return j
}

// underWay starts an export and waits until it has written something.
func (d *drilled) underWay() string {
	d.t.Helper()
	var made struct{ ID string }
	if _, err := d.owner.Call(d.t.Context(), http.MethodPost, d.owner.At("/exports"), map[string]any{}, &made); err != nil {
		d.t.Fatal(err)
	}
	d.until("the export is under way", func() bool {
		j := d.exporting(made.ID)
		if j.State == "done" || j.State == "failed" {
			d.t.Fatalf("it is %+v before it could be met", j)
		}
		return j.State == "running" && j.Done > 0 && j.Done < j.Total
	})
	return made.ID
}

// pressed lists what is in the folder of exports.
func (d *drilled) pressed() []string {
	d.t.Helper()
	left, err := filepath.Glob(filepath.Join(d.options.DataDir, "exports", "*"))
	must(d.t, err)
	return left
}

// ends waits until an export says how it ended, and nothing of it is there.
func (d *drilled) ends(id, state, code string) {
	d.t.Helper()
	d.until(id+" is "+state, func() bool {
		j := d.exporting(id)
		return j.State == state && j.Code == code && len(d.pressed()) == 0
	})
	_, err := d.owner.Raw(d.t.Context(), http.MethodGet, d.owner.At("/exports/"+id+"/file"), nil)
	if p := rig.ProblemOf(err); p == nil || p.Code != "export.expired" {
		d.t.Errorf("the file of %s is answered with %v", state, err)
	}
}

// killedByHand kills the command in its work, then lets it do it.
func (d *drilled) killedByHand() {
	d.t.Helper()
	file := filepath.Join(d.dir, "all.zip")
	cmd := d.command("export", "--to", file)
	must(d.t, cmd.Start())
	d.until("the command writes", func() bool {
		info, err := os.Stat(file + ".part")
		return err == nil && info.Size() > 64<<10
	})
	must(d.t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		d.t.Error("the command ended before it was killed")
	}
	if _, err := os.Stat(file); err == nil {
		d.t.Error("a killed command leaves what looks like an export")
	}
	if out, err := d.run("export", "--to", file); err != nil {
		d.t.Fatalf("%v\n%s", err, out)
	}
	zipped, err := os.ReadFile(file)
	must(d.t, err)
	e := unzip(d.t, zipped)
	d.manifest(e)
	var m struct{ Counts map[string]int }
	must(d.t, json.Unmarshal(e.files["manifest.json"], &m))
	if n := bytes.Count(e.files["data/page_views.jsonl"], []byte("\n")); n != manyViews || m.Counts["page_views"] != n {
		d.t.Errorf("%d lines, the manifest says %d", n, m.Counts["page_views"])
	}
	if out, err := d.run("export", "--to", "-"); err != nil || !strings.HasPrefix(out, "PK") {
		d.t.Errorf("to standard output: %v\n%.200s", err, out)
	}
}

// fullDisks has the command and the server write onto disks that are too small.
func (d *drilled) fullDisks(before string) {
	d.t.Helper()
	mounttest.Need(d.t)
	script := `mount -t tmpfs -o size=256k none "$1" && "$2" export --to "$1/all.zip"; code=$?; ls -A "$1"; exit $code`
	cmd := exec.CommandContext(d.t.Context(), "unshare", "-m", "sh", "-c", script, "sh", d.t.TempDir(), d.options.Product.Binary)
	cmd.Env = d.command().Env
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "export.no_space") || strings.Contains(string(out), "all.zip\n") || strings.Contains(string(out), ".part\n") {
		d.t.Errorf("a full disk: %v\n%s", err, out)
	}

	d.server.Kill()
	d.options.Wrap = []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=256k none "$0" && exec "$@"`, filepath.Join(d.options.DataDir, "exports")}
	d.start()
	var made struct{ ID string }
	if _, err := d.owner.Call(d.t.Context(), http.MethodPost, d.owner.At("/exports"), map[string]any{}, &made); err != nil {
		d.t.Fatal(err)
	}
	d.ends(made.ID, "failed", "export.no_space")
	if j := d.exporting(before); j.Code != "export.interrupted" {
		d.t.Errorf("the one before is %+v", j)
	}
}
