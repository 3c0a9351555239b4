package pluginv1

// Attach is where a process serves that a core did not start, as it stands in
// the file between the two.
type Attach struct {
	PID     int    `json:"pid"`
	Network string `json:"network"`
	Address string `json:"address"`
}
