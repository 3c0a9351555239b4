package archtest

// modules says who owns which third-party module. One owner is the rule: it is
// what makes a module replaceable. A module that is not here may be imported
// by nobody.
func modules() []Module {
	programs := []string{"core/internal/rig", "core/internal/crash/...", "core/internal/bench/..."}
	everyTest := []string{"core/...", "sdk/...", "plugins/*/...", "marketplace/..."}
	return []Module{
		// Storage.
		{Prefix: "gorm.io", Owners: []string{"core/store/..."}},
		{Prefix: "modernc.org", Owners: append([]string{"core/store/...", "core/internal/authz", "plugins/vouchers/ledger"}, programs...)},
		{Prefix: "github.com/jackc/pgx/v5", Owners: append([]string{"core/store/...", "core/internal/pgtest", "plugins/vouchers/ledger"}, programs...)},

		// Transport.
		{Prefix: "github.com/gofiber", Owners: []string{"core/httpapi/..."}},
		{Prefix: "github.com/danielgtaylor/huma/v2", Owners: []string{"core/httpapi/..."}},
		{Prefix: "github.com/valyala", Owners: []string{"core/httpapi/..."}},
		{Prefix: "github.com/andybalholm/brotli", Owners: []string{"core/httpapi/..."}},
		{Prefix: "github.com/yuin/goldmark", Owners: []string{"core/httpapi/..."}},
		{Prefix: "github.com/gobwas", Owners: []string{"core/realtime/..."}, Tests: []string{"core/..."}},
		{Prefix: "github.com/lxzan/gws", Owners: append([]string{"core/realtime/..."}, programs...), Tests: []string{"core/..."}},
		{Prefix: "github.com/coder/websocket", Owners: programs, Tests: []string{"core/..."}},
		{Prefix: "github.com/nats-io", Owners: []string{"core/bus/..."}, Tests: []string{"core/app"}},

		// Speaking outwards: judges addresses (ADR 0028).
		{Prefix: "code.dny.dev/ssrf", Owners: []string{"core/outbound/..."}},

		// Plugins.
		{Prefix: "github.com/hashicorp/go-plugin", Owners: []string{"sdk/...", "core/pluginhost/...", "core/internal/pluginbench/..."}},
		{Prefix: "github.com/hashicorp/go-hclog", Owners: []string{"sdk/...", "core/pluginhost/...", "core/internal/pluginbench/..."}},
		{Prefix: "google.golang.org/grpc", Owners: []string{"sdk/...", "core/pluginhost/...", "core/internal/pluginbench/..."}},
		{Prefix: "google.golang.org/protobuf", Owners: []string{"sdk/...", "core/pluginhost/..."}},
		{Prefix: "github.com/santhosh-tekuri/jsonschema/v6", Owners: []string{"sdk/manifest/...", "core/pluginhost/..."}},
		{Prefix: "github.com/Masterminds/semver/v3", Owners: []string{"sdk/manifest/...", "core/pluginhost/...", "marketplace/..."}},
		{Prefix: "github.com/milvus-io", Owners: []string{"plugins/knowledge/..."}},
		{Prefix: "github.com/emersion/go-imap/v2", Owners: []string{"plugins/email/..."}},
		{Prefix: "github.com/emersion/go-message", Owners: []string{"plugins/email/compose"}},
		{Prefix: "github.com/emersion/go-msgauth", Owners: []string{"plugins/email/trust"}},
		{Prefix: "github.com/emersion/go-sasl", Owners: []string{"plugins/email/...", "plugins/notify/target"}},
		{Prefix: "github.com/emersion/go-smtp", Owners: []string{"plugins/email/...", "plugins/notify/target"}},
		{Prefix: "github.com/go-telegram/bot", Owners: []string{"plugins/telegram", "plugins/telegram/api", "plugins/telegram/update"}},
		{Prefix: "github.com/silenceper/wechat/v2", Owners: []string{"plugins/wechat/..."}},

		// Changes of a plugin's sources (ADR 0046).
		{Prefix: "github.com/fsnotify/fsnotify", Owners: []string{"core/workbench"}},

		// Configuration and commands.
		{Prefix: "github.com/spf13/viper", Owners: []string{"core/config/..."}},
		{Prefix: "github.com/go-viper", Owners: []string{"core/config/..."}},
		{Prefix: "github.com/spf13/pflag", Owners: []string{"core/config/...", "core/app/...", "core/cmd/..."}},
		{Prefix: "github.com/spf13/cobra", Owners: []string{"core/cmd/..."}},
		{Prefix: "go.yaml.in/yaml/v3", Owners: []string{"sdk/manifest/...", "core/config/...", "core/internal/kubeschema", "plugins/rest-connector/mapping", "sdk/template/files", "sdk/conformance", "core/workbench"}, Tests: []string{"core/internal/charttest"}},

		// Files: what a file is, and pictures drawn anew (ADR 0016).
		{Prefix: "github.com/gabriel-vasile/mimetype", Owners: []string{"core/media/..."}},
		{Prefix: "golang.org/x/net/idna", Owners: []string{"plugins/email/compose"}},
		{Prefix: "golang.org/x/net/publicsuffix", Owners: []string{"plugins/email/trust"}},
		{Prefix: "golang.org/x/net/html", Owners: []string{"plugins/email/hypertext"}},
		{Prefix: "golang.org/x/image", Owners: []string{"core/media/..."}},

		// HTML that strangers wrote: read, and cleaned to be shown (ADR 0050).
		{Prefix: "github.com/microcosm-cc/bluemonday", Owners: []string{"core/markup"}},
		{Prefix: "golang.org/x/net/idna", Owners: []string{"plugins/email/compose"}},
		{Prefix: "golang.org/x/net/publicsuffix", Owners: []string{"plugins/email/trust"}},
		{Prefix: "golang.org/x/net/html", Owners: []string{"core/markup"}},

		// Backups: encrypted for keys that a backup does not hold (ADR 0029).
		{Prefix: "filippo.io/age", Owners: []string{"core/backup/..."}},

		// Releases: whom a container trusts (ADR 0031).
		{Prefix: "golang.org/x/crypto/x509roots", Owners: []string{"core/internal/ship"}},

		// Certificates that renew themselves, and an authority to test them with (ADR 0030).
		{Prefix: "golang.org/x/crypto/acme", Owners: []string{"core/certificate"}, Tests: []string{"core/app"}},
		{Prefix: "github.com/letsencrypt", Tests: []string{"core/certificate", "core/app"}},

		// Signing in (ADR 0025).
		{Prefix: "github.com/coreos/go-oidc/v3", Owners: []string{"core/oidc"}},
		{Prefix: "golang.org/x/oauth2", Owners: []string{"core/oidc"}},
		{Prefix: "github.com/ory/fosite", Owners: []string{"core/internal/openidtest"}},
		{Prefix: "github.com/go-jose/go-jose", Owners: []string{"core/internal/openidtest"}, Tests: []string{"core/oidc", "core/httpapi/...", "sdk/license"}},
		{Prefix: "golang.org/x/crypto/bcrypt", Owners: []string{"core/internal/openidtest"}},

		// Rules that repeat events of calendar files (ADR 0056).
		{Prefix: "github.com/teambition/rrule-go", Owners: []string{"core/calendar/ical"}},

		// What the rest stands on.
		{Prefix: "github.com/oklog/ulid/v2", Owners: []string{"core/id"}},
		{Prefix: "github.com/alexedwards/argon2id", Owners: []string{"core/identity/..."}},
		{Prefix: "golang.org/x/crypto/argon2", Owners: []string{"core/identity/..."}},
		{Prefix: "github.com/prometheus", Owners: []string{"core/telemetry/..."}},
		{Prefix: "golang.org/x/sync", Owners: []string{"core/...", "sdk/..."}},
		{Prefix: "golang.org/x/time", Owners: []string{"core/...", "sdk/..."}},
		{Prefix: "golang.org/x/text", Owners: []string{"core/...", "plugins/email/charset", "plugins/email/mailcorpus"}},
		{Prefix: "golang.org/x/sys", Owners: []string{"core/pluginhost/...", "core/internal/pluginbench/...", "core/realtime/...", "core/app/...", "sdk/internal/..."}},

		// Tests only.
		{Prefix: "github.com/google/uuid", Owners: programs, Tests: everyTest}, // what clients name their messages by
		{Prefix: "go.uber.org/goleak", Tests: everyTest},
		{Prefix: "pgregory.net/rapid", Tests: everyTest},
		{Prefix: "github.com/anishathalye/porcupine", Tests: everyTest},
	}
}
