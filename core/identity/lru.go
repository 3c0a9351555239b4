package identity

import "container/list"

// lru is a map of bounded size that drops what was used least recently. It is
// not safe for concurrent use.
type lru[K comparable, V any] struct {
	limit int
	order *list.List // of entry[K, V], most recently used first
	index map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), index: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(key K) (V, bool) {
	element, ok := l.index[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(element)
	e, ok := element.Value.(entry[K, V])
	return e.value, ok
}

func (l *lru[K, V]) put(key K, value V) {
	if element, ok := l.index[key]; ok {
		element.Value = entry[K, V]{key, value}
		l.order.MoveToFront(element)
		return
	}
	if l.order.Len() >= l.limit {
		if e, ok := l.order.Back().Value.(entry[K, V]); ok {
			l.remove(e.key)
		}
	}
	l.index[key] = l.order.PushFront(entry[K, V]{key, value})
}

func (l *lru[K, V]) remove(key K) {
	if element, ok := l.index[key]; ok {
		l.order.Remove(element)
		delete(l.index, key)
	}
}

func (l *lru[K, V]) clear() {
	l.order.Init()
	clear(l.index)
}
