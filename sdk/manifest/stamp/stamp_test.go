package stamp_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
)

func TestRead(t *testing.T) {
	s, err := stamp.Read([]byte("id: a/b\nname: {en: x}\nversion: 1.2.3\n"))
	if err != nil || s != (stamp.Stamp{ID: "a/b", Version: "1.2.3"}) {
		t.Errorf("got %+v %v", s, err)
	}
	for _, bad := range []string{"", "id: a/b", "version: 1.2.3", "\t", "[]"} {
		if _, err := stamp.Read([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
