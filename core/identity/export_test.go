package identity

// Occupy takes a hash's turn until release is called.
func (h *Hasher) Occupy() (release func()) {
	h.places <- struct{}{}
	h.slots <- struct{}{}
	return func() {
		<-h.slots
		<-h.places
	}
}

// CacheLife is how long another node's change may be missed.
const CacheLife = cacheLife
