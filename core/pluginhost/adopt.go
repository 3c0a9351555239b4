package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Which version runs. A row says what is wanted, the same for every node. What
// the plugins folder holds is copied, and becomes what is wanted by itself when
// it is the first, or newer and asks for nothing new, or when an administrator
// restarts the plugin; in all other cases somebody says upgrade.

// adopt returns what is to run now, or why nothing can.
func (l *life) adopt(ctx context.Context) (installed, *ended) {
	row, err := l.row(ctx)
	if err != nil {
		return installed{}, &ended{detail: "It did not start: " + (&ourFault{cause: err}).Error(), ours: true}
	}
	l.mu.Lock()
	stale, again := l.stale, l.starts > 0
	l.stale = false
	l.mu.Unlock()
	if stale {
		l.offer()
	}
	offered := l.offer0()
	choice, wish := l.choose(row, offered, stale && again)
	if choice.fault != "" {
		l.become(choice)
		return installed{}, &ended{detail: choice.fault, permanent: true}
	}
	if wish != row.Active {
		if err := l.want(ctx, row, wish); err != nil {
			return installed{}, &ended{detail: "It did not start: " + (&ourFault{cause: err}).Error(), ours: true}
		}
	}
	l.become(choice)
	return choice, nil
}

// choose returns what is to run and what is wanted from now on. explicit: an
// administrator has just restarted the plugin.
func (l *life) choose(row extension.Life, offered installed, explicit bool) (installed, extension.Copy) {
	active, err := l.stored(row.Active.Digest)
	switch {
	case row.Active.Digest == "", offered.digest == row.Active.Digest:
		return offered, offered.copy()
	case explicit && offered.fault != "" && offered.uncopied == nil:
		return offered, row.Active // somebody looks at it now
	case err != nil || active.fault != "":
		return offered, row.Active // this node has nothing else
	case offered.fault != "":
		return active, row.Active
	case row.Pinned != "" && offered.manifest.Version != row.Pinned, offered.digest == row.Refused:
		return active, row.Active
	case len(asks(offered.manifest, active.manifest)) > 0:
		return active, row.Active
	case explicit, newer(offered.manifest.Version, active.manifest.Version):
		return offered, offered.copy()
	}
	return active, row.Active
}

// newer reports whether a version comes after another. A build of the same
// version counts as newer: it is one in the making.
func newer(a, b string) bool {
	x, err1 := semver.NewVersion(a)
	y, err2 := semver.NewVersion(b)
	return err1 == nil && err2 == nil && !x.LessThan(y)
}

// asks returns what a version needs and the one before did not: scopes, and
// places in the network.
func asks(next, before manifest.Manifest) []string {
	has := needs(before)
	var out []string
	for _, need := range needs(next) {
		if !slices.Contains(has, need) && !slices.Contains(out, need) {
			out = append(out, need)
		}
	}
	return out
}

func needs(m manifest.Manifest) []string {
	var out []string
	for _, p := range m.Permissions {
		if !p.Optional {
			out = append(out, p.Scope)
		}
	}
	for _, n := range m.Network {
		if n.Host != "" {
			out = append(out, "network:"+n.Host)
		}
	}
	return out
}

