// Package config reads the configuration: a YAML file, PATCHBAY_* environment
// variables and command-line flags, in rising order of precedence. Unknown
// keys are refused, values are checked at start, and what comes out is one
// typed Config; viper appears nowhere else.
package config

import "time"

// Config is the whole configuration. The tags are the source of the reference
// page: key is the path in the file, doc says what it does, def is the default.
type Config struct {
	DataDir   string    `key:"data_dir" def:"./data" doc:"Directory for the embedded database, keys and plugin data. Created at start; must be writable."`
	Server    Server    `key:"server"`
	TLS       TLS       `key:"tls"`
	Database  Database  `key:"database"`
	Secrets   Secrets   `key:"secrets"`
	Bus       Bus       `key:"bus"`
	Plugins   Plugins   `key:"plugins"`
	Media     Media     `key:"media"`
	Outbound  Outbound  `key:"outbound"`
	Webhooks  Webhooks  `key:"webhooks"`
	Limits    Limits    `key:"limits"`
	Sandboxes Sandboxes `key:"sandboxes"`
	Log       Log       `key:"log"`
	Metrics   Metrics   `key:"metrics"`
	Admin     Admin     `key:"admin"`
	Demo      bool      `key:"demo" def:"false" doc:"Start with demo data, one-time sign-in links for two demo agents and a demo page. Only on a loopback address."`
}

// Server is how the process is reached.
type Server struct {
	Address      string        `key:"address" def:"127.0.0.1:8080" doc:"host:port to listen on. Other than loopback needs TLS (tls.cert_file or tls.acme.domains) or insecure_http."`
	PublicURL    string        `key:"public_url" def:"" doc:"The address people use, for example https://help.example.com; needed behind a proxy. Empty: made from tls.acme.domains or server.address."`
	InsecureHTTP bool          `key:"insecure_http" def:"false" doc:"Allow plain HTTP on an address that is not loopback, for use behind a proxy that speaks TLS."`
	TrustedProxy []string      `key:"trusted_proxies" def:"" doc:"Addresses or CIDR ranges of proxies whose X-Forwarded-For is believed."`
	DrainTimeout time.Duration `key:"drain_timeout" def:"15s" doc:"How long a stopping process may finish what it has begun."`
}

// TLS is how the server shows who it is. Empty: it speaks plain HTTP.
type TLS struct {
	CertFile        string `key:"cert_file" def:"" doc:"Certificate with its chain, PEM. With tls.key_file. Both are read again when they change."`
	KeyFile         string `key:"key_file" def:"" doc:"Private key of tls.cert_file, PEM, without a passphrase."`
	RedirectAddress string `key:"redirect_address" def:"" doc:"host:port on which plain HTTP is answered with a redirect to https, for example :80; authorities ask there too (HTTP-01). Empty: none."`
	ACME            ACME   `key:"acme"`
}

// ACME is how certificates are got by themselves.
type ACME struct {
	Domains      []string `key:"domains" def:"" doc:"Names to get certificates for, by ACME. Naming them accepts the authority's terms. The first is the public address unless server.public_url says otherwise."`
	Email        string   `key:"email" def:"" doc:"Where the authority writes to when something is wrong."`
	DirectoryURL string   `key:"directory_url" def:"https://acme-v02.api.letsencrypt.org/directory" doc:"The authority. One inside your network needs its address in outbound.allow_networks, and its root in the system's or in SSL_CERT_FILE."`
}

// Database is where everything is kept.
type Database struct {
	URL    string `key:"url" def:"" doc:"Empty: SQLite in data_dir. postgres://user:password@host/name for PostgreSQL 15 or newer."`
	Unsafe bool   `key:"unsafe" def:"false" doc:"Start although the database does not sync commits to disk. Accepted messages can then be lost with the power."`
}

// Secrets is how secrets in the database are kept from who reads it alone.
type Secrets struct {
	KeyFile string `key:"key_file" def:"" doc:"File with the master key, 32 bytes in base64. Empty: keys/master.key in data_dir, made at the first start. Keep a copy apart from the database's; all nodes need the same one."`
}

// Bus carries wake-ups.
type Bus struct {
	URL string `key:"url" def:"" doc:"Empty: in this process. nats://host:4222 for a NATS server."`
}

// Plugins is where plugins are found.
type Plugins struct {
	DevDir       string   `key:"dev_dir" def:"" doc:"Directory of unsigned plugins, one folder each, as make build fills it. Empty: bin/plugins beside the binary, or plugins beside it, when there."`
	Trusted      []string `key:"trusted" def:"" doc:"Plugins (publisher/name) that run as ordinary processes, not confined to their own files: for development, and for programs that are not one static file."`
	MinIsolation string   `key:"min_isolation" def:"trusted" doc:"confined refuses to run plugins that this system cannot confine to their own files. trusted runs them all the same, and the system page says so."`
	AutoRollback bool     `key:"auto_rollback" def:"true" doc:"Go back to the previous version by itself when one that became active less than an hour ago ends in quarantine."`
}

