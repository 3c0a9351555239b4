package system

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of what is well.
const (
	slowDatabase  = 250 * time.Millisecond
	longLog       = 512 << 20
	loosePages    = 256 << 20
	clockSkew     = 5 * time.Second
	futureEvent   = 2 * time.Minute
	soonFull      = 14 * 24 * time.Hour
	oldBackup     = 50 * time.Hour // a daily one that failed once
	lostBackup    = 8 * 24 * time.Hour
	firstBackup   = 24 * time.Hour // what a new installation may go without one
	fewFiles      = 4096
	shortLife     = 10 * 24 * time.Hour // a certificate that lives no longer is renewed in its last third
	expiresSoon   = 14 * 24 * time.Hour
	percent       = 100
	lowPercent    = 10
	nodePercent   = 5
	memoryPercent = 10
)

// Judge makes findings of facts. Every area that was looked at has at least one.
func Judge(f Facts) []Finding {
	var out []Finding
	out = append(out, f.server()...)
	if f.Database != nil {
		out = append(out, f.Database.judge(f.At)...)
	}
	if f.Disk != nil {
		out = append(out, f.Disk.judge())
	}
	if f.Backup != nil && (f.Database == nil || f.Database.Absent == "") {
		out = append(out, f.Backup.judge(f.At))
	}
	if f.Address != nil {
		out = append(out, f.Address.judge(f.At)...)
	}
	if f.Socket != nil {
		out = append(out, f.Socket.judge())
	}
	out = append(out, f.plugins())
	if f.Secrets != nil {
		out = append(out, f.Secrets.judge()...)
	}
	if f.Limits != nil {
		out = append(out, f.Limits.judge(f.Live != nil))
	}
	out = append(out, find("mail.none", AreaMail, OK))
	if f.Files != nil {
		out = append(out, f.Files.judge(), f.Files.sound())
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return slices.Index(Areas(), a.Area) - slices.Index(Areas(), b.Area)
	})
	return out
}

// find makes a finding; facts are names and values in turn.
func find(code string, area Area, level Level, facts ...string) Finding {
	f := Finding{Code: code, Area: area, Level: level, Facts: map[string]string{}}
	for i := 0; i+1 < len(facts); i += 2 {
		f.Facts[facts[i]] = oneLine(facts[i+1])
	}
	return f
}

// oneLine is what another program said, made to fit a sentence.
func oneLine(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.ReplaceAll(strings.Join(lines, "; "), ":; ", ": ")
}

func (f Facts) server() []Finding {
	switch {
	case f.Live == nil:
		return []Finding{find("server.stopped", AreaServer, Warning)}
	case f.Beside && f.Live.Version != f.Version:
		return []Finding{find("server.other_version", AreaServer, Warning, "running", f.Live.Version, "this", f.Version)}
	}
	return []Finding{find("server.ok", AreaServer, OK, "version", f.Live.Version, "since", stampOf(f.Live.Started))}
}

func (d Database) judge(now time.Time) []Finding {
	if d.Absent != "" {
		return []Finding{find("database.none", AreaDatabase, Problem, "path", d.Absent)}
	}
	if d.Fault != "" {
		return []Finding{find("database.unreachable", AreaDatabase, Problem, "cause", d.Fault)}
	}
	var out []Finding
	if d.Damage != "" { // nothing else that it answers is to be trusted
		return []Finding{find("database.damaged", AreaDatabase, Problem, "cause", d.Damage)}
	}
	switch schema, known := strconv.Itoa(d.Schema), strconv.Itoa(d.Known); {
	case d.Schema > d.Known:
		out = append(out, find("database.newer", AreaDatabase, Problem, "schema", schema, "known", known))
	case d.Schema < d.Known:
		out = append(out, find("database.older", AreaDatabase, Warning, "schema", schema, "known", known))
	}
	if d.Latency > slowDatabase {
		out = append(out, find("database.slow", AreaDatabase, Warning, "took", took(d.Latency)))
	}
	if d.WAL > longLog {
		out = append(out, find("database.log", AreaDatabase, Warning, "size", Bytes(d.WAL)))
	}
	if d.Free > loosePages && d.Free > d.Size/2 {
		out = append(out, find("database.loose", AreaDatabase, Warning, "free", Bytes(d.Free), "size", Bytes(d.Size)))
	}
	if d.Most > 0 && d.Connections*lowPercent >= d.Most*(lowPercent-1) {
		out = append(out, find("database.connections", AreaDatabase, Warning, "used", strconv.Itoa(d.Connections), "most", strconv.Itoa(d.Most)))
	}
	if len(out) == 0 {
		code := "database.ok"
		if !d.Checked {
			code = "database.unchecked"
		}
		out = append(out, find(code, AreaDatabase, OK, "name", d.name(), "size", Bytes(d.Size+d.WAL),
			"schema", strconv.Itoa(d.Schema), "took", took(d.Latency)))
	}
	return append(out, d.clock(now))
}

