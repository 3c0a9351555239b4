// Command write makes the folder of schemas that the chart is tested with:
//
//	go run ./core/internal/kubeschema/write SWAGGER.json OUT [CRD.yaml...]
package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/patchbay-im/patchbay/core/internal/kubeschema"
)

func main() {
	n, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemas: "+err.Error())
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "schemas: %d kinds\n", n)
}

func run(args []string) (int, error) {
	const least = 2
	if len(args) < least {
		return 0, errors.New("give Kubernetes' swagger.json, the folder to write to and, if any, files of custom resource definitions")
	}
	document, err := os.ReadFile(args[0])
	if err != nil {
		return 0, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	all, err := kubeschema.FromOpenAPI(document)
	if err != nil {
		return 0, err
	}
	for _, name := range args[least:] {
		definitions, err := os.ReadFile(name)
		if err != nil {
			return 0, fmt.Errorf("read the custom resource definitions: %w", err)
		}
		more, err := kubeschema.FromCRDs(bytes.NewReader(definitions), document)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		maps.Copy(all, more)
	}
	for name, schema := range all {
		if err := os.WriteFile(filepath.Join(args[1], name), schema, 0o644); err != nil {
			return 0, fmt.Errorf("write a schema: %w", err)
		}
	}
	return len(all), nil
}
