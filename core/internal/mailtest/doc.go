// Package mailtest holds the tests of e-mail as a whole: the built server, its
// e-mail plugin as a process, and a real Dovecot and Postfix (make mail-real).
package mailtest
