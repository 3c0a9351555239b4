package pluginhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// installed is a plugin on disk.
type installed struct {
	folder   string // of the copy that runs; or that of the plugins folder, before there is one
	digest   string // of the copy; "" = there is none
	manifest manifest.Manifest
	schema   *schema.Schema // nil = the plugin takes no configuration
	fault    string         // why it cannot run, and what to do; "" = it can
	uncopied error          // why this server could not copy it: no fault of the plugin's
}

// foldersIn lists the folders of installed plugins.
func foldersIn(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the plugins folder %s does not exist: build the plugins (make build), or set plugins.dev_dir", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the plugins folder (plugins.dev_dir): %w", err)
	}
	var out []string
	for _, e := range entries {
		folder := filepath.Join(dir, e.Name())
		info, err := os.Stat(folder) // a link to a folder is a folder
		if err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, folder)
		}
	}
	return out, nil
}

// read reads what is in a folder.
func read(folder, core string) installed {
	p := installed{folder: folder}
	m, err := manifest.Read(filepath.Join(folder, manifest.BundleFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.fault = fmt.Sprintf("%s has no %s. Build the plugin again (patchbay plugin build), or remove the folder; then restart the server.", folder, manifest.BundleFile)
		return p
	case err != nil:
		p.fault = fmt.Sprintf("Its manifest is not accepted; mend it and restart the server. %v", err)
		return p
	}
	p.manifest = m
	switch {
	case !m.RunsOn(core):
		p.fault = fmt.Sprintf("Version %s needs a server %s; this one is %s. Install a version of the plugin that fits.", m.Version, m.Core, core)
	case !m.Speaks(pluginv1.Version):
		p.fault = fmt.Sprintf("It speaks the plugin protocol %v, this server speaks %d. Install a version of the plugin that fits.", m.Protocol, pluginv1.Version)
	case len(m.ConfigSchema) > 0:
		if p.schema, err = schema.Compile(m.ConfigSchema); err != nil {
			p.fault = fmt.Sprintf("Its config_schema is not accepted: %v", err)
		}
	}
	return p
}

// id is the plugin's; that of a folder without a manifest is its name.
func (p installed) id() channel.PluginID {
	if p.manifest.ID == "" {
		return channel.PluginID(filepath.Base(p.folder))
	}
	return channel.PluginID(p.manifest.ID)
}

func (p installed) program() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(p.folder, "plugin.exe")
	}
	return filepath.Join(p.folder, "plugin")
}

func (p installed) name() map[string]string {
	if p.manifest.ID == "" {
		return map[string]string{"en": filepath.Base(p.folder)}
	}
	return p.manifest.Name
}

// files returns the web files.
func (p installed) files() (fs.FS, bool) {
	dir := filepath.Join(p.folder, "ui")
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, false
	}
	return confined(dir), true
}

// confined opens files of a folder and never what is outside of it, links or
// not. The folder is opened anew each time: a build replaces it.
type confined string

// Open opens a file for reading.
func (c confined) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	root, err := os.OpenRoot(string(c))
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // the file stays open
	return root.Open(name)
}

// channelType is what the manifest says of a channel; false when the plugin is none.
func (p installed) channelType(available bool) (channel.Type, bool) {
	m := p.manifest
	if m.Channel == nil {
		return channel.Type{}, false
	}
	t := channel.Type{
		Plugin: channel.PluginID(m.ID), Version: m.Version, Name: m.Name, Summary: m.Summary, Live: m.Channel.Live,
		Capabilities: capabilitiesOf(*m.Channel),
		ConfigSchema: p.configSchema(), Asks: p.asks(), Available: available,
	}
	return t, true
}

// capabilitiesOf is what the manifest says a channel can do.
func capabilitiesOf(ch manifest.Channel) channel.Capabilities {
	out := channel.Capabilities{
		Content: ch.Content, TextLimit: ch.TextLimit, AttachmentLimit: ch.AttachmentLimit,
		Can: ch.Can, EditWithin: time.Duration(ch.EditForS) * time.Second, RecallWithin: time.Duration(ch.RecallForS) * time.Second, SendKey: ch.SendKey, Threads: channel.Threads(ch.Threads),
	}
	for _, w := range ch.Windows {
		out.Windows = append(out.Windows, channel.Window{On: w.On, Quota: w.Quota, For: time.Duration(w.ForS) * time.Second})
	}
	for _, r := range ch.Rates {
		out.Rates = append(out.Rates, channel.Rate{
			Per: channel.RateScope(r.Per), Count: r.Count, Every: time.Duration(r.EveryS * float64(time.Second)), Burst: r.Burst,
		})
	}
	return out
}

// facts is what the manifest says of connecting the plugin.
func (p installed) facts() extension.Facts {
	m := p.manifest
	out := extension.Facts{
		Plugin: extension.PluginID(m.ID), Version: m.Version, Name: p.name(), ConfigSchema: p.configSchema(), Asks: p.asks(),
		Channel: m.Channel != nil,
	}
	for _, kind := range m.Kinds {
		if kind != manifest.KindChannel && kind != manifest.KindTemplate && m.Runtime.Type != manifest.RuntimeNone {
			out.Connects = true
		}
	}
	return out
}

// asks lists the scopes that the manifest asks for.
func (p installed) asks() []inst.Asked {
	var out []inst.Asked
	for _, x := range p.manifest.Permissions {
		out = append(out, inst.Asked{Scope: x.Scope, Optional: x.Optional})
	}
	return out
}

// configSchema is the manifest's, or that of a plugin that takes no configuration.
func (p installed) configSchema() json.RawMessage {
	if len(p.manifest.ConfigSchema) == 0 {
		return json.RawMessage(`{"type":"object","additionalProperties":false}`)
	}
	return json.RawMessage(p.manifest.ConfigSchema)
}

// offers is what the manifest says that the plugin adds.
func (p installed) offers() extension.Offers {
	m, facts := p.manifest, p.facts()
	out := extension.Offers{Summary: m.Summary, Channel: facts.Channel, Connects: facts.Connects, ConfigSchema: facts.ConfigSchema}
	for _, x := range m.Network {
		out.Network = append(out.Network, extension.NetworkPlace{Host: x.Host, FromConfig: x.FromConfig, Reason: x.Reason})
	}
	for _, x := range m.Panels {
		out.Panels = append(out.Panels, extension.PanelOffer{Name: x.Name, Slot: x.Slot, Title: x.Title, Page: x.Page != ""})
	}
	for _, x := range m.Tools {
		out.Tools = append(out.Tools, extension.ToolOffer{
			Name: x.Name, Title: x.Title, Description: x.Description, Writes: x.Writes, Approval: x.Approval == manifest.ApprovalAlways,
		})
	}
	for _, x := range m.Templates {
		out.Templates = append(out.Templates, extension.TemplateOffer{Name: x.Name, Title: x.Title, Summary: x.Summary})
	}
	if m.Hooks != nil {
		out.Asked, out.Told = interceptorsOf(extension.PluginID(p.id()), *m.Hooks), m.Hooks.Events
	}
	return out
}