// offer reads the folder and keeps a copy of what it holds.
func (l *life) offer() {
	p := read(l.source, l.host.options.CoreVersion)
	if p.fault == "" && p.id() != l.id {
		p.fault = "The folder holds another plugin now. Restart the server."
	}
	if p.fault == "" && p.process() {
		if _, err := os.Stat(p.program()); errors.Is(err, fs.ErrNotExist) {
			p.fault = fmt.Sprintf("Its program %s is missing. Build it again (patchbay plugin build), then restart the plugin.", p.program())
		}
	}
	if p.fault == "" {
		digest, err := l.copies.Add(l.source)
		if err != nil {
			l.log.Error("a version of the plugin could not be copied", "version", p.manifest.Version, "error", err)
			p.uncopied = err
			p.fault = fmt.Sprintf("It cannot be copied below %s: %v. Check the space and the rights there, then restart the plugin.", l.host.options.DataDir, err)
		} else {
			p.digest, p.folder = digest, l.copies.Path(digest)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.manifest.ID == "" { // keep what was known, for the lists
		p.manifest, p.schema = l.plugin.manifest, l.plugin.schema
	}
	l.offered = p
}

func (l *life) offer0() installed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offered
}

// stored reads a copy, after it was proven to be what its digest says.
func (s *supervisor) stored(digest string) (installed, error) {
	if err := s.copies.Check(digest); err != nil {
		return installed{}, err
	}
	p := read(s.copies.Path(digest), s.host.options.CoreVersion)
	p.digest = digest
	return p, nil
}

// copy names what is installed.
func (p installed) copy() extension.Copy {
	return extension.Copy{Digest: p.digest, Version: p.manifest.Version}
}

// process reports whether the plugin has one.
func (p installed) process() bool { return p.manifest.Runtime.Type != manifest.RuntimeNone }

// become makes a version the one that the lists, the forms and the web files
// are of.
func (s *supervisor) become(p installed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plugin = p
}

// row returns the row, read anew.
func (l *life) row(ctx context.Context) (extension.Life, error) {
	if err := l.host.readRows(ctx, l.ports.Lives); err != nil {
		return extension.Life{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted, nil
}

// want makes a copy the one that is wanted.
func (s *supervisor) want(ctx context.Context, row extension.Life, c extension.Copy) error {
	return s.change(ctx, row, func(row *extension.Life) {
		if row.Active.Digest != "" && row.Active != c {
			row.Previous = row.Active
		}
		row.Active, row.ActiveSince, row.Refused = c, s.host.options.Now(), ""
	})
}

// change writes a row and tidies the copies.
func (s *supervisor) change(ctx context.Context, row extension.Life, edit func(*extension.Life)) error {
	edit(&row)
	ports := s.host.ports.Load()
	if ports == nil {
		return errs.New(errs.Unavailable, "plugin_host.stopped", "The plugin host does not run.")
	}
	row, err := ports.Lives.Keep(ctx, row)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.wanted = row
	s.mu.Unlock()
	s.tidy()
	return nil
}

// tidy removes the copies of this plugin that nobody goes back to: all but the
// wanted one, what is offered, and the two newest besides.
func (s *supervisor) tidy() {
	s.mu.Lock()
	keep := []string{s.wanted.Active.Digest, s.wanted.Previous.Digest, s.offered.digest, s.plugin.digest}
	s.mu.Unlock()
	list, err := s.copies.List()
	if err != nil {
		return
	}
	spare := 1 // besides the previous one
	for _, v := range list {
		if slices.Contains(keep, v.Digest) {
			continue
		}
		if spare--; spare < 0 {
			s.copies.Remove(v.Digest)
		}
	}
}

// fallBack leaves a version that failed soon after it became the active one for
// the one before; false when that is not possible, or not wanted.
func (s *supervisor) fallBack(ctx context.Context, ports Ports, end ended) bool {
	s.mu.Lock()
	row, failed := s.wanted, s.plugin
	s.mu.Unlock()
	now := s.host.options.Now()
	if s.host.options.KeepFailing || row.Previous.Digest == "" || row.Active.Digest != failed.digest ||
		now.Sub(row.ActiveSince) > s.host.options.Timing.Rollback || row.Pinned == row.Active.Version {
		return false
	}
	back, err := s.stored(row.Previous.Digest)
	if err != nil || back.fault != "" {
		return false
	}
	err = s.change(ctx, row, func(row *extension.Life) {
		row.Refused, row.Active, row.Previous = row.Active.Digest, row.Previous, extension.Copy{}
		row.ActiveSince = now
	})
	if err != nil {
		s.log.ErrorContext(ctx, "plugin could not go back to the version before", "error", err)
		return false
	}
	end.detail += fmt.Sprintf(" Version %s failed soon after it became the active one; version %s runs again. Look at the log, and upgrade when the cause is mended.",
		failed.manifest.Version, back.manifest.Version)
	s.log.ErrorContext(ctx, "plugin went back to the version before", "from", failed.manifest.Version, "to", back.manifest.Version, "reason", end.detail)
	s.host.note(extension.Transition{
		Plugin: extension.PluginID(s.id), Node: s.host.options.Node, At: now, Version: failed.manifest.Version,
		State: extension.RolledBack, Reason: end.detail, Ending: end.ending, Lines: s.lastLines(end.began),
	})
	s.become(back)
	ports.OnChange(s.id)
	return true
}

// wishes adds what is wanted to what administrators see. s.mu is held.
func (s *supervisor) wishes(out *extension.Plugin) {
	row := s.wanted
	out.Enabled, out.Active, out.Previous, out.Pinned = row.Enabled, row.Active, row.Previous, row.Pinned
	if s.offered.digest != "" && s.offered.digest != row.Active.Digest {
		out.Offered = s.offered.copy()
		out.Asks = asks(s.offered.manifest, s.plugin.manifest)
	}
	if row.Refused != "" {
		out.Left = "unknown"
		if p := read(s.copies.Path(row.Refused), s.host.options.CoreVersion); p.manifest.Version != "" {
			out.Left = p.manifest.Version
		}
	}
	if out.State == extension.Ready && row.Active.Digest != "" && s.plugin.digest != row.Active.Digest && out.Detail == "" {
		out.Detail = fmt.Sprintf("Version %s is wanted, which this server does not have; it runs %s. Put it into the plugins folder of this server.",
			row.Active.Version, s.plugin.manifest.Version)
	}
}
