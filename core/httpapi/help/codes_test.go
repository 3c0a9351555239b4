package help_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/httpapi/help"
)

// source is a package's files.
type source map[string][]*ast.File

// tree parses everything in core that ships.
func tree(t *testing.T) source {
	t.Helper()
	out := source{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "internal" || strings.HasSuffix(d.Name(), "test")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		dir := filepath.Dir(path)
		out[dir] = append(out[dir], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// maker is a function that takes a code, and what it puts before it.
type maker struct {
	at     int // which argument
	prefix string
}

// makers finds the functions with a parameter code.
func makers(files []*ast.File) map[string]maker {
	out := map[string]maker{}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			note(out, fn.Name.Name, fn.Type, fn.Body)
		}
	}
	return out
}

// note keeps a function that has a parameter code. What the doctor finds has
// codes of its own, which are explained where they are read.
func note(out map[string]maker, name string, fn *ast.FuncType, body ast.Node) {
	if fn.Results != nil && len(fn.Results.List) > 0 && fmt.Sprint(fn.Results.List[0].Type) == "Finding" {
		return
	}
	at := 0
	for _, p := range fn.Params.List {
		for _, n := range p.Names {
			if n.Name == "code" {
				out[name] = maker{at, prefix(body)}
			}
			at++
		}
	}
}

// inside adds the functions that a declaration makes for itself:
// refuse := func(code string).
func inside(d ast.Decl, outer map[string]maker) map[string]maker {
	out := maps.Clone(outer)
	ast.Inspect(d, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			name, named := a.Lhs[0].(*ast.Ident)
			if fn, ok := a.Rhs[0].(*ast.FuncLit); ok && named {
				note(out, name.Name, fn.Type, fn.Body)
			}
		}
		return true
	})
	return out
}

// prefix is "import." where a function says "import."+code.
func prefix(fn ast.Node) string {
	out := ""
	if body, ok := fn.(*ast.BlockStmt); !ok || body == nil {
		return out
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		if sum, ok := n.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
			if y, ok := sum.Y.(*ast.Ident); ok && y.Name == "code" {
				if s := text(sum.X); strings.HasSuffix(s, ".") || strings.HasSuffix(s, "_") {
					out = s
				}
			}
		}
		return true
	})
	return out
}

func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// code matches a problem's code. Those of single fields have no dot.
var code = regexp.MustCompile(`^[a-z][a-z_]*\.[a-z][a-z_]*$`)

// codes lists every code of a problem that the tree can answer.
func codes(t *testing.T) []string {
	t.Helper()
	all := tree(t)
	everywhere := makers(all["../../errs"])
	found := map[string]bool{"not_found": true, "forbidden": true, "internal": true, "rate_limited": true}
	for _, state := range []extension.State{
		extension.Starting, extension.Ready, extension.Backoff, extension.Quarantined, extension.Stopped, extension.Failed,
	} { // pluginhost answers the state in which a plugin is
		found["plugin."+string(state)] = true
	}
	for _, files := range all {
		here := makers(files)
		for _, f := range files {
			for _, d := range f.Decls {
				local := inside(d, here)
				ast.Inspect(d, func(n ast.Node) bool {
					for _, c := range codesOf(n, local, everywhere) {
						found[c] = true
					}
					return true
				})
			}
		}
	}
	var out []string
	for c := range found {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// codesOf returns the codes that a piece of code makes: of a call, returned by a
// function that maps to them (transportCode), or told in an answer.
func codesOf(n ast.Node, here, everywhere map[string]maker) []string {
	switch x := n.(type) {
	case *ast.CallExpr:
		m, ok := maker{}, false
		switch f := x.Fun.(type) {
		case *ast.Ident:
			m, ok = here[f.Name]
		case *ast.SelectorExpr:
			if p, isName := f.X.(*ast.Ident); isName && p.Name == "errs" {
				m, ok = everywhere[f.Sel.Name]
			} else if m, ok = here[f.Sel.Name]; !ok {
				m, ok = everywhere[f.Sel.Name]
			}
		}
		if ok && m.at < len(x.Args) {
			if c := text(x.Args[m.at]); c != "" && code.MatchString(m.prefix+c) {
				return []string{m.prefix + c}
			}
		}
	case *ast.Field: // of an answer, which tells how something ended
		if x.Tag == nil || len(x.Names) != 1 || x.Names[0].Name != "Code" {
			return nil
		}
		tag, err := strconv.Unquote(x.Tag.Value)
		if err != nil {
			return nil
		}
		return slices.DeleteFunc(strings.Split(reflect.StructTag(tag).Get("enum"), ","), func(c string) bool { return !code.MatchString(c) })
	case *ast.ValueSpec: // a constant that is named as a code: some are kept with what they are about, and told by others
		var out []string
		for i, name := range x.Names {
			if strings.HasPrefix(name.Name, "Code") && i < len(x.Values) && slices.Contains(help.Codes(), text(x.Values[i])) {
				out = append(out, text(x.Values[i]))
			}
		}
		return out
	case *ast.AssignStmt: // one that is chosen first
		if to, ok := x.Lhs[0].(*ast.Ident); ok && to.Name == "code" && len(x.Rhs) == 1 && slices.Contains(help.Codes(), text(x.Rhs[0])) {
			return []string{text(x.Rhs[0])}
		}
	case *ast.FuncDecl:
		if !strings.HasSuffix(x.Name.Name, "Code") || x.Body == nil {
			return nil
		}
		var out []string
		ast.Inspect(x, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
				if c := text(r.Results[0]); code.MatchString(c) {
					out = append(out, c)
				}
			}
			return true
		})
		return out
	}
	return nil
}

// notProblems look like codes and are none.
func notProblems() []string {
	return []string{"attribute.unknown", "attribute.value", "conversation.read", "conversation.reply", "variable.unknown"}
}

// TestEveryCodeHasItsPage fails for a code without a page, and for a page
// without a code.
func TestEveryCodeHasItsPage(t *testing.T) {
	made := codes(t)
	if len(made) < 250 {
		t.Fatalf("only %d codes were found", len(made))
	}
	pages := help.Codes()
	for _, c := range made {
		if !slices.Contains(pages, c) && !slices.Contains(notProblems(), c) && !strings.HasPrefix(c, "workbench.") { // those are shown where they arise
			t.Errorf("%s has no page: describe it in core/httpapi/help/errors.txt", c)
		}
	}
	for _, c := range pages {
		if !slices.Contains(made, c) {
			t.Errorf("%s has a page, and nothing answers it", c)
		}
	}
}
