package instance_test

import (
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// The configuration of an instance is an object that the manifest's
// config_schema accepts.
func ExampleInstance_Decode() {
	in := instance.Instance{ID: "inb_1", Config: []byte(`{"token":"secret","timeout_s":5,"removed_long_ago":true}`)}
	config := struct {
		Token    string `json:"token"`
		TimeoutS int    `json:"timeout_s"`
		Region   string `json:"region"`
	}{Region: "eu"} // defaults are the plugin's own
	if err := in.Decode(&config); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", config)
	// Output:
	// {Token:secret TimeoutS:5 Region:eu}
}
