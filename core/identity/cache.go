package identity

import (
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/lru"
)

// Bounds of the caches: how many answers are kept, and how long one may be
// used after another node changed what it says. Changes through this node are
// seen at once.
const (
	cacheSize = 4096
	cacheLife = time.Second
)

// cache remembers answers of the store for a moment. It is safe for concurrent use.
type cache[K comparable, V any] struct {
	now func() time.Time

	mu         sync.Mutex
	generation uint64
	kept       *lru.Map[K, kept[V]]
}

type kept[V any] struct {
	value V
	until time.Time
}

func newCache[K comparable, V any](now func() time.Time) *cache[K, V] {
	return &cache[K, V]{now: now, kept: lru.New[K, kept[V]](cacheSize)}
}

// get returns the kept answer, or asks load and keeps what it says, unless the
// cache was cleared meanwhile. Errors are not kept.
func (c *cache[K, V]) get(key K, load func() (V, error)) (V, error) {
	c.mu.Lock()
	k, ok := c.kept.Get(key)
	generation := c.generation
	c.mu.Unlock()
	if ok && c.now().Before(k.until) {
		return k.value, nil
	}
	value, err := load()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.kept.Put(key, kept[V]{value, c.now().Add(cacheLife)})
	}
	return value, nil
}

// clear forgets everything, answers under way included.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.kept.Clear()
}
