package manifest_test

import (
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Every fault is told with its line, as compilers do.
func ExampleParse() {
	_, err := manifest.Parse("plugin.yaml", []byte(`manifest_version: 1
id: acme/bot
version: 1.0
name: {en: Bot}
summary: {en: Answers.}
publisher: {name: Acme}
license: Apache-2.0
core: ">=0.1.0"
protocol: [1]
kinds: [bot, tool]
`))
	fmt.Println(err)
	// Output:
	// plugin.yaml: tools: is missing: say which tools there are
	// plugin.yaml:3: version: must be a semantic version without build metadata, for example 1.4.2
	// plugin.yaml:8: core: has no upper bound: nobody can promise to work with every core to come, so write for example ">=0.1.0 <1.0.0"
}
