package system_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/system"
)

func now() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// well is an installation in which nothing is wrong.
func well() system.Facts {
	return system.Facts{
		At: now(), Version: "1.0.0",
		Live: &system.Live{Version: "1.0.0", Started: now().Add(-time.Hour), Plugins: []system.Plugin{{ID: "a/b", Version: "1.0.0", State: "ready"}}},
		Database: &system.Database{
			Driver: "sqlite", Version: "3.54", Schema: 3, Known: 3, Latency: time.Millisecond, Size: 1 << 20, Checked: true, Newest: now(),
		},
		Disk:    &system.Disk{Path: "/data", Total: 100 << 30, Free: 50 << 30, MinFree: 256 << 20, Nodes: 1000, Left: 900},
		Backup:  &system.Backup{At: now().Add(-time.Hour), Name: "b"},
		Address: &system.Address{URL: "https://help.example.com", Expires: now().Add(60 * 24 * time.Hour), LongLife: 90 * 24 * time.Hour},
		Socket:  &system.Knock{URL: "https://help.example.com", Arrived: true, Upgrade: true, Opened: true, Spoke: true},
		Secrets: &system.Secrets{KeyFile: "/data/keys/master.key"},
		Files:   &system.Files{Scanner: "clamdscan", FFmpeg: "/usr/bin/ffmpeg", FFmpegVersion: "5.1"},
		Limits:  &system.Limits{Files: 10, MostFiles: 65536, Memory: 100 << 20, MostMemory: 8 << 30, Available: 4 << 30},
	}
}

