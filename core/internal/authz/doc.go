// Package authz asks the whole product, as everybody, for everything, and
// compares the answers with tables of who may what that are written here a
// second time. It has tests alone: see docs/adr/0032-authorization-tests.md.
//
//	world_test.go    the product in this process, two workspaces, who there is
//	people_test.go   the thirteen principals and more, and what each holds
//	things_test.go   how a thing of each kind is made, and who holds it
//	routes_test.go   the table of routes
//	oracle_test.go   what must be answered
//	matrix_test.go   every route, as everybody, for everything
//	doors_test.go    what bodies and queries name
//	outside_test.go  accounts, visitors, and what is open to all
//	topics_test.go   the table of live events, and sockets
//	stories_test.go  what provokes each of them
//	stage_test.go    a story before everybody's sockets, judged
//	canary_test.go   a thousand tokens of another workspace
//	surfaces_test.go the places where they are looked for
//	beyond_test.go   the same within a workspace, and by another's cursors
//	sockets_test.go  bad secrets over sockets
//	flood_test.go    wrong sign-ins by the thousand
//
// The command in seeded lays bugs over the source, which these tests must
// catch.
package authz
