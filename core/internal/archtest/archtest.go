// Package archtest keeps the import direction: which package may import which,
// and which package owns which third-party module. house.go is the rule; the
// reasons are in docs/adr/0002-import-direction.md.
//
// Everything is denied that is not written down: a package that belongs to no
// layer fails by existing, and so does a module that nobody owns.
package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Package is one package of ours, as the go command lists it.
type Package struct {
	Path    string   // import path
	Imports []string // of the package itself
	Tests   []string // of its tests, in the package and beside it
}

// Layer says what the packages of one pattern may import.
type Layer struct {
	Name string // what a reader calls it: "domain", "adapter"

	// Pattern selects the packages, by path below the module: "core/errs" one
	// package, "core/store/..." a tree, "plugins/*/..." one tree for each name.
	// Packages of one tree may import each other.
	Pattern string

	// May lists the patterns of our own packages it may import, and TestsMay
	// what its tests may import beyond those.
	May, TestsMay []string

	// Suites allows conformance suites (packages named <x>test) outside tests.
	Suites bool
}

// Module is a third-party module (or a family of them, by prefix) and the
// packages that may import it. Owners and Tests are patterns; tests of an
// owner may import it too.
type Module struct {
	Prefix string
	Owners []string
	Tests  []string
}

// Rules is the whole import rule of one Go module.
type Rules struct {
	Module  string // import path of the module
	Layers  []Layer
	Modules []Module
}

// Check returns one sentence for each violation, in the order of the packages.
func (r Rules) Check(packages []Package) []string {
	out := r.dangling()
	for _, p := range packages {
		path := r.own(p.Path)
		layer, complaint := r.layer(path)
		if complaint != "" {
			out = append(out, complaint)
			continue
		}
		for _, imp := range p.Imports {
			out = append(out, r.check(layer, path, imp, false)...)
		}
		for _, imp := range p.Tests {
			out = append(out, r.check(layer, path, imp, true)...)
		}
	}
	return out
}

// dangling finds permissions that lead to no layer: a misspelt one would
// otherwise go unnoticed.
func (r Rules) dangling() []string {
	var out []string
	for _, l := range r.Layers {
		for _, pattern := range slices.Concat(l.May, l.TestsMay) {
			if _, complaint := r.layer(strings.TrimSuffix(pattern, "/...")); complaint != "" {
				out = append(out, fmt.Sprintf("the rule of %s: %s", l.Pattern, complaint))
			}
		}
	}
	return out
}

// layer returns the one layer of a package, or why there is none.
func (r Rules) layer(path string) (_ Layer, complaint string) {
	var found []Layer
	for _, l := range r.Layers {
		if _, ok := match(l.Pattern, path); ok {
			found = append(found, l)
		}
	}
	switch len(found) {
	case 0:
		return Layer{}, path + " belongs to no layer: name it for what it provides and add it to the rule"
	case 1:
		return found[0], ""
	default:
		return Layer{}, fmt.Sprintf("%s belongs to two layers: %s and %s", path, found[0].Pattern, found[1].Pattern)
	}
}

// check judges one import.
func (r Rules) check(l Layer, path, imp string, test bool) []string {
	switch {
	case imp == r.Module || strings.HasPrefix(imp, r.Module+"/"):
		return r.checkOwn(l, path, r.own(imp), test)
	case standard(imp):
		return nil
	default:
		return r.checkModule(path, imp, test)
	}
}

func (r Rules) checkOwn(l Layer, path, imp string, test bool) []string {
	if suite(imp) && !test && !l.Suites && !suite(path) {
		return []string{fmt.Sprintf("%s must not import %s outside its tests: it is a conformance suite", path, imp)}
	}
	if sameTree(l.Pattern, path, imp) {
		return nil
	}
	may := l.May
	if test {
		may = slices.Concat(l.May, l.TestsMay)
	}
	if matchAny(may, imp) {
		return nil
	}
	return []string{fmt.Sprintf("%s (%s) must not import %s%s; it may import %s",
		path, l.Name, imp, inTests(test), inWords(may))}
}

func (r Rules) checkModule(path, imp string, test bool) []string {
	var owners []string
	for _, m := range r.Modules {
		if imp != m.Prefix && !strings.HasPrefix(imp, strings.TrimSuffix(m.Prefix, "/")+"/") {
			continue
		}
		if matchAny(m.Owners, path) || test && matchAny(m.Tests, path) {
			return nil
		}
		owners = append(owners, m.Owners...)
	}
	if owners == nil {
		return []string{fmt.Sprintf("%s imports %s%s, which has no owner outside tests: give it one in the rule or do without",
			path, imp, inTests(test))}
	}
	return []string{fmt.Sprintf("%s must not import %s%s: it belongs to %s",
		path, imp, inTests(test), strings.Join(owners, ", "))}
}

// own cuts the module's path off an import path.
func (r Rules) own(path string) string {
	if path == r.Module {
		return "."
	}
	return strings.TrimPrefix(path, r.Module+"/")
}

func inTests(test bool) string {
	if test {
		return " in its tests"
	}
	return ""
}

func inWords(patterns []string) string {
	switch {
	case len(patterns) == 0:
		return "nothing of ours"
	case len(patterns) > 12:
		return "what core/internal/archtest/house.go lists"
	default:
		return strings.Join(patterns, ", ")
	}
}
