// Command program is the plugin of package allround, without a fault.
package main

import (
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/conformance/internal/allround"
)

func main() { sdk.Serve(allround.Plugin("")) }
