// Package retail is an industry template: the files beside it. There is no
// program; this file is for the tests.
package retail
