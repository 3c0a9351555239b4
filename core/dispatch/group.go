package dispatch

import (
	"slices"
	"strings"
)

// separator is no part of a group's id.
const separator = " "

// ProfileOf names the abilities of somebody who belongs to groups (teams):
// they may serve what asks for any of them, and what asks for none. Equal sets
// have equal profiles.
func ProfileOf(groups ...string) Profile {
	groups = slices.Clone(groups)
	slices.Sort(groups)
	return Profile(strings.Join(slices.Compact(groups), separator))
}

// ByGroup is the Matcher of profiles made by ProfileOf: an item of class "" is
// for anybody, any other for the members of the group that its class names.
type ByGroup struct{}

// May implements Matcher.
func (ByGroup) May(p Profile, c Class) bool {
	if c == "" {
		return true
	}
	for group := range strings.SplitSeq(string(p), separator) {
		if group == string(c) {
			return true
		}
	}
	return false
}
