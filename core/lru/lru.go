// Package lru is a map of bounded size that drops what was used least recently.
package lru

import "container/list"

// Map is such a map. It is not safe for concurrent use.
type Map[K comparable, V any] struct {
	limit int
	order *list.List // of entry[K, V], most recently used first
	index map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns a Map of at most limit entries.
func New[K comparable, V any](limit int) *Map[K, V] {
	return &Map[K, V]{limit: limit, order: list.New(), index: map[K]*list.Element{}}
}

// Get returns the value of a key, which counts as a use.
func (l *Map[K, V]) Get(key K) (V, bool) {
	element, ok := l.index[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(element)
	e, ok := element.Value.(entry[K, V])
	return e.value, ok
}

// Put sets the value of a key; when there are too many, the least recently
// used one goes.
func (l *Map[K, V]) Put(key K, value V) {
	if element, ok := l.index[key]; ok {
		element.Value = entry[K, V]{key, value}
		l.order.MoveToFront(element)
		return
	}
	if l.order.Len() >= l.limit {
		if e, ok := l.order.Back().Value.(entry[K, V]); ok {
			l.Remove(e.key)
		}
	}
	l.index[key] = l.order.PushFront(entry[K, V]{key, value})
}

// Remove forgets a key.
func (l *Map[K, V]) Remove(key K) {
	if element, ok := l.index[key]; ok {
		l.order.Remove(element)
		delete(l.index, key)
	}
}

// Len returns how many entries there are.
func (l *Map[K, V]) Len() int { return l.order.Len() }

// Clear forgets everything.
func (l *Map[K, V]) Clear() {
	l.order.Init()
	clear(l.index)
}
