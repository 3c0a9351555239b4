package loopback_test

import (
	"net"
	"slices"
	"strconv"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/plugintest/loopback"
)

func TestFree(t *testing.T) {
	all, err := loopback.Free(t.Context(), 50)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 50 {
		t.Errorf("%d addresses, some twice", len(all))
	}
	for _, at := range all {
		_, port, err := net.SplitHostPort(at)
		if n, _ := strconv.Atoi(port); err != nil || n < 10_000 || n >= 32_768 {
			t.Errorf("%s is outside the range: %v", at, err)
		}
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
