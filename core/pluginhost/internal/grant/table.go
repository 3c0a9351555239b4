// Package grant decides what a plugin may ask of the host. Which permission a
// method needs is written in the protocol, which permissions a plugin asks for
// in its manifest; whatever is not allowed by both is refused.
package grant

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Table says which scope each method of the host needs, by its gRPC name.
type Table map[string]string

// Services returns the services the host serves to plugins.
func Services() []protoreflect.ServiceDescriptor {
	return pluginv1.HostServices()
}

// TableOf reads the scopes out of the descriptors. A method without one, or
// one whose request names no instance, is a mistake that must not start: its
// error says which.
func TableOf(services ...protoreflect.ServiceDescriptor) (Table, error) {
	out := make(Table)
	for _, service := range services {
		for i := range service.Methods().Len() {
			method := service.Methods().Get(i)
			name := fmt.Sprintf("/%s/%s", service.FullName(), method.Name())
			scope := pluginv1.OptionsOf(method).Scope
			if scope == "" {
				return nil, fmt.Errorf("the host method %s declares no scope", name)
			}
			if !namesInstance(method.Input()) {
				return nil, fmt.Errorf("the request of the host method %s names no instance", name)
			}
			out[name] = scope
		}
	}
	return out, nil
}

// instanceField is how a request, or each of its items, names its instance.
const (
	instanceField = "instance_id"
	itemsField    = "items"
)

func namesInstance(request protoreflect.MessageDescriptor) bool {
	if f := request.Fields().ByName(instanceField); f != nil {
		return f.Kind() == protoreflect.StringKind && !f.IsList()
	}
	items := request.Fields().ByName(itemsField)
	return items != nil && items.IsList() && items.Kind() == protoreflect.MessageKind && namesInstance(items.Message())
}
