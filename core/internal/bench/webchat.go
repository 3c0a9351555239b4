package main

import "github.com/patchbay-im/patchbay/core/channel"

// webchatID is the live channel, whose messages never pass through a process.
const webchatID = channel.PluginID("patchbay/webchat")
