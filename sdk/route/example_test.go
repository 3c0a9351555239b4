package route_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/route"
)

func ExampleHTTP() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello %s from %s", r.PathValue("name"), route.InstanceOf(r).ID)
	})
	answer, err := route.HTTP(mux).Handle(context.Background(), route.Request{
		Instance: instance.Instance{ID: "pin_1"}, Method: http.MethodGet, Path: "/hello/alice",
	})
	fmt.Println(answer.Status, answer.Header.Get("Content-Type"), string(answer.Body), err)
	// Output:
	// 200 text/plain; charset=utf-8 hello alice from pin_1 <nil>
}
