package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
)

// List asks the go command for every package of the module, under each of the
// build tags ("" is the build as it ships), with its imports.
func List(ctx context.Context, module string, tags ...string) ([]Package, error) {
	var out []Package
	for _, tag := range tags {
		listed, err := list(ctx, module, tag)
		if err != nil {
			return nil, err
		}
		for _, p := range listed {
			out = merge(out, p)
		}
	}
	return out, nil
}

func list(ctx context.Context, module, tag string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-tags", tag,
		"-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	var out []Package
	for dec := json.NewDecoder(bytes.NewReader(raw)); ; {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		out = append(out, Package{
			Path:    p.ImportPath,
			Imports: p.Imports,
			Tests:   slices.Concat(p.TestImports, p.XTestImports),
		})
	}
}

// merge adds what one more build of a package imports.
func merge(all []Package, p Package) []Package {
	i := slices.IndexFunc(all, func(have Package) bool { return have.Path == p.Path })
	if i < 0 {
		p.Imports, p.Tests = sorted(p.Imports), sorted(p.Tests)
		return append(all, p)
	}
	all[i].Imports = sorted(slices.Concat(all[i].Imports, p.Imports))
	all[i].Tests = sorted(slices.Concat(all[i].Tests, p.Tests))
	return all
}

func sorted(imports []string) []string {
	imports = slices.Sorted(slices.Values(imports))
	return slices.Compact(imports)
}
