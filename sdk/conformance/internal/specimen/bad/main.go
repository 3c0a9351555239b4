// Command bad is the specimen as a program. Its fault stands in its file's name,
// after the first dash: "bad-leaks" leaks, "bad" keeps the contract.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/conformance/internal/specimen"
)

func main() {
	_, fault, _ := strings.Cut(filepath.Base(os.Args[0]), "-")
	if fault == specimen.Noise {
		_, _ = fmt.Fprintln(os.Stdout, "Specimen 1.0.0 starting ...")
	}
	if fault == specimen.Lingers {
		specimen.Linger(specimen.Plugin(""))
		return
	}
	sdk.Serve(specimen.Plugin(fault))
}
