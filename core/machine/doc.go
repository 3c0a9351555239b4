// Package machine looks at the computer below: its disk, memory, limits and
// the modes of files; and it visits our own public address from here, as a
// browser would. It changes nothing but a file that it makes and removes.
package machine
