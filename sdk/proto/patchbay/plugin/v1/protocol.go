// Package pluginv1 is the wire between the core and its plugins: generated from
// the .proto files beside it, plus the handful of constants that both sides
// must agree on. Authors of Go plugins never import it; it is what a plugin in
// another language is generated from.
package pluginv1

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The handshake. The cookie is a courtesy that keeps people from running a
// plugin by hand; it protects nothing.
const (
	Version     = 1 // major of the protocol; a manifest lists those it speaks
	CookieKey   = "PATCHBAY_PLUGIN"
	CookieValue = "patchbay.plugin"
)

// Limits of the wire, the same in both directions.
const (
	MaxBatch   = 32      // items of one request on a stream
	MaxCredits = 4096    // items in flight on a stream
	MaxMessage = 4 << 20 // bytes of one gRPC message
)

// The abilities of InitResponse.
const (
	AbilityChannel = "channel"
	AbilityLive    = "live"
)

// Method is what the options of a method say.
type Method struct {
	Scope      string        // "" on methods that plugins serve
	Idempotent bool          // may be repeated
	Budget     time.Duration // 0 on streams
}

// MethodOf returns the options of a method by its gRPC name, for example
// "/patchbay.plugin.v1.PluginService/Init"; false for methods of other protocols.
func MethodOf(fullMethod string) (Method, bool) {
	name := strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", ".")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return Method{}, false
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok || method.ParentFile().Package() != File_patchbay_plugin_v1_options_proto.Package() {
		return Method{}, false
	}
	return OptionsOf(method), true
}

// OptionsOf returns the options of a method by its descriptor.
func OptionsOf(method protoreflect.MethodDescriptor) Method {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if !ok {
		return Method{}
	}
	var m Method
	if scope, ok := proto.GetExtension(options, E_Scope).(string); ok {
		m.Scope = scope
	}
	if idempotent, ok := proto.GetExtension(options, E_Idempotent).(bool); ok {
		m.Idempotent = idempotent
	}
	if ms, ok := proto.GetExtension(options, E_BudgetMs).(uint32); ok {
		m.Budget = time.Duration(ms) * time.Millisecond
	}
	return m
}
