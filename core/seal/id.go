package seal

// ID tells master keys apart, and nothing of the key.
func (b *Box) ID() string { return b.id }
