package mailrig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// configureDovecot writes the configuration: all as one user, nothing in a
// chroot, no pause after a wrong password, tokens asked of us.
func (r *Rig) configureDovecot() error {
	for _, name := range []string{"run", "state", "mail"} {
		if err := os.MkdirAll(filepath.Join(r.dir, name), 0o755); err != nil { // Dovecot's children look into it
			return err
		}
	}
	text := strings.NewReplacer(
		"DIR", r.dir, "USER", r.as.name, "GROUP", r.as.group, "CERT", r.certificate.certFile, "KEY", r.certificate.keyFile,
		"IMAPSPORT", port(r.IMAPS), "IMAPPORT", port(r.IMAP), "POP3SPORT", port(r.POP3S), "POP3PORT", port(r.POP3),
		"LMTPPORT", port(r.LMTP), "AUTHPORT", port(r.auth),
	).Replace(dovecotConfig)
	tokens := fmt.Sprintf("introspection_url = %s\nintrospection_mode = post\nactive_attribute = active\nactive_value = true\nusername_attribute = email\n", r.tokens.url)
	for name, text := range map[string]string{"dovecot.conf": text, "tokens.conf": tokens, "users": "", "dovecot.log": ""} {
		if err := r.write(name, text); err != nil {
			return err
		}
	}
	return r.as.own(filepath.Join(r.dir, "run"), filepath.Join(r.dir, "state"), filepath.Join(r.dir, "mail"), filepath.Join(r.dir, "dovecot.log"))
}

// write writes a file that every server may read.
func (r *Rig) write(name, text string) error {
	return os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644)
}

const dovecotConfig = `
protocols = imap pop3 lmtp
listen = 127.0.0.1
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/dovecot.log
default_internal_user = USER
default_internal_group = GROUP
default_login_user = USER
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:DIR/mail/%d/%n
mail_fsync = never
mail_max_userip_connections = 100
imap_id_log = *
ssl = yes
ssl_cert = <CERT
ssl_key = <KEY
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = DIR/tokens.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u DIR/users
}
userdb {
  driver = passwd-file
  args = username_format=%u DIR/users
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    special_use = \Sent
    auto = create
  }
  mailbox Spam {
    special_use = \Junk
    auto = create
  }
  mailbox Trash {
    special_use = \Trash
    auto = create
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = IMAPPORT
  }
  inet_listener imaps {
    port = IMAPSPORT
    ssl = yes
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = POP3PORT
  }
  inet_listener pop3s {
    port = POP3SPORT
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = LMTPPORT
  }
}
service auth {
  inet_listener {
    port = AUTHPORT
  }
}
`

func (r *Rig) startDovecot(ctx context.Context) (err error) {
	r.dovecot, err = begin(ctx, "dovecot", filepath.Join(r.dir, "dovecot.log"), r.as, dovecotProgram, "-F", "-c", filepath.Join(r.dir, "dovecot.conf"))
	if err != nil {
		return err
	}
	for address, greeting := range map[string]string{r.IMAP: "* OK", r.POP3: "+OK", r.LMTP: "220"} {
		if err := answers(ctx, r.dovecot, address, greeting); err != nil {
			return err
		}
	}
	return nil
}

// Restart ends Dovecot, calls between, if any, while nothing listens, and
// starts it again on the same ports.
func (r *Rig) Restart(ctx context.Context, between func()) error {
	if err := r.dovecot.stop(); err != nil {
		return err
	}
	if between != nil {
		between()
	}
	return r.startDovecot(ctx)
}

// Account makes an account, or gives it another password, and returns when
// Dovecot knows. Its name is an address, of Domain where Postfix is to deliver
// to it.
func (r *Rig) Account(ctx context.Context, address, password string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[address] = password
	return r.know(ctx, address, password)
}

// Shared makes another login for an account, as shared mailboxes have one for each
// of their members.
func (r *Rig) Shared(ctx context.Context, login, password, address string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[login], r.shared[login] = password, address
	return r.know(ctx, login, password)
}

