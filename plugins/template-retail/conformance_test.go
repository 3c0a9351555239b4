package retail_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/sdk/conformance"
	"github.com/patchbay-im/patchbay/sdk/conformance/conformancetest"
)

// TestConformance runs the conformance kit on the files; make conformance runs it
// on the bundle, too.
func TestConformance(t *testing.T) { conformancetest.Run(t, conformance.Target{Folder: "."}) }
