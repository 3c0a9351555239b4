package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/machine"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/program"
	"github.com/patchbay-im/patchbay/core/seal"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/system"
)

// DoctorOptions is what the command line gives for an examination.
type DoctorOptions struct {
	Version string
	File    string // of the configuration; "" = none
	Locale  system.Locale
	JSON    bool
	Out     io.Writer
}

// Doctor examines the installation from the command line, with or without its
// server, and prints a report. It returns how bad the worst finding is.
func Doctor(ctx context.Context, c Config, o DoctorOptions) (system.Level, error) {
	e := newExamination(c, o.Version, o.File)
	e.live = e.ask
	report := system.Examined(e.Examine(ctx))
	if o.JSON {
		return report.Level(), printJSON(o.Out, report)
	}
	printReport(o.Out, report, o.Locale)
	return report.Level(), nil
}

// examination implements system.Examiner.
type examination struct {
	config  Config
	version string
	file    string // of the configuration
	now     func() time.Time
	log     *slog.Logger
	box     *seal.Box                                    // nil = the master key cannot be read
	live    func(ctx context.Context) *system.Live       // nil answer = no server
	resting func(ctx context.Context) []extension.Plugin // what is installed, when no server tells
	beside  bool
}

// newExamination examines from outside the server.
func newExamination(c Config, version, file string) *examination {
	e := &examination{config: c, version: version, file: file, now: time.Now, log: slog.New(slog.DiscardHandler), beside: true}
	e.box, _ = seal.Open(keyFile(c)) // whether it is there is one of the findings
	e.resting = func(context.Context) []extension.Plugin {
		host, err := pluginhost.New(pluginhost.Options{ //nolint:contextcheck // nothing of the host runs before Run
			Dir: devPlugins(c), DataDir: dataPath(c, "plugins"), CoreVersion: version, Log: e.log, Now: e.now,
		})
		if err != nil {
			return nil
		}
		return host.Plugins()
	}
	return e
}

func (e *examination) passes() *system.Passes { return passesOf(e.box, e.now) }

func passesOf(box *seal.Box, now func() time.Time) *system.Passes {
	if box == nil {
		return system.NewPasses(nil, now)
	}
	return system.NewPasses(box.Derive("operator passes"), now)
}

// ask asks the server of this installation on this machine.
func (e *examination) ask(ctx context.Context) *system.Live {
	const most = 1 << 20
	text, err := machine.Ask(ctx, localURL(e.config), httpapi.OperatorLive, e.passes().Issue(system.ForOperator), most)
	out := &system.Live{}
	if e.box == nil || err != nil || json.Unmarshal(text, out) != nil {
		return nil
	}
	return out
}