// Media is which files messages may carry.
type Media struct {
	MaxUpload     Size `key:"max_upload" def:"25MiB" doc:"Largest file that members and visitors may send, 64KiB to 4GiB. A channel may take less."`
	MaxMegapixels int  `key:"max_megapixels" def:"50" doc:"Largest picture that gets a preview, in millions of pixels, 1 to 500. A larger one is kept as a file."`
	DecodeMemory  Size `key:"decode_memory" def:"256MiB" doc:"Memory that all pictures being decoded may take together, 16MiB to 16GiB. One that needs more by itself is kept as a file."`
	MinFree       Size `key:"min_free" def:"256MiB" doc:"Room that files leave on the disk of data_dir: below it they are refused, so that the database can still write."`

	FFmpeg string `key:"ffmpeg" def:"" doc:"Path of ffmpeg, which makes recordings playable that browsers do not play (AMR). Empty: the one in PATH, if there is one. off: none, and such recordings are downloaded."`

	ScanCommand     []string      `key:"scan_command" def:"" doc:"Virus scanner that every file from outside and from members is shown to before anybody may have it: the program with its arguments, to which the file's path is added, for example clamdscan --fdpass --no-summary --stdout. It ends with 0 (clean), 1 (infected) or anything else (not scanned). Empty: files are not scanned."`
	ScanTimeout     time.Duration `key:"scan_timeout" def:"1m" doc:"How long the scanner may take for one file, 1s to 10m. After that the file counts as not scanned."`
	ScanConcurrency int           `key:"scan_concurrency" def:"4" doc:"How many files are scanned at a time, 1 to 64."`
}

// Outbound is where the process may connect to on behalf of people: webhooks
// and sign-in providers.
type Outbound struct {
	AllowNetworks []string `key:"allow_networks" def:"" doc:"Addresses or CIDR ranges that webhooks, push services, sign-in providers and pictures in mail may be reached at although they are not public, for example 10.20.0.0/16; plain http is spoken to them alone. Link-local and cloud metadata addresses stay refused."`
}

// Webhooks is how stubbornly other systems are told of what happens.
type Webhooks struct {
	Retry        []string      `key:"retry" def:"10s,30s,2m,5m,15m,30m,1h,2h,3h,4h,5h,6h" doc:"How long to wait after the first, second, ... failed attempt at a delivery, each spread by a fifth either way. After one more it is dead, and can be replayed."`
	DisableAfter time.Duration `key:"disable_after" def:"72h" doc:"An endpoint that failed for so long without a success is turned off, and its administrators are told."`
}

// Limits is how often who may ask; docs/api/limits.md says how it is told. One
// node counts for itself.
type Limits struct {
	Member       int `key:"member" def:"600" doc:"API requests a minute of an account in its browsers, and of each API key. 0: no limit."`
	MemberBurst  int `key:"member_burst" def:"300" doc:"How many of them at once."`
	Address      int `key:"address" def:"600" doc:"API requests a minute that need no sign-in, of one network address (IPv6: of one /64). Behind a proxy that is not in server.trusted_proxies everybody has the proxy's address. 0: no limit."`
	AddressBurst int `key:"address_burst" def:"300" doc:"How many of them at once."`
	Visitor      int `key:"visitor" def:"120" doc:"Requests and messages a minute of one visitor's chat, over HTTP and sockets together. 0: no limit."`
	VisitorBurst int `key:"visitor_burst" def:"40" doc:"How many of them at once."`
}

// Sandboxes bounds the workspaces in which integrators try things out;
// docs/api/sandbox.md says what they are.
type Sandboxes struct {
	PerMember    int `key:"per_member" def:"1" doc:"How many sandboxes one person may have in a workspace, 0 to 20. 0: nobody makes any."`
	PerWorkspace int `key:"per_workspace" def:"5" doc:"How many sandboxes a workspace may have, 0 to 100. 0: nobody makes any."`
	IdleDays     int `key:"idle_days" def:"30" doc:"A sandbox that nobody enters for so many days ends by itself, at most 3650. 0: it stays."`
}

// Log is what the process tells.
type Log struct {
	Level  string `key:"level" def:"info" doc:"debug, info, warn or error."`
	Format string `key:"format" def:"text" doc:"text or json."`
}

// Metrics is what the process counts.
type Metrics struct {
	Address string `key:"address" def:"" doc:"host:port on which /metrics is answered, for example 127.0.0.1:9464; nothing else is there. Never the public port: whoever reaches it may read it. Empty: nowhere."`
}

// Admin sets the first administrator up without the set-up page.
type Admin struct {
	Email    string `key:"email" def:"" doc:"E-mail of the first owner, made at the first start. With admin.password."`
	Password string `key:"password" def:"" secret:"true" doc:"Password of the first owner. Give it by PATCHBAY_ADMIN_PASSWORD, not in a file."`
}
