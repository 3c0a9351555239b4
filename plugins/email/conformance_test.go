package main

import (
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/conformance"
	"github.com/patchbay-im/patchbay/sdk/conformance/conformancetest"
)

// TestConformance runs the conformance kit in this process; make conformance
// runs it on the program, too.
func TestConformance(t *testing.T) {
	one := sdk.Plugin{Manifest: manifest, Channel: open}
	conformancetest.Run(t, conformance.Target{Folder: ".", Plugin: &one})
}
