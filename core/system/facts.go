package system

import "time"

// Facts is what was found. A nil part was not looked at.
type Facts struct {
	At       time.Time
	Version  string
	Database *Database
	Disk     *Disk
	Backup   *Backup
	Address  *Address
	Socket   *Knock
	Plugins  []Plugin
	Secrets  *Secrets
	Limits   *Limits
	Files    *Files
	Live     *Live // nil = the server does not answer
	Beside   bool  // gathered beside the server, not by it
}

// Database is what a look at the database found.
type Database struct {
	Fault   string // it cannot be opened or asked: the sentence that names the cure
	Absent  string // where it was looked for in vain (SQLite)
	Driver  string // sqlite or postgres
	Version string
	Schema  int // migrations that were applied
	Known   int // migrations that this program has
	Latency time.Duration
	Size    int64 // bytes; of SQLite without the log
	Free    int64 // bytes in pages that hold nothing (SQLite)
	WAL     int64 // bytes of the write-ahead log (SQLite)
	Damage  string
	// Checked is false when the check of the pages did not end in time.
	Checked     bool
	Clock       time.Duration // how far the database's clock is ahead (PostgreSQL)
	Newest      time.Time     // of the newest event; zero = none
	Born        time.Time     // when the first workspace was made; zero = none was
	Connections int
	Most        int // connections the database server takes (PostgreSQL)
}

// Disk is the disk of the data folder.
type Disk struct {
	Path        string
	Absent      bool   // there is no such folder
	Spent       bool   // nothing more can be written: no room, or no files more
	Fault       string // it cannot be written to
	Total, Free int64  // bytes
	Nodes, Left uint64 // files it can hold, and can still hold; 0 = it has no such limit
	MinFree     int64  // below it files of messages are refused
	// Growth is how many bytes a day were used up over Since; Since 0 = not known yet.
	Growth int64
	Since  time.Duration
}

// Backup is the last backup that was read back whole.
type Backup struct {
	At        time.Time // zero = none is known
	Name      string
	Encrypted bool
	Born      time.Time // as of Database
}

// Address is how people reach the installation.
type Address struct {
	URL      string
	Local    bool // listens to this machine alone, and has no public address
	Plain    bool // people use plain HTTP over a network
	Fault    string
	Other    bool // somebody else answers there
	Skipped  bool // nobody answered here, so the address was not tried
	TLS      string
	Expires  time.Time // of the certificate that people see; zero = none was seen
	Untrust  string    // why a browser would not trust it
	Config   string    // what is wrong with the certificate's files, or with ACME
	Domains  string
	LongLife time.Duration // of the certificate
}

// Knock is what became of a WebSocket through the public address.
type Knock struct {
	URL      string
	Fault    string
	Arrived  bool // our server saw the request
	Upgrade  bool // with its Upgrade header
	Opened   bool
	Spoke    bool // frames came back
	Late     bool // frames came back together, at the end
	Code     string
	HeardAs  string // the Host that our server saw
	WantedAs string
}

// Plugin is an installed plugin.
type Plugin struct {
	ID, Version string
	State       string // as of package extension; "" = the server does not run
	Restarts    int
	Detail      string
	Left        string // the version that was left, because it failed, for the one before; "" = none
	// Unconfined: it can reach files that are not its own, and no administrator
	// said that it may.
	Unconfined bool
}

// Secrets is who may read what must not be read.
type Secrets struct {
	KeyFile string
	Missing bool     // there is a database and no key
	Open    []string // secret files that others may read, with their modes
	Folder  string   // the data folder, when others may look into it
}

// Files is what looks into the files of messages.
type Files struct {
	Scanner string // the program; "" = files are not scanned
	Fault   string // it cannot be run, or gave no verdict on a harmless file

	FFmpeg        string // where it is; "" = there is none, or it is off
	FFmpegVersion string
	FFmpegFault   string // the one that is configured, or found, cannot be run
}

// Limits is what the process may use and what it uses.
type Limits struct {
	Files, MostFiles    int64
	Memory, MostMemory  int64 // bytes of this process, and what its group or machine has
	Available           int64 // bytes that could still be had
	Goroutines, Sockets int64
}

// Live is what only the running server knows.
type Live struct {
	Version string
	Started time.Time
	Plugins []Plugin
	Limits  Limits
	TLS     string // what is wrong with the certificate in use; "" = nothing
	Expires time.Time
}
