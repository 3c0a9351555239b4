// Package cgroup puts plugin processes into control groups of their own, where
// the system lets this server make some (Linux, version 2): a limit on memory
// that ends the plugin and nothing else, a share of the processors, a number of
// threads. A process is started inside its group, so that nothing of it escapes.
//
// The files are those of https://docs.kernel.org/admin-guide/cgroup-v2.html.
package cgroup
