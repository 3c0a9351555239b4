package process

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights of the Landlock ABI, which grew with the kernel
// (https://docs.kernel.org/userspace-api/landlock.html).
const (
	readRights = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	fileRights = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	makeRights = unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
	writeRights = readRights | makeRights | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_REFER
	firstRights = readRights | makeRights | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK
)

// ABIs that brought something, and the repaired fault without which a scope on
// signals would also hold between the threads of one process.
const (
	abiRefer     = 2
	abiTruncate  = 3
	abiIoctl     = 5
	abiScope     = 6
	errataSignal = 1 << 1
)

// readable is what a confined program may read besides its own: what it takes to
// find a far side by name, to trust its certificate, and to tell the time. None
// of it is anybody's secret. What is missing is left out.
func readable() []string {
	return []string{
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/gai.conf", "/etc/localtime", "/etc/mime.types",
		"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/pki/tls", "/etc/pki/ca-trust", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
		"/usr/share/zoneinfo", "/dev/urandom", "/dev/random", "/dev/zero",
	}
}

// fence is what a confined program may touch.
type fence struct {
	program *os.File // may be executed
	read    []string // folders and files
	write   []string // folders
}

// landlock returns the version of the kernel's Landlock and its repaired
// faults; the error says in a sentence why there is none.
func landlock() (abi, errata int, err error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errors.Is(errno, unix.EOPNOTSUPP):
		return 0, 0, errors.New("Landlock is switched off in this kernel (it belongs in its lsm= parameter)") //nolint:staticcheck // a name, and shown to people
	case errno != 0:
		return 0, 0, errors.New("this kernel, or the container's seccomp profile, has no Landlock (Linux 5.13 and newer have it)")
	}
	e, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_ERRATA)
	if errno != 0 {
		e = 0
	}
	return int(v), int(e), nil
}

// rights returns the rights that this ABI knows.
func rights(abi int) uint64 {
	all := uint64(firstRights)
	if abi >= abiRefer {
		all |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= abiTruncate {
		all |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= abiIoctl {
		all |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return all
}

// scoped reports whether signals to processes outside the fence are refused.
func scoped(abi, errata int) bool { return abi >= abiScope && errata&errataSignal != 0 }

// confineThread puts a fence around this thread and every child it starts from
// now on. Only this thread: the others of the server stay free. no_new_privs
// must have been set on it.
func confineThread(f fence) error {
	abi, errata, err := landlock()
	if err != nil {
		return err
	}
	handled := rights(abi)
	attr := unix.LandlockRulesetAttr{Handled_access_fs: handled}
	if scoped(abi, errata) {
		attr.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0) //nolint:gosec // the kernel reads it
	if errno != 0 {
		return fmt.Errorf("make a Landlock rule set: %w", errno)
	}
	set := int(r)
	defer unix.Close(set) //nolint:errcheck // only read
	if err := allow(set, int(f.program.Fd()), (readRights|unix.LANDLOCK_ACCESS_FS_EXECUTE)&fileRights&handled); err != nil {
		return err
	}
	if err := allowPath(set, "/dev/null", readRights|unix.LANDLOCK_ACCESS_FS_WRITE_FILE|unix.LANDLOCK_ACCESS_FS_TRUNCATE, handled); err != nil {
		return err
	}
	for _, path := range f.read {
		if err := allowPath(set, path, readRights, handled); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	for _, path := range f.write {
		if err := allowPath(set, path, writeRights, handled); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(set), 0, 0); errno != 0 {
		return fmt.Errorf("enter the Landlock fence: %w", errno)
	}
	return nil
}

// allowPath lets a path, and what is below it, be touched in some ways. A link
// is followed: what counts is where it leads now.
func allowPath(set int, path string, wanted, handled uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd) //nolint:errcheck // only read
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		wanted &= fileRights
	}
	return allow(set, fd, wanted&handled)
}

func allow(set, fd int, access uint64) error {
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)} //nolint:gosec // a descriptor
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0) //nolint:gosec // the kernel reads it
	if errno != 0 {
		return fmt.Errorf("add a Landlock rule: %w", errno)
	}
	return nil
}

// alone refuses a program that needs others to run (an interpreter, the
// system's libraries), which are outside of any fence.
func alone(program *os.File) error {
	const advice = "Build it as one static program (patchbay plugin build does; in Go, CGO_ENABLED=0), or let it run outside a fence: name it in plugins.trusted and restart the server."
	file, err := elf.NewFile(program)
	if err != nil {
		return &StartError{Permanent: true, Detail: fmt.Sprintf("Its program %s is no program of Linux by itself, so that it cannot be confined. %s", filepath.Base(program.Name()), advice)}
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return &StartError{Permanent: true, Detail: "Its program needs libraries of the system, so that it cannot be confined. " + advice}
		}
	}
	return nil
}
