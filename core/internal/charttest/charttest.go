// Package charttest tests charts/patchbay with the real tools, in two layers:
//
//	offline   helm lint, helm-unittest, every rendering against the schemas of
//	          Kubernetes, the configuration read by the real binary, values that
//	          must be refused and charts that must be caught
//	api       install, upgrade, uninstall on a real kube-apiserver with its etcd.
//	          Nothing there runs pods: what a node does is not tested
//
// `make chart` runs both, `make test` the first. scripts/kube-tools.sh builds
// the tools; PATCHBAY_TEST_CHART names the layers that are to run, and a layer
// whose tools are absent is skipped, or fails under PATCHBAY_TEST_REQUIRE=1.
// The package holds tests only.
package charttest