// judged is what breaks an installation, with the finding that must say so.
func judged() map[string]func(f *system.Facts) {
	day := 24 * time.Hour
	return map[string]func(f *system.Facts){
		"server.stopped warning":              func(f *system.Facts) { f.Live = nil; f.Plugins = []system.Plugin{{ID: "a/b"}} },
		"server.other_version warning":        func(f *system.Facts) { f.Beside, f.Live.Version = true, "0.9.0" },
		"database.none problem":               func(f *system.Facts) { f.Database.Absent = "/data/patchbay.db" },
		"database.unreachable problem":        func(f *system.Facts) { f.Database.Fault = "refused" },
		"database.damaged problem":            func(f *system.Facts) { f.Database.Damage = "page 7" },
		"database.newer problem":              func(f *system.Facts) { f.Database.Schema = 4 },
		"database.older warning":              func(f *system.Facts) { f.Database.Schema = 2 },
		"database.slow warning":               func(f *system.Facts) { f.Database.Latency = time.Second },
		"database.log warning":                func(f *system.Facts) { f.Database.WAL = 1 << 30 },
		"database.loose warning":              func(f *system.Facts) { f.Database.Size, f.Database.Free = 1<<30, 600<<20 },
		"database.connections warning":        func(f *system.Facts) { f.Database.Connections, f.Database.Most = 95, 100 },
		"database.unchecked ok":               func(f *system.Facts) { f.Database.Checked = false },
		"clock.database warning":              func(f *system.Facts) { f.Database.Clock = -time.Minute },
		"clock.past problem":                  func(f *system.Facts) { f.Database.Newest = now().Add(time.Hour) },
		"disk.unwritable problem":             func(f *system.Facts) { f.Disk.Fault = "read-only" },
		"disk.none problem":                   func(f *system.Facts) { *f.Disk = system.Disk{Path: "/data", Absent: true} },
		"disk.spent problem":                  func(f *system.Facts) { f.Disk.Spent, f.Disk.Free = true, 0 },
		"disk.nodes problem":                  func(f *system.Facts) { f.Disk.Spent, f.Disk.Left = true, 0 },
		"limits.resting ok":                   func(f *system.Facts) { f.Live = nil; f.Plugins = []system.Plugin{{ID: "a/b"}} },
		"disk.full problem":                   func(f *system.Facts) { f.Disk.Free = 1 << 20 },
		"disk.nodes warning":                  func(f *system.Facts) { f.Disk.Left = 3 },
		"disk.low warning":                    func(f *system.Facts) { f.Disk.Free = 5 << 30 },
		"disk.growing warning":                func(f *system.Facts) { f.Disk.Growth, f.Disk.Since = 10<<30, 3*day },
		"disk.ok_growth ok":                   func(f *system.Facts) { f.Disk.Growth, f.Disk.Since = 1<<20, 3*day },
		"backup.never warning":                func(f *system.Facts) { f.Backup = &system.Backup{Born: now().Add(-3 * day)} },
		"backup.soon ok":                      func(f *system.Facts) { f.Backup = &system.Backup{Born: now().Add(-time.Hour)} },
		"backup.old warning":                  func(f *system.Facts) { f.Backup.At = now().Add(-3 * day) },
		"backup.lost problem":                 func(f *system.Facts) { f.Backup.At = now().Add(-9 * day) },
		"address.other problem":               func(f *system.Facts) { f.Address.Other, f.Socket = true, nil },
		"address.unreachable warning":         func(f *system.Facts) { f.Address.Fault, f.Socket = "no such host", nil },
		"address.untrusted problem":           func(f *system.Facts) { f.Address.Untrust = "another name" },
		"address.expired problem":             func(f *system.Facts) { f.Address.Expires = now().Add(-time.Hour) },
		"address.expires warning":             func(f *system.Facts) { f.Address.Expires = now().Add(7 * day) },
		"address.certificate_refused problem": func(f *system.Facts) { f.Address.Config = "the key does not match" },
		"address.plain warning":               func(f *system.Facts) { f.Address.Plain = true },
		"address.local ok":                    func(f *system.Facts) { f.Address = &system.Address{URL: "http://127.0.0.1:8080", Local: true} },
		"address.skipped ok":                  func(f *system.Facts) { f.Address = &system.Address{Skipped: true} },
		"address.ok ok":                       func(f *system.Facts) { f.Address.Expires = time.Time{} },
		"socket.stripped problem":             func(f *system.Facts) { *f.Socket = system.Knock{Arrived: true} },
		"socket.origin problem": func(f *system.Facts) {
			*f.Socket = system.Knock{Arrived: true, Upgrade: true, Code: "request.cross_site"}
		},
		"socket.lost problem":         func(f *system.Facts) { *f.Socket = system.Knock{Arrived: true, Upgrade: true} },
		"socket.silent problem":       func(f *system.Facts) { f.Socket.Spoke = false },
		"socket.buffered problem":     func(f *system.Facts) { f.Socket.Late = true },
		"socket.blocked problem":      func(f *system.Facts) { *f.Socket = system.Knock{Fault: "403"} },
		"plugins.none warning":        func(f *system.Facts) { f.Live.Plugins = nil },
		"plugins.failed problem":      func(f *system.Facts) { f.Live.Plugins[0].State = "failed" },
		"plugins.quarantined problem": func(f *system.Facts) { f.Live.Plugins[0].State = "quarantined" },
		"plugins.backoff warning":     func(f *system.Facts) { f.Live.Plugins[0].State = "backoff" },
		"plugins.rolled_back warning": func(f *system.Facts) { f.Live.Plugins[0].Left = "1.1.0" },
		"plugins.unconfined warning":  func(f *system.Facts) { f.Live.Plugins[0].Unconfined = true },
		"plugins.resting ok":          func(f *system.Facts) { f.Live = nil; f.Plugins = []system.Plugin{{ID: "a/b"}} },
		"secrets.missing problem":     func(f *system.Facts) { f.Secrets.Missing = true },
		"secrets.open problem":        func(f *system.Facts) { f.Secrets.Open = []string{"/data/keys/master.key (-rw-r--r--)"} },
		"secrets.folder warning":      func(f *system.Facts) { f.Secrets.Folder = "/data" },
		"limits.files problem":        func(f *system.Facts) { f.Limits.Files = 65000 },
		"limits.memory warning":       func(f *system.Facts) { f.Limits.Available = 100 << 20 },
		"files.unscanned ok":          func(f *system.Facts) { f.Files.Scanner = "" },
		"sound.none ok":               func(f *system.Facts) { f.Files.FFmpeg = "" },
		"sound.ffmpeg problem":        func(f *system.Facts) { f.Files.FFmpegFault = "not there" },
		"files.scanner problem":       func(f *system.Facts) { f.Files.Fault = "no daemon" },
		"limits.few_files warning":    func(f *system.Facts) { f.Limits.MostFiles = 1024 },
	}
}

func TestWhatIsWellIsWell(t *testing.T) {
	r := system.Examined(well())
	for _, f := range r.Findings {
		if f.Level != system.OK {
			t.Errorf("%s is %s", f.Code, f.Level)
		}
	}
	if r.Level() != system.OK || len(r.Findings) != len(system.Areas()) {
		t.Errorf("%s, %d findings for %d areas", r.Level(), len(r.Findings), len(system.Areas()))
	}
}

