// Package pluginv1 is the wire between the core and its plugins: generated from
// the .proto files beside it, plus the handful of constants that both sides
// must agree on. Authors of Go plugins never import it; it is what a plugin in
// another language is generated from.
package pluginv1

import (
	"os"
	"slices"
	"strconv"
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

// HostKey is the variable that says which process the host is. A plugin whose
// parent is another one was left alone before it could notice, and ends. Absent:
// the host does not say.
const HostKey = "PATCHBAY_HOST_PID"

// HostIs returns the variable for a host that is this process.
func HostIs() string { return HostKey + "=" + strconv.Itoa(os.Getpid()) }

// Limits of the wire, the same in both directions.
const (
	MaxBatch   = 32      // items of one request on a stream
	MaxCredits = 4096    // items in flight on a stream
	MaxMessage = 4 << 20 // bytes of one gRPC message
)

// The abilities of InitResponse.
const (
	AbilityChannel   = "channel"
	AbilityLive      = "live"
	AbilityBot       = "bot"
	AbilityConnector = "connector"
	AbilityTemplate  = "template"
	AbilityTool      = "tool"
	AbilityHook      = "hook"
	AbilityAnalyzer  = "analyzer"
	AbilityPanel     = "panel"
	AbilityRoute     = "route"
)

// HostServices returns the services that the host serves to plugins: those of
// the package whose name begins with Host, sorted by name.
func HostServices() []protoreflect.ServiceDescriptor {
	return slices.DeleteFunc(Services(), func(s protoreflect.ServiceDescriptor) bool {
		return !strings.HasPrefix(string(s.Name()), "Host")
	})
}

// Services returns all services of the protocol, sorted by name.
func Services() []protoreflect.ServiceDescriptor {
	var out []protoreflect.ServiceDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage(File_patchbay_plugin_v1_options_proto.Package(), func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			out = append(out, file.Services().Get(i))
		}
		return true
	})
	slices.SortFunc(out, func(a, b protoreflect.ServiceDescriptor) int {
		return strings.Compare(string(a.Name()), string(b.Name()))
	})
	return out
}

// DataScopes returns the scopes that no method of the host needs: they decide
// what the host tells and asks a plugin by itself, and which fields it leaves
// out.
func DataScopes() []string {
	return []string{"contacts:read.pii", "events:subscribe", "hooks:intercept", "members:read", "members:read.pii"}
}

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

// InstanceOf returns the instance that a request to the host names, and whether
// it has a field for it: where the items of a request name theirs, it has none.
func InstanceOf(request any) (id string, named bool) {
	message, ok := request.(proto.Message)
	if !ok {
		return "", false
	}
	m := message.ProtoReflect()
	field := m.Descriptor().Fields().ByName("instance_id")
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return "", false
	}
	return m.Get(field).String(), true
}

// Named reports whether an item has the ids that its kind needs.
func (x *Inbound) Named() bool {
	id, about := x.GetExternalId() != "", x.GetTarget() != "" || x.GetDeliveryId() != ""
	switch x.GetKind() {
	case InboundKind_INBOUND_KIND_STATUS, InboundKind_INBOUND_KIND_EDIT, InboundKind_INBOUND_KIND_RECALL:
		return id && about
	case InboundKind_INBOUND_KIND_TYPING:
		return x.GetSender().GetExternalId() != ""
	case InboundKind_INBOUND_KIND_UNSPECIFIED, InboundKind_INBOUND_KIND_EVENT:
		return id && (x.GetSender().GetExternalId() != "" || x.GetEcho() && x.GetRecipientExternalId() != "")
	default:
		return false
	}
}
