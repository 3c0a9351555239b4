package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// elsewhere are the suites of ports that a database does not keep alone, with
// the test that runs them.
func elsewhere() map[string]string {
	return map[string]string{
		"mediatest.RunFiles":     "../blob/blob_test.go",  // files
		"searchtest.Run":         "search/search_test.go", // the index, on both systems
		"searchtest.RunUseCases": "search_test.go",        // the same with its source
	}
}

// parsed reads Go files.
func parsed(t *testing.T, names ...string) []*ast.File {
	t.Helper()
	out := make([]*ast.File, len(names))
	for i, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = f
	}
	return out
}

// calls lists what a piece of code calls: Run, or surveytest.Run.
func calls(n ast.Node) []string {
	var out []string
	ast.Inspect(n, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch f := call.Fun.(type) {
		case *ast.Ident:
			out = append(out, f.Name)
		case *ast.SelectorExpr:
			if x, ok := f.X.(*ast.Ident); ok {
				out = append(out, x.Name+"."+f.Sel.Name)
			}
		}
		return true
	})
	return out
}

// body returns what a function of this package's tests calls.
func body(t *testing.T, file, name string) []string {
	t.Helper()
	for _, d := range parsed(t, file)[0].Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			return calls(f)
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return nil
}

// suitesOf lists the suites that a package offers: its functions Run...(t *testing.T, ...).
func suitesOf(t *testing.T, dir string) (suites, fakes []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range parsed(t, names...) {
		if strings.HasSuffix(names[i], "_test.go") {
			for _, c := range calls(f) {
				fakes = append(fakes, c[strings.LastIndexByte(c, '.')+1:])
			}
			continue
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Run") && len(fn.Type.Params.List) > 1 {
				suites = append(suites, fn.Name.Name)
			}
		}
	}
	return suites, fakes
}

// TestEverySuiteRuns finds every suite of a port: it must run on the fake in
// its own package, and here on SQLite and PostgreSQL.
func TestEverySuiteRuns(t *testing.T) {
	ours := body(t, "suites_test.go", "suites")
	for _, test := range []string{"TestSQLite", "TestPostgres"} {
		if !slices.Contains(body(t, "suites_test.go", test), "suites") {
			t.Errorf("%s does not run the suites", test)
		}
	}
	dirs, err := filepath.Glob("../*/*test")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		suites, fakes := suitesOf(t, dir)
		for _, suite := range suites {
			found++
			name := filepath.Base(dir) + "." + suite
			if !slices.Contains(fakes, suite) {
				t.Errorf("%s does not run on a fake in its own package", name)
			}
			if slices.Contains(ours, name) {
				continue
			}
			file, ok := elsewhere()[name]
			if !ok {
				t.Errorf("%s does not run on SQLite and PostgreSQL: call it in suites", name)
				continue
			}
			if !slices.Contains(calls(parsed(t, file)[0]), name) {
				t.Errorf("%s does not run in %s", name, file)
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d suites were found", found)
	}
}
