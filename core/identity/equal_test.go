package identity_test

import (
	"fmt"
	"testing"
)

// equal checks that two things print the same.
func equal[T any](tb testing.TB, got, want T) {
	tb.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		tb.Fatalf("got  %s\nwant %s", g, w)
	}
}
