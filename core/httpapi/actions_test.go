package httpapi_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// house is the source of every package of the core, tests left out.
type house struct {
	t        *testing.T
	packages map[string]*sourcePackage // by folder
}

// sourcePackage is what names mean in a package.
type sourcePackage struct {
	files  []*ast.File
	consts map[string]string
}

func readHouse(t *testing.T) house {
	t.Helper()
	h := house{t, make(map[string]*sourcePackage)}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p := h.packages[filepath.Dir(path)]
		if p == nil {
			p = &sourcePackage{consts: make(map[string]string)}
			h.packages[filepath.Dir(path)] = p
		}
		p.files = append(p.files, file)
		ast.Inspect(file, p.learn)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// learn keeps the constants that are texts.
func (p *sourcePackage) learn(n ast.Node) bool {
	if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
		for i, name := range spec.Names {
			if text, ok := literal(spec.Values[i]); ok {
				p.consts[name.Name] = text
			}
		}
	}
	return true
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// functions calls fn with each function of the package.
func (p *sourcePackage) functions(fn func(*ast.FuncDecl)) {
	for _, file := range p.files {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				fn(f)
			}
		}
	}
}

// actions is every action that the source can write into the audit log: what
// is handed to identity.Record, or stands as Action of an event.Record. Names
// are followed through constants, variables and parameters.
func (h house) actions() []string {
	h.t.Helper()
	var out []string
	for folder, p := range h.packages {
		p.functions(func(f *ast.FuncDecl) {
			if f.Name.Name == "Record" && strings.HasSuffix(folder, "identity") { // every caller is looked at
				return
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if e := actionIn(n, f); e != nil {
					found := p.texts(e, f, 0)
					if len(found) == 0 {
						h.t.Errorf("%s: what does %s write into the audit log? Name the action by a constant or a text", folder, f.Name.Name)
					}
					out = append(out, found...)
				}
				return true
			})
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// actionIn returns the action that a piece of source gives a record.
func actionIn(n ast.Node, in *ast.FuncDecl) ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			if x, ok := f.X.(*ast.Ident); ok {
				name = x.Name + "." + f.Sel.Name
			}
		}
		if (name == "Record" || name == "identity.Record") && len(n.Args) == 4 {
			return n.Args[2]
		}
	case *ast.CompositeLit:
		if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Record" {
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Action" {
					return kv.Value
				}
			}
		}
	case *ast.AssignStmt:
		if s, ok := n.Lhs[0].(*ast.SelectorExpr); ok && s.Sel.Name == "Action" && len(n.Rhs) == 1 && takesRecord(in) {
			return n.Rhs[0]
		}
	}
	return nil
}

// takesRecord reports whether a function completes a record that it is given.
func takesRecord(f *ast.FuncDecl) bool {
	return slices.ContainsFunc(f.Type.Params.List, func(field *ast.Field) bool {
		star, ok := field.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		s, ok := star.X.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "Record"
	})
}

// deep bounds how far a name is followed.
const deep = 5

// texts returns what an expression in a function can be.
func (p *sourcePackage) texts(e ast.Expr, in *ast.FuncDecl, depth int) []string {
	if depth > deep {
		return nil
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, ok := literal(e); ok {
			return []string{text}
		}
	case *ast.Ident:
		if text, ok := p.consts[e.Name]; ok {
			return []string{text}
		}
		return append(p.assigned(e.Name, in, depth), p.given([]string{e.Name}, in, depth, func(args []string) string { return args[0] })...)
	case *ast.BinaryExpr: // kind + "." + verb: what one call gives together
		return p.joined(e, in, depth)
	}
	return nil
}

// assigned returns what a variable of a function is set to.
func (p *sourcePackage) assigned(name string, in *ast.FuncDecl, depth int) []string {
	var out []string
	ast.Inspect(in.Body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			return true
		}
		for i, l := range a.Lhs {
			if x, ok := l.(*ast.Ident); ok && x.Name == name {
				out = append(out, p.texts(a.Rhs[i], in, depth+1)...)
			}
		}
		return true
	})
	return out
}

