package mailrig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// configurePostfix writes main.cf and master.cf and makes the queue.
func (r *Rig) configurePostfix() error {
	owner, err := lookup("postfix")
	if err != nil {
		return err
	}
	drop, err := user.LookupGroup("postdrop")
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrAbsent, err)
	}
	dropID, err := strconv.Atoi(drop.Gid)
	if err != nil {
		return err
	}
	fill := strings.NewReplacer(
		"DIR", r.dir, "DAEMONS", postfixDaemons, "COMMANDS", postfixCommands, "CERT", r.certificate.certFile, "KEY", r.certificate.keyFile,
		"SHOPDOMAIN", Domain, "LATERDOMAIN", LaterDomain, "LMTP", "lmtp:inet:"+r.LMTP, "AUTH", "inet:"+r.auth,
		"SUBMISSIONSPORT", r.Submissions, "SUBMISSIONPORT", r.Submission, "SMTPPORT", r.SMTP,
	)
	if err := os.MkdirAll(filepath.Join(r.dir, "postfix"), 0o755); err != nil { // Postfix's users read it
		return err
	}
	for name, text := range map[string]string{
		"postfix/main.cf": mainConfig, "postfix/master.cf": masterConfig, "postfix/recipients": recipients, "postfix/contents": contents,
		"postfix.log": "",
	} {
		if err := r.write(name, fill.Replace(text)); err != nil {
			return err
		}
	}
	if err := os.Chown(filepath.Join(r.dir, "postfix.log"), owner.uid, owner.gid); err != nil {
		return err
	}
	return r.makeQueue(owner, dropID)
}

func lookup(name string) (*account, error) {
	who, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrAbsent, err)
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(who.Gid)
	return &account{name: name, uid: uid, gid: gid}, err
}

// makeQueue makes the queue's folders with the owners that Postfix insists on.
func (r *Rig) makeQueue(owner *account, drop int) error {
	for _, d := range []struct {
		name string
		mode os.FileMode
		gid  int // -1 = root's
	}{
		{"queue", 0o755, -1},
		{"queue/active", 0o700, 0},
		{"queue/bounce", 0o700, 0},
		{"queue/corrupt", 0o700, 0},
		{"queue/defer", 0o700, 0},
		{"queue/deferred", 0o700, 0},
		{"queue/flush", 0o700, 0},
		{"queue/hold", 0o700, 0},
		{"queue/incoming", 0o700, 0},
		{"queue/private", 0o700, 0},
		{"queue/saved", 0o700, 0},
		{"queue/trace", 0o700, 0},
		{"queue/maildrop", 0o730, drop},
		{"queue/public", 0o710, drop},
		{"queue/pid", 0o755, -1},
		{"data", 0o700, 0},
	} {
		path := filepath.Join(r.dir, d.name)
		if err := os.MkdirAll(path, d.mode); err != nil {
			return err
		}
		if err := os.Chmod(path, d.mode); err != nil {
			return err
		}
		uid := owner.uid
		if d.gid < 0 {
			uid, d.gid = 0, 0
		}
		if err := os.Chown(path, uid, d.gid); err != nil {
			return err
		}
	}
	return nil
}

const mainConfig = `
compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
command_directory = COMMANDS
daemon_directory = DAEMONS
mail_owner = postfix
setgid_group = postdrop
maillog_file = DIR/postfix.log
maillog_file_prefixes = DIR
myhostname = mx.SHOPDOMAIN
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:5.1.1 there are no local users
virtual_mailbox_domains = SHOPDOMAIN
virtual_transport = LMTP
relay_domains = LATERDOMAIN
relay_transport = smtp:[127.0.0.1]:1
default_transport = LMTP
smtputf8_enable = yes
message_size_limit = 60000000
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:DIR/postfix/recipients
header_checks = regexp:DIR/postfix/contents
smtpd_tls_cert_file = CERT
smtpd_tls_key_file = KEY
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = AUTH
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
lmtp_destination_concurrency_limit = 10
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 10s
`

// recipients are refused when they are named.
const recipients = `
/^busy@/ 451 4.3.0 come back later
/^full@/ 452 4.2.2 the mailbox is full
/^gone@/ 550 5.1.1 no such user
`

// contents are refused after the final dot.
const contents = `
/^Subject: .*virus/ REJECT 5.7.1 this looks like a virus
`

const masterConfig = `
SMTPPORT inet n - n - - smtpd
SUBMISSIONPORT inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
SUBMISSIONSPORT inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

func (r *Rig) startPostfix(ctx context.Context) (err error) {
	// -d: stay in the foreground. The master changes its user now and then, which
	// takes the signal at our death from it: a shell has that, and passes it on.
	const keeper = `trap 'kill "$child"' TERM; "$@" & child=$!; wait "$child"; wait "$child"`
	r.postfix, err = begin(ctx, "postfix", filepath.Join(r.dir, "postfix.out"), nil,
		"/bin/sh", "-c", keeper, "sh", postfixDaemons+"/master", "-d", "-c", filepath.Join(r.dir, "postfix"))
	if err != nil {
		return err
	}
	for _, address := range []string{r.SMTP, r.Submission} {
		if err := answers(ctx, r.postfix, address, "220"); err != nil {
			return err
		}
	}
	return nil
}

// Queued is a mail that Postfix has and could not deliver yet.
type Queued struct {
	ID         string `json:"queue_id"`
	Queue      string `json:"queue_name"`
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
		Delay   string `json:"delay_reason"`
	} `json:"recipients"`
}

// Queue returns what Postfix has queued.
func (r *Rig) Queue(ctx context.Context) ([]Queued, error) {
	c := exec.CommandContext(ctx, postfixCommands+"/postqueue", "-c", filepath.Join(r.dir, "postfix"), "-j")
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("postqueue: %w", err)
	}
	var all []Queued
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var q Queued
		if err := d.Decode(&q); err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}
