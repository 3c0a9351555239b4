package dispatch

import (
	"cmp"
	"fmt"
)

// Channel is the kind of work that an item is, for capacities and policies: a
// member may be given so many items of each at once.
type Channel uint8

// The channels.
const (
	Chat    Channel = iota // somebody waits in front of a window
	Message                // a messenger: answered within minutes or hours
	Mail
	Ticket
	Voice
)

// Channels is how many channels there are.
const Channels = 5

func channelNames() [Channels]string {
	return [Channels]string{"chat", "message", "mail", "ticket", "voice"}
}

// String returns the channel's name.
func (c Channel) String() string {
	if int(c) >= Channels {
		return fmt.Sprintf("channel %d", uint8(c))
	}
	return channelNames()[c]
}

// ParseChannel returns the channel of a name that String gives.
func ParseChannel(name string) (Channel, bool) {
	for c, n := range channelNames() {
		if n == name {
			return Channel(c), true
		}
	}
	return 0, false
}

// PerChannel is a number of items for each channel.
type PerChannel [Channels]int

// Over returns p with what others say of the channels of which p says nothing.
func (p PerChannel) Over(others PerChannel) PerChannel {
	for c, n := range p {
		p[c] = cmp.Or(n, others[c])
	}
	return p
}

// Never in a limit says that an agent is given none of a channel.
const Never = -1
