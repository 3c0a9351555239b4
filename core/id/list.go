package id

import "slices"

// Once returns ids in their order, each once; nil for none.
func Once[T ~string](ids []T) []T {
	seen := make(map[T]bool, len(ids))
	var out []T
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// Sorted returns ids in order, each once; nil for none.
func Sorted[T ~string](ids []T) []T {
	if len(ids) == 0 {
		return nil
	}
	out := slices.Clone(ids)
	slices.Sort(out)
	return slices.Compact(out)
}

// Difference lists what is in after alone and what is in before alone.
func Difference[T ~string](before, after []T) (added, removed []T) {
	return without(after, before), without(before, after)
}

func without[T ~string](ids, others []T) []T {
	var out []T
	for _, id := range ids {
		if !slices.Contains(others, id) {
			out = append(out, id)
		}
	}
	return out
}

// OrEmpty is a list that JSON shows as one.
func OrEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