// TestEveryCodeIsReached breaks an installation in every way there are words
// for, and reads the words: whole in both languages, and telling what to do.
func TestEveryCodeIsReached(t *testing.T) {
	reached := map[string]bool{"area.ok": true, "area.warning": true, "area.problem": true}
	for want, harm := range judged() {
		f := well()
		harm(&f)
		found := system.Examined(f).Findings
		code, level, _ := strings.Cut(want, " ")
		if !slices.ContainsFunc(found, func(f system.Finding) bool { return f.Code == code && string(f.Level) == level }) {
			t.Errorf("%s: found %v", want, found)
		}
		for _, f := range found {
			reached[f.Code] = true
			for _, l := range system.Locales() {
				say := f.In(l)
				if say.What == "" || strings.ContainsAny(say.What+say.Do, "{}") || (say.Do == "") != (f.Level == system.OK) {
					t.Errorf("%s in %s says %+v", f.Code, l, say)
				}
				if _, err := os.Stat("../../docs/" + say.Doc); f.Level != system.OK && (say.Doc == "" || err != nil) {
					t.Errorf("%s has no page to read on in %s: %v", f.Code, l, err)
				}
				if f.Area.Title(l) == "" {
					t.Errorf("%s has no name in %s", f.Area, l)
				}
			}
		}
	}
	for _, f := range system.Judge(well()) {
		reached[f.Code] = true
	}
	for _, code := range system.Codes() {
		if !reached[code] {
			t.Errorf("nothing leads to %s", code)
		}
	}
}

// A finding is a sentence, whatever a driver makes of its error; and of a
// database that is damaged or absent nothing more is told.
func TestOneSentence(t *testing.T) {
	f := well()
	f.Database.Fault = "failed to connect:\n\ta: refused\n\ta: refused\n\tb: refused\n"
	for _, found := range system.Judge(f) {
		if say := found.In(system.English); found.Code == "database.unreachable" && say.What != "The database cannot be used: failed to connect: a: refused; b: refused" {
			t.Errorf("%q", say.What)
		}
	}
	f = well()
	*f.Database = system.Database{Damage: "page 7", Known: 3}
	f.Backup = nil
	for _, found := range system.Judge(f) {
		if found.Area == system.AreaDatabase && found.Code != "database.damaged" {
			t.Errorf("%s beside damage", found.Code)
		}
	}
	f = well()
	*f.Database, f.Backup = system.Database{Absent: "/data/patchbay.db"}, &system.Backup{}
	for _, found := range system.Judge(f) {
		if found.Area == system.AreaBackup {
			t.Errorf("%s of nothing", found.Code)
		}
	}
}

// A short-lived certificate is not alarming because it is short-lived.
func TestShortLivedCertificates(t *testing.T) {
	f := well()
	f.Address.LongLife, f.Address.Expires = 6*24*time.Hour, now().Add(4*24*time.Hour)
	if got := system.Examined(f).Level(); got != system.OK {
		t.Errorf("four of six days left: %s", got)
	}
	f.Address.Expires = now().Add(20 * time.Hour)
	if got := system.Examined(f).Level(); got != system.Warning {
		t.Errorf("20 hours of six days left: %s", got)
	}
}

func TestPasses(t *testing.T) {
	at := now()
	clock := func() time.Time { return at }
	p := system.NewPasses([]byte("a key"), clock)
	pass := p.Issue(system.ForTrial)
	if !p.Check(system.ForTrial, pass) {
		t.Error("a fresh pass is refused")
	}
	for name, wrong := range map[string]string{"empty": "", "no mac": "1.2", "changed": "1" + pass, "cut": pass[:len(pass)-1]} {
		if p.Check(system.ForTrial, wrong) {
			t.Errorf("%s is taken", name)
		}
	}
	if p.Check(system.ForOperator, pass) {
		t.Error("a pass for a trial opens what the operator asks")
	}
	if system.NewPasses([]byte("another"), clock).Check(system.ForTrial, pass) || system.NewPasses(nil, clock).Check(system.ForTrial, system.NewPasses(nil, clock).Issue(system.ForTrial)) {
		t.Error("another key's, or no key's, is taken")
	}
	at = at.Add(3 * time.Minute)
	if p.Check(system.ForTrial, pass) {
		t.Error("an old one is taken")
	}
}

// What anybody may cause to be remembered is bounded.
func TestTrialsAreBounded(t *testing.T) {
	trials := system.NewTrials(now)
	for i := range 2000 {
		trials.Note(strings.Repeat("x", i), func(h *system.Heard) { h.Arrived = true })
	}
	kept := 0
	for i := range 2000 {
		if trials.Of(strings.Repeat("x", i)).Arrived {
			kept++
		}
	}
	if kept == 0 || kept > 256 || !trials.Of(strings.Repeat("x", 1999)).Arrived {
		t.Errorf("%d are remembered", kept)
	}
}
