package searchtest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
)

func TestFake(t *testing.T) {
	searchtest.Run(t, func(*testing.T) search.Index { return searchtest.NewFake() })
}
