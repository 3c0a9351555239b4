// Command program is the parcel as a process.
package main

import (
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest/internal/parcel"
)

func main() { sdk.Serve(parcel.Plugin()) }
