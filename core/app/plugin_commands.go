package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/patchbay-im/patchbay/core/machine"
)

// PluginCommands are the commands about plugins of a running server.
type PluginCommands struct {
	URL       string
	Key       string
	Workspace string
	Out       io.Writer
}

// remotePlugin is a plugin as the server tells of it.
type remotePlugin struct {
	ID          string     `json:"id"`
	Version     string     `json:"version"`
	Kinds       []string   `json:"kinds"`
	State       string     `json:"state"`
	Detail      string     `json:"detail"`
	Since       time.Time  `json:"since"`
	PID         int        `json:"pid"`
	Restarts    int        `json:"restarts"`
	NextRetryAt *time.Time `json:"next_retry_at"`
	Level       string     `json:"isolation_level"`
	Isolation   []string   `json:"isolation"`
	Lacking     []struct {
		Measure string `json:"measure"`
		Why     string `json:"why"`
	} `json:"isolation_lacking"`
	Enabled  bool     `json:"enabled"`
	Previous string   `json:"previous_version"`
	Pinned   string   `json:"pinned_version"`
	Offered  string   `json:"offered_version"`
	Asks     []string `json:"offered_asks"`
	Left     string   `json:"left_version"`
}

type remoteLine struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// call asks below the workspace.
func (c PluginCommands) call(ctx context.Context, method, path string, in, into any) error {
	switch {
	case c.Key == "":
		return errors.New("who asks? Make a key with the scopes plugin.read and plugin.manage under Settings › API keys, and set --key or PATCHBAY_KEY")
	case c.Workspace == "":
		return errors.New("which workspace? Its id is under Settings › Workspace: set --workspace or PATCHBAY_WORKSPACE")
	}
	return machine.Remote{URL: c.URL, Key: c.Key}.Call(ctx, method, "/workspaces/"+url.PathEscape(c.Workspace)+path, in, into) //nolint:wrapcheck // its own sentence
}

func pluginPlace(id string) (string, error) {
	publisher, name, ok := strings.Cut(id, "/")
	if !ok || publisher == "" || name == "" || strings.Contains(name, "/") {
		return "", fmt.Errorf("%q is not the name of a plugin, such as patchbay/webchat", id)
	}
	return "/plugins/" + url.PathEscape(publisher) + "/" + url.PathEscape(name), nil
}

func (c PluginCommands) all(ctx context.Context) ([]remotePlugin, error) {
	var out struct {
		Items []remotePlugin `json:"items"`
	}
	err := c.call(ctx, http.MethodGet, "/plugins", nil, &out)
	return out.Items, err
}

// List prints a line for each plugin.
func (c PluginCommands) List(ctx context.Context) error {
	plugins, err := c.all(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PLUGIN\tVERSION\tSTATE\tISOLATION\tSINCE\tNOTE")
	for _, p := range plugins {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Version, p.state(), p.Level, p.Since.Local().Format(time.DateTime), p.note())
	}
	return w.Flush()
}

func (p remotePlugin) state() string {
	if !p.Enabled {
		return "off"
	}
	return p.State
}

func (p remotePlugin) note() string {
	var notes []string
	if p.Offered != "" {
		notes = append(notes, p.Offered+" is offered")
	}
	if p.Pinned != "" {
		notes = append(notes, "pinned to "+p.Pinned)
	}
	if p.Left != "" {
		notes = append(notes, p.Left+" failed and was left")
	}
	return strings.Join(notes, ", ")
}

// Status prints what is known of a plugin.
func (c PluginCommands) Status(ctx context.Context, id string) error {
	place, err := pluginPlace(id)
	if err != nil {
		return err
	}
	plugins, err := c.all(ctx)
	if err != nil {
		return err
	}
	for _, p := range plugins {
		if p.ID == id {
			return c.status(ctx, p, place)
		}
	}
	return fmt.Errorf("the plugin %s is not installed on that server", id)
}

func (c PluginCommands) status(ctx context.Context, p remotePlugin, place string) error {
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	row("plugin", p.ID+" "+p.Version)
	row("state", p.state()+" since "+p.Since.Local().Format(time.DateTime))
	row("detail", p.Detail)
	if p.NextRetryAt != nil {
		row("next try", p.NextRetryAt.Local().Format(time.DateTime))
	}
	if p.PID > 0 {
		row("process", fmt.Sprintf("%d, restarted %d times", p.PID, p.Restarts))
	}
	row("isolation", strings.TrimSpace(p.Level+"  "+strings.Join(p.Isolation, ", ")))
	for _, l := range p.Lacking {
		row("", "without "+l.Measure+": "+l.Why)
	}
	row("previous", p.Previous)
	row("pinned", p.Pinned)
	row("offered", p.Offered)
	row("  it asks for", strings.Join(p.Asks, ", "))
	row("left", p.Left)
	var history struct {
		Items []struct {
			At     time.Time `json:"at"`
			Node   string    `json:"node"`
			State  string    `json:"state"`
			Reason string    `json:"reason"`
		} `json:"items"`
	}
	if err := c.call(ctx, http.MethodGet, place+"/history?limit=10", nil, &history); err != nil {
		return errors.Join(w.Flush(), err)
	}
	for _, s := range history.Items {
		row(s.At.Local().Format(time.DateTime), strings.TrimSpace(s.Node+"  "+s.State+"  "+s.Reason))
	}
	return w.Flush()
}

// Do enables or disables a plugin, or restarts it.
func (c PluginCommands) Do(ctx context.Context, verb, id string) error {
	place, err := pluginPlace(id)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, place+"/"+verb, nil, nil)
}

// Upgrade puts what the plugins folder holds in place, or goes back.
func (c PluginCommands) Upgrade(ctx context.Context, id string, back bool, accept []string) error {
	place, err := pluginPlace(id)
	if err != nil {
		return err
	}
	verb, in := "upgrade", any(map[string]any{"accept": append([]string{}, accept...)})
	if back {
		verb, in = "rollback", nil
	}
	var out struct{ Version string }
	if err := c.call(ctx, http.MethodPost, place+"/"+verb, in, &out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "%s runs version %s.\n", id, out.Version)
	return err
}

// Pin keeps a plugin at a version; "" takes the pin away.
func (c PluginCommands) Pin(ctx context.Context, id, version string) error {
	place, err := pluginPlace(id)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, place+"/pin", map[string]string{"version": version}, nil)
}

// Logs prints the last lines of a plugin, and with follow what comes after them
// until ctx ends.
func (c PluginCommands) Logs(ctx context.Context, id string, follow bool) error {
	place, err := pluginPlace(id)
	if err != nil {
		return err
	}
	const pause = time.Second
	var last remoteLine
	for {
		var logs struct{ Lines []remoteLine }
		if err := c.call(ctx, http.MethodGet, place+"/logs", nil, &logs); err != nil {
			if follow && ctx.Err() != nil {
				return nil //nolint:nilerr // whoever followed has seen enough
			}
			return err
		}
		for _, l := range after(logs.Lines, last) {
			_, _ = fmt.Fprintf(c.Out, "%s %-5s %s\n", l.At.Local().Format(time.DateTime), l.Level, l.Text)
			last = l
		}
		if !follow {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// after returns the lines that come after one; all of them when it is gone.
func after(lines []remoteLine, last remoteLine) []remoteLine {
	for i, line := range slices.Backward(lines) {
		if line == last {
			return lines[i+1:]
		}
	}
	return lines
}
