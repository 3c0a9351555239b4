package scaffold

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// plugin is what the templates are filled with.
type plugin struct {
	Name      string
	Publisher string
	Kinds     []string
	Module    string
	Core      string // the range of servers
	Version   string // of the SDK's module, with its v
	Replace   string
}

// Bounds of names, as the manifest has them.
const (
	maxName   = 50
	maxModule = 200
)

// plan checks what is asked for.
func plan(o Options) (plugin, error) {
	p := plugin{Name: o.Name, Publisher: o.Publisher, Module: o.Module, Replace: o.Replace}
	if p.Publisher == "" {
		p.Publisher = "example"
	}
	for _, part := range []struct{ what, value string }{{"name of a plugin", p.Name}, {"publisher", p.Publisher}} {
		if err := checkName(part.what, part.value); err != nil {
			return plugin{}, err
		}
	}
	if p.Module == "" {
		p.Module = "example.com/" + p.Publisher + "/" + p.Name
	}
	if !moduleName().MatchString(p.Module) || len(p.Module) > maxModule || path.Clean(p.Module) != p.Module {
		return plugin{}, fmt.Errorf("%q is not the name of a Go module, such as github.com/you/%s", p.Module, p.Name)
	}
	if p.Module == Module || strings.HasPrefix(p.Module, Module+"/") {
		return plugin{}, fmt.Errorf("%q is a place in Patchbay's own module: choose one of yours with --module", p.Module)
	}
	var err error
	if p.Kinds, err = kinds(o.Kinds); err != nil {
		return plugin{}, err
	}
	if p.Core, p.Version, err = versions(o.Version, o.Replace); err != nil {
		return plugin{}, err
	}
	return p, nil
}

func checkName(what, value string) error {
	if nameForm().MatchString(value) && len(value) <= maxName {
		return nil
	}
	hint := ""
	if s := suggestion(value); s != "" && s != value {
		hint = fmt.Sprintf(", for example %q", s)
	}
	return fmt.Errorf("%q is not the %s: use lower case letters, digits and single hyphens, beginning with a letter, at most %d%s", value, what, maxName, hint)
}

func nameForm() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`) }

func moduleName() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._-]*(/[a-zA-Z0-9._~-]+)*$`)
}

// suggestion makes a name of something that is none; "" = nothing is left of it.
func suggestion(value string) string {
	s := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(value), "-")
	s = strings.Trim(strings.TrimLeft(s, "-0123456789"), "-")
	if len(s) > maxName {
		s = strings.TrimRight(s[:maxName], "-")
	}
	return s
}

// kinds returns what was asked for in the usual order, each once.
func kinds(asked []string) ([]string, error) {
	for _, k := range asked {
		if !slices.Contains(Kinds(), k) {
			return nil, fmt.Errorf("there is no kind %q%s: choose of %s", k, nearest(k), strings.Join(Kinds(), ", "))
		}
	}
	var out []string
	for _, k := range Kinds() {
		if slices.Contains(asked, k) {
			out = append(out, k)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("which kind of plugin? Say --kind with one or more of %s", strings.Join(Kinds(), ", "))
	}
	return out, nil
}

// nearest asks whether a kind was meant that is spelled nearly so.
func nearest(asked string) string {
	best, least := "", 3
	for _, k := range Kinds() {
		if d := distance(strings.ToLower(asked), k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is how many characters have to be put in, left out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := before
			if a[i] != b[j] {
				d = 1 + min(before, row[j], row[j+1])
			}
			before, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}

// ID is the plugin's.
func (p plugin) ID() string { return p.Publisher + "/" + p.Name }

// Title is how people read the name.
func (p plugin) Title() string {
	s := strings.ReplaceAll(p.Name, "-", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// PublisherTitle is how people read who answers for it.
func (p plugin) PublisherTitle() string {
	return strings.ToUpper(p.Publisher[:1]) + strings.ReplaceAll(p.Publisher[1:], "-", " ")
}

// Has reports whether the plugin has one of some abilities.
func (p plugin) Has(some ...string) bool {
	return slices.ContainsFunc(some, func(k string) bool { return slices.Contains(p.Kinds, k) })
}

// Program reports whether the plugin has a process: a template alone has none.
func (p plugin) Program() bool { return !slices.Equal(p.Kinds, []string{kindTemplate}) }

// Only reports whether the plugin has that one ability.
func (p plugin) Only(kind string) bool { return len(p.Kinds) == 1 && p.Kinds[0] == kind }

// Fake reports whether there is a far side to imitate.
func (p plugin) Fake() bool { return p.Has(kindChannel, kindConnector) }

// Settings reports whether the plugin is configured.
func (p plugin) Settings() bool {
	return p.Has(kindChannel, kindConnector, kindBot, kindTool, kindAnalyzer, kindPanel)
}

// wants reports whether a file is written.
func (p plugin) wants(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".go"), "_test")
	switch {
	case first == "templates":
		return p.Has(kindTemplate)
	case strings.HasPrefix(name, "fake/"):
		return p.Fake() && (!slices.Contains([]string{"channel", "connector"}, base) || p.Has(base))
	case slices.Contains(Kinds(), base) && strings.HasSuffix(name, ".go"):
		return p.Has(base)
	case name == "main.go" || name == "dev.yaml":
		return p.Program()
	case name == "client.go":
		return p.Fake()
	}
	return true
}

// versions returns the range of servers for a plugin that begins at one, and
// the version of the SDK's module.
func versions(v, replace string) (core, module string, err error) {
	release, build, _ := strings.Cut(v, "+")
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d.", &major, &minor); err != nil {
		return "", "", fmt.Errorf("%q is not the version of a server", v)
	}
	core = fmt.Sprintf(">=%d.%d.0 <%d.0.0", major, minor, major+1)
	if replace != "" {
		return core, "v0.0.0", nil
	}
	if build != "" {
		return "", "", errors.New("this patchbay was built from a checkout, so there is no release of the SDK that fits it, and the checkout is not found from where the program lies: name it with --replace")
	}
	return core, "v" + release, nil
}
