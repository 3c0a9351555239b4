package conformance

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// privilege is scenario 11: it uses what it declares, and bears a refusal.
func privilege(r *run) (string, error) {
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	watched, stop := p.watch()
	err = p.works(r.count(300, 3000), lanes)
	stop()
	if err != nil && !isInapplicable(err) {
		return "", err
	}
	if err := watched.verdict(); err != nil {
		return "", err
	}
	if err := p.core.overreach(); err != nil {
		return "", err
	}
	p.finish()
	bare, err := r.open(start{without: true})
	if err != nil {
		return "", fmt.Errorf("with what is optional refused: %w", err)
	}
	bare.core.refuseOptional()
	if err := bare.bears(20); err != nil {
		return "", fmt.Errorf("with what is optional refused: %w", err)
	}
	if err := bare.core.overreach(); err != nil {
		return "", err
	}
	seen := "It called the host within its permissions and bore the refusal of optional ones"
	if !watched.can {
		return seen + "; files and network are seen in processes only.", nil
	}
	if p.process.Isolation != "" {
		return seen + "; it opened no file and no connection that is not its own. " + p.process.Isolation, nil
	}
	return seen + "; it opened no file and no connection that is not its own.", nil
}

// watcher looks at the open files and connections of a process.
type watcher struct {
	plug    *plug
	can     bool
	allowed []string // addresses, "ip:port"
	mu      sync.Mutex
	found   error
}

// watch looks again and again until stop is called.
func (p *plug) watch() (w *watcher, stop func()) {
	w = &watcher{plug: p}
	if p.process == nil {
		return w, func() {}
	}
	if _, err := os.ReadDir(w.proc("fd")); err != nil {
		return w, func() {}
	}
	w.can = true
	if len(p.manifest.Network) > 0 {
		w.allowed = p.hosts()
	}
	ctx, cancel := context.WithCancel(p.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for wait(ctx, 20*time.Millisecond) {
			w.look()
		}
	}()
	return w, func() {
		w.look()
		cancel()
		<-done
	}
}

func (w *watcher) proc(parts ...string) string {
	return filepath.Join(append([]string{"/proc", strconv.Itoa(w.plug.process.PID)}, parts...)...)
}

func (w *watcher) verdict() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found
}

func (w *watcher) look() {
	entries, err := os.ReadDir(w.proc("fd"))
	if err != nil {
		return // it ended
	}
	var sockets []string
	for _, entry := range entries {
		target, err := os.Readlink(w.proc("fd", entry.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			sockets = append(sockets, strings.TrimSuffix(inode, "]"))
			continue
		}
		if strings.HasPrefix(target, "/") && !w.mayOpen(target, w.writes(entry.Name())) {
			w.report(fmt.Errorf("it has %s open, which is not its own; a plugin reads its bundle and writes its data folder", target))
		}
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		w.connections(table, sockets)
	}
}

func (w *watcher) report(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.found == nil {
		w.found = err
	}
}

// writes reports whether a file is open for writing.
func (w *watcher) writes(fd string) bool {
	info, err := os.ReadFile(w.proc("fdinfo", fd))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(info)) {
		if octal, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseInt(strings.TrimSpace(octal), 8, 64)
			return err == nil && flags&3 != 0
		}
	}
	return false
}

// mayOpen says which files are a plugin's own, or everybody's.
func (w *watcher) mayOpen(path string, writing bool) bool {
	path = strings.TrimSuffix(path, " (deleted)")
	own := []string{w.plug.dir, "/dev/null"}
	if !writing {
		program, err := filepath.Abs(w.plug.target.Program)
		bundle, err2 := filepath.Abs(w.plug.target.Folder)
		if err == nil && err2 == nil {
			own = append(own, program, bundle)
		}
		own = append(own, "/proc/self", "/proc/sys", "/sys", "/dev/urandom", "/dev/random", "/dev/zero", "/etc/resolv.conf", "/etc/hosts",
			"/etc/nsswitch.conf", "/etc/services", "/etc/gai.conf", "/etc/localtime", "/etc/mime.types", "/etc/ssl", "/etc/pki",
			"/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/share/zoneinfo", "/usr/lib", "/lib", "/lib64", w.proc())
	}
	return slices.ContainsFunc(own, func(o string) bool { return path == o || strings.HasPrefix(path, o+"/") })
}

// States of a TCP socket in /proc/net/tcp.
const tcpListen = "0A"

// connections reads a table of sockets and looks for the process's own.
func (w *watcher) connections(table string, inodes []string) {
	text, err := os.ReadFile(w.proc("net", table))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 10 || !slices.Contains(inodes, fields[9]) {
			continue
		}
		local, remote := addressOf(fields[1]), addressOf(fields[2])
		switch {
		case strings.HasPrefix(table, "tcp") && fields[3] == tcpListen:
			w.report(fmt.Errorf("it listens on %s; a plugin is reached through the core alone", local))
		case strings.HasSuffix(remote, ":0"), strings.HasSuffix(remote, ":53"), w.declared(remote):
		default:
			w.report(fmt.Errorf("it has a connection to %s, of which its manifest's network says nothing", remote))
		}
	}
}

// declared reports whether the manifest speaks of an address. A host that it
// names may have any address; its port is known.
func (w *watcher) declared(remote string) bool {
	if slices.Contains(w.allowed, remote) {
		return true
	}
	_, port, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	n, _ := strconv.Atoi(port)
	for _, network := range w.plug.manifest.Network {
		if network.Host != "" && (slices.Contains(network.Ports, n) || len(network.Ports) == 0 && n == 443) {
			return true
		}
		if network.FromConfig != "" && slices.Contains(w.configured(network.FromConfig), remote) {
			return true
		}
	}
	return false
}

// configured returns the addresses that a field of the configuration leads to.
func (w *watcher) configured(pointer string) []string {
	var config map[string]any
	if json.Unmarshal(w.plug.spec.config(w.plug.words()), &config) != nil {
		return nil
	}
	text, _ := config[strings.TrimPrefix(pointer, "/")].(string)
	return hostIn(text)
}

// addressOf reads "0100007F:1F90", the kernel's way to write an address.
func addressOf(s string) string {
	host, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(raw)%4 != 0 {
		return s
	}
	for i := 0; i < len(raw); i += 4 { // words of the machine's own order
		slices.Reverse(raw[i : i+4])
	}
	ip := net.IP(raw)
	if four := ip.To4(); four != nil {
		ip = four
	}
	return net.JoinHostPort(ip.String(), strconv.FormatUint(n, 10))
}
