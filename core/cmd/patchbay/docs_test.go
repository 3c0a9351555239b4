package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../../.."

// page is a document for readers.
type page struct {
	name string // from the root of the repository
	text string
}

// pages are all that are committed but records of decisions, which tell of
// their time, and the changelog.
func pages(t *testing.T) []page {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")
	cmd.Dir = repository
	list, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out []page
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "docs/adr/") || strings.Contains(name, "/testdata/") || name == "CHANGELOG.md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(repository, name))
		if os.IsNotExist(err) { // removed, and not committed yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page{name, string(text)})
	}
	return out
}

// chinese is the name of a page in the other language; ok says whether the page
// is the English one of a pair.
func (p page) chinese() (string, bool) {
	if strings.HasSuffix(p.name, ".zh-CN.md") {
		return "", false
	}
	return strings.TrimSuffix(p.name, ".md") + ".zh-CN.md", true
}

// block is what stands between two fences.
type block struct{ language, code string }

func (p page) blocks() []block {
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$").FindAllStringSubmatch(p.text, -1) {
		out = append(out, block{m[1], m[2]})
	}
	return out
}

// shell are the lines of commands, without comments and with continued lines in one.
func (b block) shell() []string {
	if b.language != "" && b.language != "sh" {
		return nil
	}
	var out []string
	for line := range strings.Lines(strings.ReplaceAll(b.code, "\\\n", " ")) {
		line, _, _ = strings.Cut(line, " # ")
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, strings.Join(strings.Fields(line), " "))
		}
	}
	return out
}

// spans are pieces of code in sentences.
func (p page) spans() []string {
	text := regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(p.text, "")
	var out []string
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// What a page tells to type must exist: the command, its flags, as many
// arguments as it takes.
func TestCommandsInDocuments(t *testing.T) {
	ours := regexp.MustCompile(`(?:^|[ ;&|(])(?:\./|bin/)?patchbay ((?:[a-z-]|"[^"]*").*)`)
	seen := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			for _, line := range b.shell() {
				if m := ours.FindStringSubmatch(line); m != nil && !strings.HasPrefix(line, "helm ") && !strings.HasPrefix(line, "docker run") {
					seen++
					checkCommand(t, p.name, m[1], true)
				}
			}
		}
		for _, span := range p.spans() {
			if m := ours.FindStringSubmatch(span); m != nil && !strings.HasPrefix(span, "helm ") {
				seen++
				checkCommand(t, p.name, m[1], false)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d commands were found", seen)
	}
}

func checkCommand(t *testing.T, where, line string, whole bool) {
	t.Helper()
	line, _, _ = strings.Cut(strings.NewReplacer("[", "", "]", "").Replace(line), " | ")
	line = regexp.MustCompile(` \d?>.*`).ReplaceAllString(line, "")
	cmd, rest, err := root().Find(strings.Fields(line))
	if err != nil {
		t.Errorf("%s: `patchbay %s`: %v", where, line, err)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: `patchbay %s`: %v", where, line, err)
		return
	}
	if args := cmd.Flags().Args(); whole || len(args) > 0 {
		if !cmd.Runnable() {
			t.Errorf("%s: `patchbay %s`: this does nothing by itself", where, line)
		}
		if err := cmd.ValidateArgs(args); err != nil {
			t.Errorf("%s: `patchbay %s`: %v", where, line, err)
		}
	}
}

// So must what is said of make: the target, and the variables given to it.
func TestTargetsInDocuments(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(string(file), -1) {
		targets[m[1]] = true
	}
	check := func(where, line string) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "make" {
			return
		}
		for _, word := range words[1:] {
			name, _, variable := strings.Cut(word, "=")
			if variable && !strings.Contains(string(file), "$("+name) || !variable && !targets[word] {
				t.Errorf("%s: `%s`: the Makefile knows no %s", where, line, name)
			}
		}
	}
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			for _, line := range b.shell() {
				check(p.name, line)
			}
		}
		for _, span := range p.spans() {
			check(p.name, span)
		}
	}
}

// Variables are settings, or something in the source reads them.
func TestVariablesInDocuments(t *testing.T) {
	names := regexp.MustCompile(`PATCHBAY_[A-Z_]*[A-Z]`)
	read := func(args ...string) []string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"grep", "--untracked", "-hoE", names.String(), "--"}, args...)...)
		cmd.Dir = repository
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	known := read("*.go", "*.sh", "*.js", "*.mjs", "*.ts", "Makefile", "docs/operate/configuration.md")
	for _, p := range pages(t) {
		for _, name := range names.FindAllString(p.text, -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s: nothing reads %s", p.name, name)
			}
		}
	}
}

// Routes are those of the OpenAPI document.
func TestRoutesInDocuments(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository, "web/client/openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	var known []string
	for path, methods := range document.Paths {
		for method := range methods {
			known = append(known, strings.ToUpper(method)+" "+path)
		}
	}
	seen := 0
	said := regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) (/api/v1/[^\s"?` + "`" + `),;，。；：、）]*)`)
	for _, p := range pages(t) {
		for _, m := range said.FindAllStringSubmatch(p.text, -1) {
			path := strings.TrimRight(m[2], ".:")
			if strings.Contains(path, "...") || strings.Contains(path, "…") {
				continue
			}
			seen++
			if !slices.ContainsFunc(known, func(k string) bool { return sameRoute(k, m[1]+" "+path) }) {
				t.Errorf("%s: no route is %s %s", p.name, m[1], path)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d routes were found", seen)
	}
}

// sameRoute compares piece by piece; a parameter is any piece.
func sameRoute(known, said string) bool {
	a, b := strings.Split(known, "/"), strings.Split(said, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// The two languages of a page tell to type the same.
func TestBothLanguagesTellTheSameCommands(t *testing.T) {
	all := pages(t)
	pairs := 0
	for _, p := range all {
		name, ok := p.chinese()
		i := slices.IndexFunc(all, func(o page) bool { return o.name == name })
		if !ok || i < 0 {
			continue
		}
		pairs++
		var commands [2][]string
		for n, q := range []page{p, all[i]} {
			for _, b := range q.blocks() {
				commands[n] = append(commands[n], b.shell()...)
			}
		}
		if !slices.Equal(commands[0], commands[1]) {
			t.Errorf("%s and its Chinese page tell to type\n%s\nand\n%s", p.name, strings.Join(commands[0], "\n"), strings.Join(commands[1], "\n"))
		}
	}
	if pairs < 20 {
		t.Errorf("only %d pages have both languages", pairs)
	}
}
