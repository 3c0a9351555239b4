package lru_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/lru"
)

func TestTheLeastRecentlyUsedGoes(t *testing.T) {
	m := lru.New[string, int](2)
	m.Put("a", 1)
	m.Put("b", 2)
	m.Put("a", 3)
	m.Put("c", 4) // b goes: a was put again
	if _, ok := m.Get("b"); ok || m.Len() != 2 {
		t.Errorf("b is there: %t, of %d", ok, m.Len())
	}
	if v, ok := m.Get("a"); v != 3 || !ok {
		t.Errorf("a is %d, %t", v, ok)
	}
	m.Put("d", 5) // c goes: a was asked for
	if _, ok := m.Get("c"); ok {
		t.Error("c is there")
	}
	m.Remove("a")
	m.Remove("a")
	if m.Len() != 1 {
		t.Errorf("%d are left", m.Len())
	}
	m.Clear()
	if _, ok := m.Get("d"); ok || m.Len() != 0 {
		t.Error("something is left")
	}
}