// know writes down the accounts, and waits until Dovecot knows one of them.
func (r *Rig) know(ctx context.Context, name, password string) error {
	var out strings.Builder
	for name, secret := range r.users {
		fields := ""
		if address := r.shared[name]; address != "" {
			fields = "user=" + address
		}
		fmt.Fprintf(&out, "%s:%s:%d:%d::%s::%s\n", name, secret, r.as.uid, r.as.gid, filepath.Join(r.dir, "mail"), fields)
	}
	path := filepath.Join(r.dir, "users")
	if err := r.write("users.new", out.String()); err != nil {
		return err
	}
	// Dovecot reads the file again when its time has changed by whole seconds, and
	// looks once a second.
	changed := time.Unix(1_000_000_000+time.Now().UnixNano()%1_000_000_000, 0)
	if err := os.Chtimes(path+".new", changed, changed); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	for {
		_, err := r.doveadm(ctx, "auth", "test", name, password)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// doveadm runs an administrator's command.
func (r *Rig) doveadm(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, doveadmProgram, append([]string{"-c", filepath.Join(r.dir, "dovecot.conf")}, args...)...)
	c.SysProcAttr = attributes(r.as)
	c.Dir = r.dir
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("doveadm %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// Kick ends a user's connections.
func (r *Rig) Kick(ctx context.Context, user string) error {
	_, err := r.doveadm(ctx, "kick", user)
	return err
}

// Create makes a folder.
func (r *Rig) Create(ctx context.Context, user, folder string) error {
	_, err := r.doveadm(ctx, "mailbox", "create", "-u", user, folder)
	return err
}

// Rename gives a folder another name.
func (r *Rig) Rename(ctx context.Context, user, from, to string) error {
	_, err := r.doveadm(ctx, "mailbox", "rename", "-u", user, from, to)
	return err
}

// Delete removes a folder with what is in it.
func (r *Rig) Delete(ctx context.Context, user, folder string) error {
	_, err := r.doveadm(ctx, "mailbox", "delete", "-u", user, folder)
	return err
}

// Move moves all mail of a folder into another.
func (r *Rig) Move(ctx context.Context, user, from, to string) error {
	_, err := r.doveadm(ctx, "move", "-u", user, to, "mailbox", from, "all")
	return err
}

// Save puts a mail into a folder, as a mail program does with what it sent.
func (r *Rig) Save(ctx context.Context, user, folder string, raw []byte) error {
	file, err := os.CreateTemp(r.dir, "save-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // the folder goes with the rig
	_, err = file.Write(raw)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	_, err = r.doveadm(ctx, "save", "-u", user, "-m", folder, file.Name())
	return err
}

// Status is what Dovecot knows of a folder.
type Status struct {
	UIDValidity, UIDNext uint32
	Messages, Unseen     int
}

// Status returns what Dovecot knows of a folder.
func (r *Rig) Status(ctx context.Context, user, folder string) (Status, error) {
	text, err := r.doveadm(ctx, "-f", "tab", "mailbox", "status", "-u", user, "uidvalidity uidnext messages unseen", folder)
	if err != nil {
		return Status{}, err
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	names, values := strings.Split(lines[0], "\t"), strings.Split(lines[len(lines)-1], "\t")
	found := make(map[string]int, len(names))
	for i, name := range names {
		if i < len(values) {
			found[name], _ = strconv.Atoi(values[i]) // a folder's name is no number
		}
	}
	return Status{
		UIDValidity: uint32(found["uidvalidity"]), UIDNext: uint32(found["uidnext"]),
		Messages: found["messages"], Unseen: found["unseen"],
	}, nil
}

// Renumber takes Dovecot's knowledge of a user's inbox away, as a restored
// backup does: UIDVALIDITY changes and the mail is numbered anew.
func (r *Rig) Renumber(ctx context.Context, user string) error {
	before, err := r.Status(ctx, user, "INBOX")
	if err != nil {
		return err
	}
	name, domain, _ := strings.Cut(user, "@")
	for {
		known, err := filepath.Glob(filepath.Join(r.dir, "mail", domain, name, "dovecot*"))
		if err != nil {
			return err
		}
		if err := r.Kick(ctx, user); err != nil && !strings.Contains(err.Error(), "no users") {
			return err
		}
		for _, path := range known {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
		after, err := r.Status(ctx, user, "INBOX")
		if err != nil {
			return err
		}
		if after.UIDValidity != before.UIDValidity {
			return nil
		}
		// The new one is the time in seconds.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Flag puts a flag on all mail of a folder.
func (r *Rig) Flag(ctx context.Context, user, folder, flag string) error {
	_, err := r.doveadm(ctx, "flags", "add", "-u", user, flag, "mailbox", folder, "all")
	return err
}