// localURL is where the server of this configuration listens, as seen from its
// own machine.
func localURL(c Config) string {
	host, port, err := net.SplitHostPort(c.Server.Address)
	if ip, parsed := netip.ParseAddr(host); err == nil && (host == "" || parsed == nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	scheme := "http"
	if c.ServesTLS() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Examine implements system.Examiner.
func (e *examination) Examine(ctx context.Context) system.Facts {
	out := system.Facts{At: e.now(), Version: e.version, Beside: e.beside, Live: e.live(ctx)}
	d := store.Examine(ctx, database(e.config, e.now, e.log))
	out.Database = &d
	disk := machine.Disk(e.config.DataDir)
	disk.MinFree = int64(e.config.Media.MinFree)
	disk.Growth, disk.Since = growth(e.config, e.now())
	out.Disk = &disk
	out.Backup = lastBackup(e.config)
	out.Backup.Born = d.Born
	out.Secrets = e.secrets(d)
	limits := machine.Limits()
	if out.Live != nil {
		limits = out.Live.Limits
	}
	out.Limits = &limits
	out.Files = e.files(ctx)
	out.Address, out.Socket = e.address(ctx, out.Live)
	if out.Live == nil {
		for _, p := range e.resting(ctx) {
			out.Plugins = append(out.Plugins, pluginFact(p))
			if p.State != extension.Failed {
				out.Plugins[len(out.Plugins)-1].State = ""
			}
		}
	}
	return out
}

// files has the scanner look at a harmless file, and asks ffmpeg which it is.
func (e *examination) files(ctx context.Context) *system.Files {
	out := &system.Files{}
	if c := scanCommand(e.config); c != nil {
		out.Scanner = c.Argv[0]
		if err := program.Try(ctx, *c); err != nil {
			out.Fault = err.Error()
		}
	}
	var err error
	if out.FFmpeg, err = program.FindFFmpeg(e.config.Media.FFmpeg); err == nil && out.FFmpeg != "" {
		out.FFmpegVersion, err = program.NewFFmpeg(out.FFmpeg, nil).Version(ctx)
	}
	if err != nil {
		out.FFmpegFault = err.Error()
	}
	return out
}

func pluginFact(p extension.Plugin) system.Plugin {
	return system.Plugin{
		ID: string(p.ID), Version: p.Version, State: string(p.State), Restarts: p.Restarts, Detail: p.Detail,
		Left: p.Left, Unconfined: p.Loose(),
	}
}

// address visits the public address, when there is a server that could answer.
func (e *examination) address(ctx context.Context, live *system.Live) (*system.Address, *system.Knock) {
	out, knock := system.Address{URL: e.config.BaseURL(), Skipped: true}, (*system.Knock)(nil)
	if live != nil {
		out, knock = machine.Visitor{
			Base: e.config.BaseURL(), Trial: httpapi.TrialPath + e.passes().Issue(system.ForTrial), Now: e.now,
		}.Visit(ctx)
	}
	addressFacts(e.config, live, &out)
	out.Local = e.config.Loopback() && e.config.Server.PublicURL == ""
	out.Plain = strings.HasPrefix(out.URL, "http://") && !e.config.Loopback()
	return &out, knock
}

// secrets looks at who may read what must not be read.
func (e *examination) secrets(d system.Database) *system.Secrets {
	key := keyFile(e.config)
	out := &system.Secrets{KeyFile: key}
	if _, err := os.Stat(key); errors.Is(err, fs.ErrNotExist) {
		out.Missing = d.Schema > 0
	}
	files := []string{key, e.file, e.config.TLS.KeyFile}
	if e.config.Database.URL == "" {
		db := dataPath(e.config, "patchbay.db")
		files = append(files, db, db+"-wal")
	}
	mounted := func(file string) bool {
		return !strings.HasPrefix(filepath.Clean(file), filepath.Clean(e.config.DataDir)+string(filepath.Separator))
	}
	// What lies in a folder that is closed to others is closed, whatever its mode.
	folder := machine.Open([]string{e.config.DataDir}, func(string) bool { return true })
	if len(folder) == 0 {
		files = keep(files, mounted)
	} else {
		out.Folder = folder[0]
	}
	out.Open = machine.Open(files, mounted)
	return out
}

func keep(files []string, want func(string) bool) []string {
	var out []string
	for _, f := range files {
		if f != "" && want(f) {
			out = append(out, f)
		}
	}
	return out
}

// printed is a report as a program reads it.
type printed struct {
	At       time.Time      `json:"at"`
	Version  string         `json:"version"`
	Level    system.Level   `json:"level"`
	Findings []printedEntry `json:"findings"`
}

type printedEntry struct {
	Code  string            `json:"code"`
	Area  system.Area       `json:"area"`
	Level system.Level      `json:"level"`
	Facts map[string]string `json:"facts"`
	What  string            `json:"what"`
	Do    string            `json:"do,omitempty"`
}

func printJSON(w io.Writer, r system.Report) error {
	out := printed{At: r.At.UTC(), Version: r.Version, Level: r.Level()}
	for _, f := range r.Findings {
		say := f.In(system.English)
		out.Findings = append(out.Findings, printedEntry{f.Code, f.Area, f.Level, f.Facts, say.What, say.Do})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}

func printReport(w io.Writer, r system.Report, l system.Locale) {
	marks := map[system.Level]string{system.OK: "ok", system.Warning: "warning", system.Problem: "PROBLEM"}
	bad := 0
	for _, f := range r.Findings {
		say := f.In(l)
		mark := marks[f.Level]
		if l == system.Chinese {
			mark = map[system.Level]string{system.OK: "正常", system.Warning: "警告", system.Problem: "问题"}[f.Level]
		}
		fmt.Fprintf(w, "%-8s %s: %s\n", mark, f.Area.Title(l), say.What) //nolint:errcheck // a closed terminal is no reason to stop
		if say.Do != "" {
			fmt.Fprintf(w, "         → %s\n           %s · docs/%s\n", say.Do, f.Code, say.Doc) //nolint:errcheck // as above
		}
		if f.Level != system.OK {
			bad++
		}
	}
	if l == system.Chinese {
		fmt.Fprintf(w, "\n检查 %d 项，%d 项需要处理。\n", len(r.Findings), bad) //nolint:errcheck // as above
		return
	}
	fmt.Fprintf(w, "\n%d looked at, %d to see to.\n", len(r.Findings), bad) //nolint:errcheck // as above
}
