//go:build !linux

package cgroup

import "errors"

// Tree is the part of the control groups that is ours: none here.
type Tree struct{}

// Group is the group of one process: none here.
type Group struct{}

// Open says that there are none.
func Open(string) (*Tree, error) { return nil, errors.New("this system has no control groups") }

// Has reports false.
func (*Tree) Has(string) bool { return false }

// Group makes none.
func (*Tree) Group(string, int64, float64, int) (*Group, error) {
	return nil, errors.New("this system has no control groups")
}

// FD returns no descriptor.
func (*Group) FD() int { return -1 }

// OOMKills returns 0.
func (*Group) OOMKills() int { return 0 }

// Remove does nothing.
func (*Group) Remove() {}
