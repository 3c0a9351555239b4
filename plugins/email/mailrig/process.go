package mailrig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// programs of Debian's packages.
const (
	dovecotProgram  = "/usr/sbin/dovecot"
	doveadmProgram  = "/usr/bin/doveadm"
	dovecotFolder   = "/usr/lib/dovecot"
	postfixCommands = "/usr/sbin"
	postfixDaemons  = "/usr/lib/postfix/sbin"
)

// present says what is missing for a rig.
func present(o Options) error {
	needed := []string{dovecotProgram, doveadmProgram, dovecotFolder + "/imap", dovecotFolder + "/pop3", dovecotFolder + "/lmtp"}
	if o.Postfix {
		needed = append(needed, postfixDaemons+"/master", postfixCommands+"/postqueue")
		if os.Geteuid() != 0 {
			return fmt.Errorf("%w (Postfix has to be started by root)", ErrAbsent)
		}
	}
	for _, path := range needed {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w (%s is missing)", ErrAbsent, path)
		}
	}
	return nil
}

// account is the user Dovecot runs as.
type account struct {
	name, group string
	uid, gid    int
}

// whoRuns returns ourselves, or for root Dovecot's own user: mail of root's is
// nothing that Dovecot serves.
func whoRuns() (*account, error) {
	who, err := user.Current()
	if err == nil && who.Uid == "0" {
		who, err = user.Lookup("dovecot")
	}
	if err != nil {
		return nil, err
	}
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(who.Gid)
	return &account{name: who.Username, group: group.Name, uid: uid, gid: gid}, err
}

// own gives files to the account.
func (a *account) own(paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, root := range paths {
		err := filepath.Walk(root, func(path string, _ os.FileInfo, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, a.uid, a.gid)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// server is a running process with its children, in a process group of its own.
type server struct {
	name    string
	process *os.Process
	release func()
	ended   chan struct{}
	err     error // after ended
}

// begin starts a program, as an account when there is one and we are root. Its
// output goes to a file. It outlives the context.
func begin(ctx context.Context, name, output string, as *account, command ...string) (*server, error) {
	log, err := os.OpenFile(output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has its own
	c := exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)
	c.Stdout, c.Stderr = log, log
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}
	c.SysProcAttr = attributes(as)
	s := &server{name: name, ended: make(chan struct{})}
	if err := s.hold(c); err != nil {
		return nil, err
	}
	return s, nil
}

// stop ends a server and its children.
func (s *server) stop() error {
	if s == nil || s.process == nil {
		return nil
	}
	select {
	case <-s.ended:
		return nil
	default:
	}
	err := s.process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		err = nil
	case <-time.After(20 * time.Second):
		err = errors.Join(err, fmt.Errorf("%s does not end when told to", s.name))
	}
	// What a master leaves behind is in its group.
	err = errors.Join(err, killGroup(s.process.Pid))
	s.release()
	s.process = nil
	return err
}