// took writes how long something took, for people.
func took(d time.Duration) string {
	if d < time.Millisecond {
		return "< 1 ms"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
}

func (d Database) name() string {
	return map[string]string{"sqlite": "SQLite ", "postgres": "PostgreSQL "}[d.Driver] + d.Version
}

func (d Database) clock(now time.Time) Finding {
	switch ahead := d.Newest.Sub(now); {
	case d.Clock.Abs() > clockSkew:
		return find("clock.database", AreaClock, Warning, "by", d.Clock.Round(time.Second).String())
	case !d.Newest.IsZero() && ahead > futureEvent:
		return find("clock.past", AreaClock, Problem, "by", ahead.Round(time.Second).String())
	}
	return find("clock.ok", AreaClock, OK)
}

func (d Disk) judge() Finding {
	facts := []string{"path", d.Path, "free", Bytes(d.Free), "total", Bytes(d.Total), "min", Bytes(d.MinFree)}
	of := func(code string, level Level, more ...string) Finding {
		return find(code, AreaDisk, level, append(facts, more...)...)
	}
	switch {
	case d.Absent:
		return of("disk.none", Problem)
	case d.Spent && d.Nodes > 0 && d.Left == 0:
		return of("disk.nodes", Problem, "left", "0")
	case d.Spent:
		return of("disk.spent", Problem)
	case d.Fault != "":
		return of("disk.unwritable", Problem, "cause", d.Fault)
	case d.Free < d.MinFree:
		return of("disk.full", Problem)
	case d.Nodes > 0 && d.Left*percent < d.Nodes*nodePercent:
		return of("disk.nodes", Warning, "left", strconv.FormatUint(d.Left, 10))
	case d.Free < d.Total/lowPercent && d.Free < 20<<30:
		return of("disk.low", Warning)
	}
	if d.Growth > 0 && d.Since > 0 {
		day := 24 * time.Hour
		if days := (d.Free - d.MinFree) / d.Growth; days < int64(soonFull/day) {
			return of("disk.growing", Warning, "growth", Bytes(d.Growth), "days", strconv.FormatInt(days, 10))
		}
		return of("disk.ok_growth", OK, "growth", Bytes(d.Growth))
	}
	return of("disk.ok", OK)
}

func (b Backup) judge(now time.Time) Finding {
	age := now.Sub(b.At)
	hours := strconv.FormatInt(int64(age/time.Hour), 10)
	switch {
	case b.At.IsZero() && !b.Born.IsZero() && now.Sub(b.Born) < firstBackup:
		return find("backup.soon", AreaBackup, OK)
	case b.At.IsZero():
		return find("backup.never", AreaBackup, Warning)
	case age > lostBackup:
		return find("backup.lost", AreaBackup, Problem, "at", stampOf(b.At), "hours", hours)
	case age > oldBackup:
		return find("backup.old", AreaBackup, Warning, "at", stampOf(b.At), "hours", hours)
	}
	return find("backup.ok", AreaBackup, OK, "at", stampOf(b.At), "name", b.Name)
}

func (a Address) judge(now time.Time) []Finding {
	facts := []string{"url", a.URL, "cause", a.Fault, "until", stampOf(a.Expires)}
	of := func(code string, level Level, more ...string) Finding {
		return find(code, AreaAddress, level, append(facts, more...)...)
	}
	var out []Finding
	if a.Config != "" {
		out = append(out, of("address.certificate_refused", Problem, "cause", a.Config))
	}
	left := a.Expires.Sub(now)
	soon := expiresSoon
	if a.LongLife > 0 && a.LongLife <= shortLife {
		soon = a.LongLife / 5 //nolint:mnd // a fifth of a short life
	}
	switch {
	case a.Other:
		out = append(out, of("address.other", Problem))
	case a.Untrust != "":
		out = append(out, of("address.untrusted", Problem, "cause", a.Untrust))
	case a.Fault != "":
		out = append(out, of("address.unreachable", Warning))
	}
	switch {
	case a.Expires.IsZero():
	case left <= 0:
		out = append(out, of("address.expired", Problem))
	case left < soon:
		out = append(out, of("address.expires", Warning, "days", strconv.FormatInt(int64(left/(24*time.Hour)), 10)))
	}
	if a.Plain {
		out = append(out, of("address.plain", Warning))
	}
	if len(out) > 0 {
		return out
	}
	switch {
	case a.Local:
		return []Finding{of("address.local", OK)}
	case a.Skipped:
		return []Finding{of("address.skipped", OK)}
	case a.Expires.IsZero():
		return []Finding{of("address.ok", OK)}
	}
	return []Finding{of("address.ok_until", OK)}
}

func (k Knock) judge() Finding {
	facts := []string{"url", k.URL, "cause", k.Fault, "heard", k.HeardAs, "wanted", k.WantedAs, "code", k.Code}
	of := func(code string, level Level) Finding { return find(code, AreaSocket, level, facts...) }
	switch {
	case k.Late:
		return of("socket.buffered", Problem)
	case k.Spoke:
		return of("socket.ok", OK)
	case k.Opened:
		return of("socket.silent", Problem)
	case k.Arrived && !k.Upgrade:
		return of("socket.stripped", Problem)
	case k.Arrived && k.Code == "request.cross_site":
		return of("socket.origin", Problem)
	case k.Arrived:
		return of("socket.lost", Problem)
	}
	return of("socket.blocked", Problem)
}

func (f Facts) plugins() Finding {
	all := f.Plugins
	if f.Live != nil {
		all = f.Live.Plugins
	}
	var names []string
	by := map[string][]string{}
	for _, p := range all {
		names = append(names, p.ID+" "+p.Version)
		by[p.State] = append(by[p.State], p.ID)
		if p.Left != "" && f.Live != nil {
			by["left"] = append(by["left"], p.ID+" "+p.Left)
		}
		if p.Unconfined {
			by["unconfined"] = append(by["unconfined"], p.ID)
		}
	}
	list := strings.Join(names, ", ")
	of := func(code string, level Level, which []string) Finding {
		return find(code, AreaPlugins, level, "which", strings.Join(which, ", "), "list", list, "count", strconv.Itoa(len(all)))
	}
	switch {
	case len(all) == 0:
		return of("plugins.none", Warning, nil)
	case len(by["failed"]) > 0:
		return of("plugins.failed", Problem, by["failed"])
	case len(by["quarantined"]) > 0:
		return of("plugins.quarantined", Problem, by["quarantined"])
	case len(by["backoff"]) > 0:
		return of("plugins.backoff", Warning, by["backoff"])
	case len(by["left"]) > 0:
		return of("plugins.rolled_back", Warning, by["left"])
	case len(by["unconfined"]) > 0:
		return of("plugins.unconfined", Warning, by["unconfined"])
	case f.Live == nil:
		return of("plugins.resting", OK, nil)
	}
	return of("plugins.ok", OK, nil)
}

func (s Secrets) judge() []Finding {
	var out []Finding
	if s.Missing {
		out = append(out, find("secrets.missing", AreaSecrets, Problem, "path", s.KeyFile))
	}
	if len(s.Open) > 0 {
		out = append(out, find("secrets.open", AreaSecrets, Problem, "which", strings.Join(s.Open, ", ")))
	}
	if s.Folder != "" {
		out = append(out, find("secrets.folder", AreaSecrets, Warning, "path", s.Folder))
	}
	if len(out) == 0 {
		out = append(out, find("secrets.ok", AreaSecrets, OK))
	}
	return out
}

func (f Files) judge() Finding {
	facts := []string{"scanner", f.Scanner, "cause", f.Fault}
	switch {
	case f.Scanner == "":
		return find("files.unscanned", AreaFiles, OK)
	case f.Fault != "":
		return find("files.scanner", AreaFiles, Problem, facts...)
	}
	return find("files.scanned", AreaFiles, OK, facts...)
}

func (f Files) sound() Finding {
	facts := []string{"path", f.FFmpeg, "version", f.FFmpegVersion, "cause", f.FFmpegFault}
	switch {
	case f.FFmpegFault != "":
		return find("sound.ffmpeg", AreaSound, Problem, facts...)
	case f.FFmpeg == "":
		return find("sound.none", AreaSound, OK)
	}
	return find("sound.ok", AreaSound, OK, facts...)
}

func (l Limits) judge(running bool) Finding {
	facts := []string{
		"files", strconv.FormatInt(l.Files, 10), "most", strconv.FormatInt(l.MostFiles, 10),
		"memory", Bytes(l.Memory), "room", Bytes(l.MostMemory), "available", Bytes(l.Available),
	}
	of := func(code string, level Level) Finding { return find(code, AreaLimits, level, facts...) }
	switch {
	case l.MostFiles > 0 && l.Files*percent > l.MostFiles*(percent-lowPercent):
		return of("limits.files", Problem)
	case l.MostMemory > 0 && l.Available < l.MostMemory*memoryPercent/percent && l.Available < 256<<20:
		return of("limits.memory", Warning)
	case l.MostFiles > 0 && l.MostFiles < fewFiles:
		return of("limits.few_files", Warning)
	case !running: // what was looked at is the command itself
		return of("limits.resting", OK)
	}
	return of("limits.ok", OK)
}

// Bytes writes a size for people: 1.5 GiB.
func Bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatInt(max(n, 0), 10) + " B"
	}
	value, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB"}
	for _, name := range names[:len(names)-1] {
		if value < unit {
			return fmt.Sprintf("%.1f %s", value, name)
		}
		value /= unit
	}
	return fmt.Sprintf("%.1f %s", value, names[len(names)-1])
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