// joined returns what a sum of texts and parameters can be.
func (p *sourcePackage) joined(e *ast.BinaryExpr, in *ast.FuncDecl, depth int) []string {
	var parts []ast.Expr
	var split func(ast.Expr)
	split = func(x ast.Expr) {
		if b, ok := x.(*ast.BinaryExpr); ok && b.Op == token.ADD {
			split(b.X)
			split(b.Y)
			return
		}
		parts = append(parts, x)
	}
	split(e)
	var names []string
	for _, part := range parts {
		if id, ok := part.(*ast.Ident); ok && p.consts[id.Name] == "" {
			names = append(names, id.Name)
		}
	}
	return p.given(names, in, depth, func(args []string) string {
		var b strings.Builder
		for _, part := range parts {
			text, ok := literal(part)
			if id, named := part.(*ast.Ident); named {
				text, ok = p.consts[id.Name], p.consts[id.Name] != ""
			}
			if !ok {
				text, args = args[0], args[1:]
			}
			b.WriteString(text)
		}
		return b.String()
	})
}

// given returns what callers in the package hand to parameters of a function,
// made into one text for each call.
func (p *sourcePackage) given(names []string, in *ast.FuncDecl, depth int, made func(args []string) string) []string {
	var params []string
	for _, field := range in.Type.Params.List {
		for _, n := range field.Names {
			params = append(params, n.Name)
		}
	}
	at := make([]int, len(names))
	for i, n := range names {
		if at[i] = slices.Index(params, n); at[i] < 0 {
			return nil
		}
	}
	var out []string
	p.functions(func(f *ast.FuncDecl) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != len(params) || called(call) != in.Name.Name {
				return true
			}
			combinations := [][]string{nil}
			for _, i := range at {
				var next [][]string
				for _, text := range p.texts(call.Args[i], f, depth+1) {
					for _, c := range combinations {
						next = append(next, append(slices.Clone(c), text))
					}
				}
				combinations = next
			}
			for _, c := range combinations {
				out = append(out, made(c))
			}
			return true
		})
	})
	return out
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// sentences are the console's words for what the audit log holds.
type sentences struct {
	Kinds   map[string]string `json:"kinds"`
	Actions map[string]string `json:"actions"`
}

// TestEveryActionHasASentence compares the actions that the source can write
// with what the console says of them, in both languages.
func TestEveryActionHasASentence(t *testing.T) {
	actions := readHouse(t).actions()
	if len(actions) < 70 {
		t.Fatalf("only %d actions were found: %s", len(actions), actions)
	}
	for _, locale := range []string{"en", "zh-CN"} {
		var console struct {
			Audit sentences `json:"audit"`
		}
		text, err := os.ReadFile("../../web/console/src/locales/audit." + locale + ".json")
		if err == nil {
			err = json.Unmarshal(text, &console)
		}
		if err != nil {
			t.Fatal(err)
		}
		said, kinds := console.Audit.Actions, console.Audit.Kinds
		known := make(map[string]bool)
		for _, action := range actions {
			noun, _, _ := strings.Cut(action, ".")
			key := strings.Replace(action, ".", "_", 1)
			known[key], known[noun] = true, true
			if said[key] == "" {
				t.Errorf("%s: the console has no sentence for %s", locale, action)
			}
			if kinds[noun] == "" {
				t.Errorf("%s: the console cannot choose what is about %s (%s)", locale, noun, action)
			}
		}
		for key := range said {
			if !known[key] {
				t.Errorf("%s: nothing writes %s any more", locale, key)
			}
		}
		for noun := range kinds {
			if !known[noun] {
				t.Errorf("%s: nothing is about %s any more", locale, noun)
			}
		}
	}
}
