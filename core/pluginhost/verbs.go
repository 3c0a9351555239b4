package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// errNotRunning answers a swap of a plugin that has no process: what is wanted
// is written down, and counts with the next start.
var errNotRunning = errs.New(errs.Unavailable, "plugin.stopped", "The plugin does not run now.")

// installedAs returns a plugin while the host runs.
func (h *Host) installedAs(id extension.PluginID) (*supervisor, Ports, error) {
	s, ok := h.byID[channel.PluginID(id)]
	if !ok {
		return nil, Ports{}, errs.Absent()
	}
	ports := h.ports.Load()
	if ports == nil {
		return nil, Ports{}, errs.New(errs.Unavailable, "plugin_host.stopped", "The plugin host does not run.")
	}
	return s, *ports, nil
}

// fresh returns the row of a plugin, read anew.
func (h *Host) fresh(ctx context.Context, s *supervisor, ports Ports) (extension.Life, error) {
	if err := h.readRows(ctx, ports.Lives); err != nil {
		return extension.Life{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wanted, nil
}

// Enable implements extension.Host.
func (h *Host) Enable(ctx context.Context, id extension.PluginID, enabled bool) error {
	s, ports, err := h.installedAs(id)
	if err != nil {
		return err
	}
	row, err := h.fresh(ctx, s, ports)
	if err != nil {
		return err
	}
	if row.Enabled == enabled && row.Revision > 0 {
		return nil
	}
	if err := s.change(ctx, row, func(row *extension.Life) { row.Enabled = enabled }); err != nil {
		return err
	}
	s.wake()
	return nil
}

// Move implements extension.Host.
func (h *Host) Move(ctx context.Context, id extension.PluginID, m extension.Move) (extension.Copy, error) {
	s, ports, err := h.installedAs(id)
	if err != nil {
		return extension.Copy{}, err
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	row, err := h.fresh(ctx, s, ports)
	if err != nil {
		return extension.Copy{}, err
	}
	to, err := s.target(row, m)
	if err != nil {
		return extension.Copy{}, err
	}
	if to.digest == row.Active.Digest && to.digest == s.installed().digest {
		return to.copy(), nil
	}
	return to.copy(), s.moveTo(ctx, row, to, nil)
}

// target finds the version that a move leads to, and whether it may be gone to.
func (s *supervisor) target(row extension.Life, m extension.Move) (installed, error) {
	if m.Back {
		if row.Previous.Digest == "" {
			return installed{}, errs.New(errs.Conflict, "plugin.no_previous", "There is no version before this one to go back to.")
		}
		to, err := s.stored(row.Previous.Digest)
		if err != nil {
			return installed{}, errs.Wrap(err, errs.Conflict, "plugin.no_previous", "Version "+row.Previous.Version+" is not kept on this server any more.")
		}
		return to, fit(to)
	}
	(&life{supervisor: s}).offer()
	s.mu.Lock()
	to, active := s.offered, s.plugin
	s.mu.Unlock()
	if err := fit(to); err != nil {
		return installed{}, err
	}
	if row.Pinned != "" && to.manifest.Version != row.Pinned {
		return installed{}, errs.New(errs.Conflict, "plugin.pinned", fmt.Sprintf(
			"The plugin is pinned to version %s, and the plugins folder holds %s. Take the pin away first.", row.Pinned, to.manifest.Version))
	}
	var missing []string
	for _, need := range asks(to.manifest, active.manifest) {
		if !slices.Contains(m.Accepted, need) {
			missing = append(missing, need)
		}
	}
	if len(missing) > 0 {
		return installed{}, errs.New(errs.Conflict, "plugin.consent_needed", fmt.Sprintf(
			"Version %s needs what the active version does not: %s. Accept that, or stay with the active version, which goes on.", to.manifest.Version, strings.Join(missing, ", ")))
	}
	return to, nil
}

// fit refuses a version that cannot run here.
func fit(p installed) error {
	if p.uncopied != nil {
		return errs.Wrap(p.uncopied, errs.Unavailable, "plugin.not_copied", fmt.Sprintf(
			"Version %s could not be taken in, and the active one goes on: %v. Check the space and the rights of the data folder, then upgrade again.",
			p.manifest.Version, p.uncopied))
	}
	if p.fault != "" {
		return errs.New(errs.Conflict, "plugin.unfit", "That version cannot run: "+p.fault)
	}
	return nil
}

// moveTo lets a version take over, and then makes it the one that is wanted. A
// plugin that does not run starts with it.
func (s *supervisor) moveTo(ctx context.Context, row extension.Life, to installed, also func(*extension.Life)) error {
	wish := func(row *extension.Life) {
		if row.Active.Digest != to.digest {
			row.Previous = row.Active
		}
		row.Active, row.ActiveSince, row.Refused = to.copy(), s.host.options.Now(), ""
		if also != nil {
			also(row)
		}
	}
	if exclusive(s.installed(), to) { // there is none to go on when it does not start
		err := s.change(ctx, row, wish)
		s.wake()
		return err
	}
	w := swap{to: to, done: make(chan error, 1)}
	select {
	case s.swaps <- w:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		if err != nil && !errors.Is(err, errNotRunning) {
			return errs.Wrap(err, errs.Conflict, "plugin.not_moved", fmt.Sprintf("Version %s did not start, and version %s goes on: %s",
				to.manifest.Version, row.Active.Version, err.Error()))
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.change(ctx, row, wish)
	s.wake()
	return err
}

// Pin implements extension.Host.
func (h *Host) Pin(ctx context.Context, id extension.PluginID, version string) error {
	s, ports, err := h.installedAs(id)
	if err != nil {
		return err
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	row, err := h.fresh(ctx, s, ports)
	if err != nil {
		return err
	}
	pin := func(row *extension.Life) { row.Pinned = version }
	if version == "" || version == row.Active.Version {
		return s.change(ctx, row, pin)
	}
	list, err := h.Versions(ctx, id)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v.Version != version {
			continue
		}
		to, err := s.stored(v.Digest)
		if err != nil {
			continue
		}
		if err := fit(to); err != nil {
			return err
		}
		if len(v.Asks) > 0 {
			return errs.New(errs.Conflict, "plugin.consent_needed", fmt.Sprintf(
				"Version %s needs what the active version does not: %s. Upgrade to it first, which asks for consent.", version, strings.Join(v.Asks, ", ")))
		}
		return s.moveTo(ctx, row, to, pin)
	}
	return errs.New(errs.Conflict, "plugin.no_version", "Version "+version+" is not kept on this server. Its versions are listed on its page.")
}

// Versions implements extension.Host.
func (h *Host) Versions(_ context.Context, id extension.PluginID) ([]extension.Version, error) {
	s, ok := h.byID[channel.PluginID(id)]
	if !ok {
		return nil, errs.Absent()
	}
	list, err := s.copies.List()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	row, offered, active := s.wanted, s.offered, s.plugin
	s.mu.Unlock()
	out := make([]extension.Version, 0, len(list))
	for _, c := range list {
		p := read(s.copies.Path(c.Digest), h.options.CoreVersion)
		p.digest = c.Digest
		out = append(out, extension.Version{
			Copy: p.copy(), At: c.At, Size: c.Size, Active: c.Digest == row.Active.Digest,
			Previous: c.Digest == row.Previous.Digest, Offered: c.Digest == offered.digest, Asks: asks(p.manifest, active.manifest),
		})
	}
	return out, nil
}
